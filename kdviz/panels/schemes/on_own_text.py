"""Schemes whose student writes: begun with given text, then its own, and how much it errs on each of both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...data import Examples
from ...distill import Distillation, HardLabels, Objective, RunName, Term
from ...distill.schedules import Cosine
from ...distill.schemes import trainable_copy
from ...measure import exposure
from ...words import mark, number, t
from .drawings import Drawing, bar, bars, curves, line
from .lane import Lane
from .scheme import Course, beside, budget
from .setting import Setting
from .text_setting import TextSetting

RATE = Cosine(5e-3)  # of the second half: the student has learned something by then
WATCHED, TESTED = 24, 100  # rows on which it writes along the way, and at the end
PIECES = 14  # points of a curve over length
EVERY = 8  # steps between which own text is used again: writing takes most of the time
FIRST = RunName(mark("On given text"), {})
LOOKS = {"student": ("student", "branch-1"), "hinton": ("hinton", "branch-4")}  # own text, given text; no blue
MEANING = mark(
    "How far the student’s probabilities of the next token are from the teacher’s. A model learns after given text, "
    "but where it writes it reads its own, with what it got wrong in it."
)
SENTENCE = mark(
    "On test text, the error of {scheme} is {own} nats a token after its own text and {given} after given text; that "
    "of offline distillation {offline_own} and {offline_given}. At a token that {scheme} wrote the teacher’s surprise "
    "is {nll} bits, at one that offline distillation wrote {offline_nll}, at a given one {text_nll}."
)


def course_of(setting: Setting, objective: Objective | Term, cost: float) -> Course:
    """Return a course whose student first learns given text for half of the steps, then by an objective."""
    first = max(1, setting.epochs // 2)
    plan = [setting.steps(first), setting.steps(setting.epochs - first or 1)]

    def runs() -> Iterator[Distillation]:
        begun = Distillation(None, setting.student(), setting.data, HardLabels(), **setting.numbers(epochs=first))
        begun.name = FIRST
        yield begun
        numbers = setting.numbers(epochs=setting.epochs - first or 1, learning_rate=RATE)
        yield Distillation(setting.teacher, trainable_copy(begun), setting.data, objective, **numbers)

    own = Lane(setting, runs(), plan, cost=(1 + cost) / 2)
    return Course(setting, beside(own), budget(own.total_steps))


def look(course: Course) -> dict[str, Any]:
    """Return the student's error on both kinds of text; at the end that of offline distillation too, over length."""
    if course.finished:
        few = course.setting.data.test.take(slice(0, TESTED))
        course.once["exposed"] = {role: exposed(course, role, few) for role in LOOKS}
        return {}
    found = exposed(course, "student", course.setting.data.validation.take(slice(0, WATCHED)))
    return {"given": _mean(found, "given", "counts"), "own": _mean(found, "own", "own_counts")}


def exposed(course: Course, role: str, rows: Examples) -> dict[str, Any]:
    """Return what :func:`kdviz.measure.exposure` finds of a lane's model, as JSON can hold it."""
    setting = course.setting
    assert isinstance(setting, TextSetting), "a scheme that writes runs on text"
    found = exposure(
        course.lanes[role].answer, setting.teacher, rows, prompt=setting.prompt, end=setting.end, seed=setting.seed
    )
    frame = found.frame().reset_index()
    table = {name: [round(float(one), 5) for one in frame[name]] for name in frame}
    return {**table, "excess": found.excess, "low": found.low, "high": found.high, "n": found.n}


def _mean(found: dict[str, Any], name: str, counts: str) -> float:
    return float(np.average(np.nan_to_num(found[name]), weights=found[counts]))


def draw(course: Course, title: str) -> list[Drawing]:
    """Return the error along the way, and at the end over length."""
    drawn = []
    points = [(step, found) for step, found in course.seen if "own" in found and (step or len(course.seen) < 2)]
    if points:
        steps = [step for step, _ in points]
        lines = [
            line(t("after its own text"), "student", steps, [found["own"] for _, found in points]),
            line(t("after given text"), "branch-1", steps, [found["given"] for _, found in points]),
        ]
        name = t("The student’s error while it learns: KL(teacher ‖ student) in nats")
        drawn.append({**curves(name, lines, x=t("step"), y="KL"), "meaning": t(MEANING)})
    if "exposed" in course.once:
        drawn += _at_the_end(course.once["exposed"], title)
    return drawn


def _at_the_end(found: dict[str, Any], title: str) -> list[Drawing]:
    lines = []
    names = {"student": title, "hinton": t("Offline distillation")}
    for role, (own, given) in LOOKS.items():
        width = max(1, len(found[role]["length"]) // PIECES)
        pieces = [slice(start, start + width) for start in range(0, len(found[role]["length"]), width)]
        places = [float(np.mean(found[role]["length"][piece])) for piece in pieces]
        texts = (mark("{name}, own text"), "own", own), (mark("{name}, given text"), "given", given)
        for text, field, look_of in texts:
            values = [float(np.nanmean(found[role][field][piece])) for piece in pieces]
            lines.append(line(t(text, name=names[role]), look_of, places, values))
    nll = {role: _mean(one, "own_nll", "own_counts") / np.log(2) for role, one in found.items()}
    figures = {
        "scheme": title,
        "own": number(_mean(found["student"], "own", "own_counts"), ".2f"),
        "given": number(_mean(found["student"], "given", "counts"), ".2f"),
        "offline_own": number(_mean(found["hinton"], "own", "own_counts"), ".2f"),
        "offline_given": number(_mean(found["hinton"], "given", "counts"), ".2f"),
        "nll": number(nll["student"], ".2f"),
        "offline_nll": number(nll["hinton"], ".2f"),
        "text_nll": number(_mean(found["student"], "given_nll", "counts") / np.log(2), ".2f"),
    }
    name = t("At the end, over length: KL(teacher ‖ student) in nats")
    over = curves(name, lines, x=t("tokens since the beginning"), y="KL", sentence=t(SENTENCE, **figures))
    rows = [bar(names[role], LOOKS[role][0], nll[role], number(nll[role], ".2f")) for role in LOOKS]
    of_text = _mean(found["student"], "given_nll", "counts") / np.log(2)
    rows.append(bar(t("Given text"), LOOKS["student"][1], of_text, figures["text_nll"]))
    return [over, bars(t("What the teacher finds of the text: its surprise in bits a token"), rows, unit=t("bits"))]
