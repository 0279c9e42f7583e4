"""Experiments: what was recorded of each, its question first and its numbers after a guess. Nothing is trained here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from .. import widgets
from ..distill import symbols
from ..distill.schema import Kind, OneOf
from ..measure.error_words import TWIN, against, in_errors
from ..study.experiment import Experiment, experiment
from ..study.record import Difference, Record, Row, Spread, recorded, recorded_names
from ..study.results import TWIN_NAME
from ..widgets.from_page import VBox
from ..words import mark, number, t, tn
from .live.panel import Panel

PAGES = {
    "lab": (mark("Distillation Lab"), "Lab"),
    "methods": (mark("Methods"), "Methods"),
    "compare": (mark("Two models compared"), "Compare"),
    "compress": (mark("Compress"), "Compress"),
    "words": (mark("Words"), "Words"),
}
WORTH = {  # short, for a column
    "fewer": mark("a clear gain"),
    "more": mark("clearly worse"),
    "within the noise": mark("could be chance"),
    "one run": mark("one seed"),
}
OUTCOMES = {"fewer": "fewer", "more": "more"}  # of a difference; all else is no clear one
ASKS = mark("Compared with {other}: does “{row}” make fewer test errors, more, or is there no clear difference?")
TWIN_ROW = mark("twin, labels alone")  # TWIN_NAME, for translators


class Experiments(Panel):
    """The recorded experiments, each with its question, a guess, its numbers and the command that makes them again.

    Parameters
    ----------
    experiment : str, optional
        The one that is open at first; by default the first that has a record.

    Attributes
    ----------
    widget : kdviz.widgets.Experiments

    Raises
    ------
    ValueError
        If there is no experiment of that name, or none was recorded.
    """

    title = mark("Experiments")

    @symbols.checked
    def __init__(self, experiment: str = "hinton-2015") -> None:
        names = _in_order()
        if experiment not in names:
            raise ValueError(f"experiment must be one of {', '.join(names)}, got {experiment!r}")
        self.widget = widgets.Experiments(experiments=[_shown(name) for name in names], chosen=experiment)
        self.view = VBox([self.widget])

    @classmethod
    def kinds(cls) -> Mapping[str, Kind]:
        return {"experiment": OneOf(recorded_names())}

    @property
    def settings(self) -> dict[str, Any]:
        return {"experiment": self.widget.chosen}


def _in_order() -> list[str]:
    """Return the experiments with the papers' own first, then the others by name."""
    first = ("hinton-2015", "hinton-30-units", "hinton-omitted-3")
    found = recorded_names()
    return [name for name in first if name in found] + [name for name in found if name not in first]


def _shown(name: str) -> dict[str, Any]:
    """Return all that the page shows of an experiment, in the reader's language."""
    one, record = experiment(name), recorded(name)
    guessed = guessed_row(one, record)
    assert guessed.difference is not None, "it is one that is compared"
    page, _, link = one.opens.partition(".ipynb")
    return {
        "name": name,
        "title": _said(one.title),
        "question": _said(one.question),
        "setting": _setting(record),
        "guess": {
            "text": t(ASKS, row=named(guessed.name), other=_other(guessed.difference)),
            "right": OUTCOMES.get(guessed.difference.verdict, "same"),
            "verdict": f"{named(guessed.name)}: {against(_other(guessed.difference), guessed.difference)}",
        },
        **_table(one, record),
        "told": _told(record),
        "source": one.source,
        "paper": [list(row) for row in one.paper],
        "differs": _said(one.differs) if one.differs else "",
        "command": record.command,
        "href": one.opens,
        "page": t(PAGES[page][0]) if page in PAGES else "",
        "call": _call(page, link) if page in PAGES else "",
    }


def _said(text: str) -> str:
    """Return a text of an experiment in the reader's language; no line breaks before a "%"."""
    return t(text.replace(" %", "\u202f%"))


def guessed_row(one: Experiment, record: Record) -> Row:
    """Return the row whose outcome is guessed: the one that the experiment names, else the first compared."""
    return record.row(one.guess) if one.guess else record.compared[0]


def _call(page: str, link: str) -> str:
    """Return the Python call that opens the same page; what a link calls T is temperature there."""
    renamed = {"T": "temperature", "lr": "learning_rate"}
    given = []
    for name, value in parse_qsl(link.removeprefix("?")):
        plain = value if value.replace(".", "", 1).isdigit() else repr(value)
        given.append(f"{renamed.get(name, name)}={plain}")
    return f"kd.panels.{PAGES[page][1]}({', '.join(given)})"


def _setting(record: Record) -> str:
    seeds = tn("{n} seed", "{n} seeds", len(record.seeds))
    runs = tn("{n} run in all", "{n} runs in all", record.runs)
    minutes = number(max(1, round(record.seconds / 60)))
    counts = {"seeds": seeds, "examples": number(record.examples), "runs": runs, "minutes": minutes}
    return t("{seeds}; errors on {examples} test examples; {runs} took {minutes} min, one after another.", **counts)


def named(name: str) -> str:
    """Return a row's name in the reader's language, as far as it has words of ours."""
    if name.startswith("teacher, "):
        return t("teacher, {name}", name=name.removeprefix("teacher, "))
    return t(TWIN_ROW) + name.removeprefix(TWIN_NAME) if name.startswith(TWIN_NAME) else t(name)


def _other(d: Difference) -> str:
    return t(TWIN["twin"]) if d.other == TWIN_NAME else t("“{name}”", name=named(d.other))


def _table(one: Experiment, record: Record) -> dict[str, Any]:
    """Return head and rows of the table, and the numbers of the figure with each row."""
    several = len(record.compared) > 1
    others = {row.difference.other for row in record.rows if row.difference}
    named_others = len(others) > 1
    head = ["", t("test errors"), t("difference (95\u202f% CI)"), t("verdict")]
    head += [t("p after Holm")] if several else []
    head += [t("compared with")] if named_others else []
    head += [t("errors on class {name}", name=one.watched_class)] if one.watched_class is not None else []
    shown_heads = [{"weights": t("weights"), "kept": t("accuracy kept")}[name] for name in one.shows]
    rows = []
    for row in record.rows:
        cells = [named(row.name), _spread(row.errors), "", ""]
        if row.difference is not None:
            cells[2:] = [in_errors(row.difference), t(WORTH[row.difference.verdict])]
        if several:
            holm = None if row.difference is None else row.difference.holm
            cells.append("" if holm is None else number(holm, ".3f") if holm >= 0.001 else "< " + number(0.001, ".3f"))
        if named_others:
            cells.append("" if row.difference is None else named(row.difference.other))
        if one.watched_class is not None:
            size = number(row.class_size)
            held = row.in_class
            cells.append("" if held is None else t("{errors} of {total}", errors=_spread(held), total=size))
        kept = record.kept(row)
        more = {
            "weights": "" if row.weights is None else number(row.weights),
            "kept": "" if kept is None else number(kept, ".1%"),
        }
        numbers = {name: getattr(row.errors, name) for name in ("mean", "low", "high")}
        shown = {"name": named(row.name), "role": row.role, "teacher": row.teacher, "each": list(row.errors.each)}
        rows.append({**shown, **numbers, "cells": cells[:2] + [more[name] for name in one.shows] + cells[2:]})
    return {
        "head": head[:2] + shown_heads + head[2:],
        "rows": rows,
        "wraps": len(one.shows) + head.index(t("compared with")) if named_others else 0,
    }


def _spread(found: Spread) -> str:
    mean = number(round(found.mean))
    return mean if found.sd is None else f"{mean} ± {number(round(found.sd))}"


def _told(record: Record) -> list[str]:
    """Return the sentences below the table."""
    told = [t("Mean ± standard deviation over seeds, after the last step.")]
    compared = record.compared
    if len(compared) > 1:
        held = sum(1 for row in compared if row.difference is not None and (row.difference.holm or 0) < 0.05)
        counts = {"n": len(compared), "held": held, "level": number(5, "g")}
        told.append(
            t(
                "Of {n} differences {held} stay clear at the {level}\u202f% level after Holm's correction.",
                **counts,
            )
        )
    if record.precision == "rounded":
        told.append(t("These numbers were read from an earlier table and are rounded; single seeds were not kept."))
    return told
