"""What the page's widgets show of a scheme and its course, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...words import mark, t
from ..live.mathml import drawn
from ..live.roster import difference_row
from . import sentences
from .counts import bits
from .drawings import Drawing, curves, line
from .scheme import Course, Scheme

SETTINGS = mark("The settings of the paper by name: {call}, which is {settings}.")
ORDER = ("student", "hinton", "twin")
MOST_MARKS = 12  # runs of a scheme whose beginnings are marked on its curve


def listed(schemes: Mapping[str, Scheme]) -> list[dict[str, Any]]:
    """Return what the list of schemes shows, and what each is found by."""
    return [
        {
            "name": scheme.name,
            "title": t(scheme.title),
            "family": scheme.family,
            "acronym": acronym(scheme),
            "found_by": found_by(scheme),
        }
        for scheme in schemes.values()
    ]


def acronym(scheme: Scheme) -> str:
    """Return the acronym that stands beside a title: the first, if it is one and not the title itself.

    >>> from .catalogue import schemes
    >>> [acronym(schemes()[name]) for name in ("sequence_level", "minillm", "label_free")]
    ['SeqKD', '', '']
    """
    first = next(iter(scheme.acronyms), "")
    return first if sum(map(str.isupper, first)) > 1 and first != scheme.title else ""


def found_by(scheme: Scheme) -> str:
    """Return all words that find a scheme, those of its paper's settings among them."""
    paper = scheme.paper
    more = [] if paper is None else [paper.name, paper.title, t(paper.title), paper.source]
    return " ".join([scheme.name.replace("_", " "), *scheme.acronyms, t(scheme.says), scheme.source, *more])


def offers(scheme: Scheme, options: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what can be chosen of a scheme before its run."""
    return [
        {
            "name": name,
            "title": t(option.title),
            "chosen": options[name],
            "values": [{"value": value, "text": t(text)} for value, text in option.values.items()],
        }
        for name, option in scheme.options.items()
    ]


def picture(scheme: Scheme) -> dict[str, Any]:
    """Return what the picture shows of a scheme."""
    parties = [
        {"name": p.name, "title": t(p.title), "kind": p.kind, "column": p.column, "row": p.row} for p in scheme.parties
    ]
    phases = [{"says": t(phase.says), "arrows": [list(arrow) for arrow in phase.arrows]} for phase in scheme.phases]
    return {
        "title": t(scheme.title),
        "says": t(scheme.says),
        "source": scheme.source,
        "misses": t(scheme.misses),
        "formula": drawn(formula) if (formula := scheme.latex) else "",
        "settings": settings(scheme),
        "parties": parties,
        "phases": phases,
    }


def settings(scheme: Scheme) -> str:
    """Return how the settings of the scheme's paper are had by name, and what differs; empty where they have none."""
    paper = scheme.paper
    if paper is None:
        return ""
    call = f'kd.schemes.published("{paper.name}", teacher, student, data)'
    values = ", ".join(f"{name}={value!r}" for name, value in paper.settings.items())
    return f"{t(SETTINGS, call=call, settings=values)} {t(paper.differs)}"


def rows(course: Course, scheme: Scheme) -> list[dict[str, Any]]:
    """Return the three curves, for ``Scene.runs``."""
    names = {role: t(name) for role, name in sentences.NAMES.items()} | {"student": t(scheme.title)}
    return [_row(course, role, name) for role, name in sorted(names.items(), key=lambda pair: ORDER.index(pair[0]))]


def _row(course: Course, role: str, name: str) -> dict[str, Any]:
    lane = course.lanes[role]
    points, tests = lane.evaluated("validation"), lane.evaluated("test")
    best = min(points, key=lambda e: (e.errors, e.step), default=None)
    marks = [{"step": step, "name": "run", "text": f"{n}"} for n, step in enumerate(lane.begun[1:], start=2)]
    marks = marks if len(lane.plan) <= MOST_MARKS else []
    return {
        "id": role,
        "name": name,
        "named": False,
        "role": role,
        "colour": 0,
        "hidden": False,
        "steps": [e.step for e in points],
        "values": [round(100 * e.errors / e.examples, 4) for e in points],
        "edits": marks if role == "student" else [],
        "from": None,
        "note": "",
        "best": {"step": best.step, "value": round(100 * best.errors / best.examples, 4)} if best else None,
        "test": tests[-1].errors if tests else None,
        "best_test": None,
        "removable": False,
        "total_steps": lane.total_steps,
        "epoch_steps": 0,
        "seed": course.setting.seed,
        "temperature": None,
        "alpha": None,
    }


def difference(course: Course) -> dict[str, Any]:
    """Return the difference in test errors, scheme − twin, for ``LearningCurves.against``; empty before the end."""
    known = course.finished and course.setting.count.in_percent
    found = sentences.differences(course).get("twin") if known else None
    return {} if found is None else difference_row(found, [found.mean], course.setting.seed)


def curves_of_bits(course: Course, scheme: Scheme) -> Drawing:
    """Return the bits a token on validation text over steps, for what the learning curves cannot draw."""
    names = {role: t(name) for role, name in sentences.NAMES.items()} | {"student": t(scheme.title)}
    lines = []
    for role in ORDER:
        points = course.lanes[role].evaluated("validation")
        learned = [found for found in points if found.step] or points  # the untrained would take half of the room
        lines.append(line(names[role], role, [found.step for found in learned], [bits(found) for found in learned]))
    teacher, total = bits(course.setting.of_teacher("validation")), course.own.total_steps
    lines.append(line(t("Teacher"), "teacher", [0, total], [teacher, teacher]))
    title, x = t("Bits a token on validation text"), t("optimizer step")
    return curves(title, lines, x=x, y=t("bits"), sentence=sentences.errors_sentence(course, scheme))
