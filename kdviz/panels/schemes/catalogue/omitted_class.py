"""An omitted class: a student that never saw a digit learns it from what its teacher says of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from ....distill import hinton
from ....distill.schemes.omitted_class import best_shift, with_raised
from ....models import inference
from ....words import mark, number, t
from ..drawings import Drawing, bar, bars, curves, line
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import TEMPERATURE, Setting

SHIFTS = tuple(range(11))


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    omitted = int(options["omit"]) % len(setting.data.classes)
    train = setting.data.train
    few = replace(setting.data, train=train.take(torch.nonzero(train.y != omitted).flatten()), draw=None)
    less = replace(setting, data=few)
    steps = less.steps()
    own = Lane(setting, [less.run(hinton(0.9, TEMPERATURE), steps)], [steps], cost=1.3)
    twin = Lane(setting, (less.twin(steps) for _ in range(1)), [steps])
    return Course(setting, beside(own, twin=twin), budget(own.total_steps), {"omitted": omitted})


def look(course: Course) -> dict[str, Any]:
    found: dict[str, Any] = {role: _missed(course, role) for role in ("student", "hinton", "twin")}
    return found | ({"shifted": _shifted(course)} if course.finished else {})


def _missed(course: Course, role: str) -> float:
    """Return the share of the omitted class that a lane's student does not know."""
    examples, omitted = course.examples, course.extra["omitted"]
    said = inference.logits(course.lanes[role].answer, examples).argmax(1)[examples.y == omitted]
    return float((said != omitted).double().mean())


def draw(course: Course) -> list[Drawing]:
    if not course.seen:
        return []
    omitted = course.extra["omitted"]
    name = course.setting.data.classes[omitted]
    found = course.seen[-1][1]
    names = {
        "student": t("Taught by a teacher who knows it"),
        "hinton": t("Taught, and saw it"),
        "twin": t("Labels alone, never saw it"),
    }
    rows = [bar(text, role, 100 * found[role], number(found[role], ".0%")) for role, text in names.items()]
    title = t("Share of all {name} that is not known as such", name=name)
    drawn = [bars(title, rows)]
    if course.finished:
        drawn.append(_drawn_shifted(found["shifted"], name))
    return drawn


def _shifted(course: Course) -> dict[str, Any]:
    """Return what raising the class's bias does, and which shift suits validation data."""
    omitted = course.extra["omitted"]
    test, validation, model = course.setting.data.test, course.setting.data.validation, course.own.answer
    logits = inference.logits(model, test)
    of, known = test.y == omitted, test.y >= 0
    of_it, of_others = [], []
    for shift in SHIFTS:
        wrong = (with_raised(logits, omitted, shift).argmax(1) != test.y) & known
        of_it.append(100 * float(wrong[of].double().mean()))
        of_others.append(100 * float(wrong[known & ~of].double().mean()))
    chosen = best_shift(inference.logits(model, validation), validation.y, omitted)
    now = with_raised(logits, omitted, chosen).argmax(1)
    share = float((now == test.y)[of].double().mean())
    return {"of_it": of_it, "of_others": of_others, "shift": chosen, "share": share, "n": int(of.sum())}


def _drawn_shifted(found: Mapping[str, Any], name: str) -> Drawing:
    sentence = t(
        "Raised by {shift}, which suits validation data best, the class’s bias lets the student know {share} of the "
        "{n} examples of {name}, all learned from what the teacher says of other digits.",
        shift=number(found["shift"], "g"),
        share=number(found["share"], ".0%"),
        n=number(found["n"]),
        name=name,
    )
    lines = [
        line(t("Errors on {name}", name=name), "student", SHIFTS, found["of_it"]),
        line(t("Errors on all others"), "branch-2", SHIFTS, found["of_others"]),
    ]
    title = t("Raising the bias of the class that was left out")
    return curves(title, lines, x=t("added to its logit"), y=t("error"), percent=True, sentence=sentence)


SCHEME = Scheme(
    name="omitted_class",
    title=mark("A class left out"),
    family="budget",
    acronyms=("omitted class", "missing class", "the mythical 3"),
    says=mark("The student never sees a 3, and learns what one is from what its teacher says of other digits."),
    source="Hinton, Vinyals, Dean (2015), arXiv:1503.02531, section 3",
    misses=mark("The paper chooses the shift of the bias on test data; here it is chosen on validation data."),
    file="omitted_class",
    parties=(
        Party("inputs", mark("Digits without one class"), "data", 0),
        Party("teacher", mark("Teacher, knows all"), "teacher", 1),
        Party("student", mark("Student"), "student", 2),
    ),
    phases=(
        Phase(mark("The transfer set has no example of one class."), (("inputs", "teacher"),)),
        Phase(
            mark("The teacher’s soft targets of some 8s and 5s say: a little like a 3. The student learns that."),
            (("teacher", "student"),),
        ),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: -1,
    options={"omit": Option(mark("Left out"), {str(digit): str(digit) for digit in (3, 7, 1)}, "3")},
)
