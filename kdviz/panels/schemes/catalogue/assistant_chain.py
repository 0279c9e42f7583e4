"""Teacher assistants: a chain of ever smaller networks, with what each step keeps."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from ....distill import hinton
from ....distill.schemes import assistant_chain
from ....words import mark, number, t
from ..drawings import Drawing, bar, bars
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import TEMPERATURE, Setting

WIDTHS = {"1": (4,), "2": (6, 2)}  # times the student's, from large to small


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    wider = WIDTHS[options["assistants"]]
    hidden = [tuple(times * units for units in setting.hidden) for times in wider] + [setting.hidden]
    epochs = setting.share(len(hidden))
    students = [setting.student(hidden=one) for one in hidden]
    numbers = setting.numbers(epochs=epochs)
    objective = hinton(0.9, TEMPERATURE)
    chain = assistant_chain(setting.teacher.module, students, setting.data, objective, **numbers)
    own = Lane(setting, chain, [setting.steps(epochs)] * len(hidden), cost=2.0)
    return Course(setting, beside(own), budget(own.total_steps, len(hidden)), {"hidden": hidden})


def look(course: Course) -> dict[str, Any]:
    found: dict[str, Any] = {"wrong": [course.wrong(run.student) for run in course.own.stages if run.steps_done]}
    return found | ({"direct": course.wrong(course.lanes["hinton"].answer)} if course.finished else {})


def draw(course: Course) -> list[Drawing]:
    if not course.seen or not course.seen[-1][1]["wrong"]:
        return []
    examples = course.examples.labelled
    teacher = course.setting.teacher_errors("test" if course.finished else "validation")
    wrong = [teacher, *course.seen[-1][1]["wrong"]]
    hidden, links = course.extra["hidden"], len(course.extra["hidden"])
    names = [t("Teacher"), *(_named(k, links, hidden[k]) for k in range(len(wrong) - 1))]
    looks = ["teacher", *(["branch-0"] * (links - 1)), "student"]
    right = [examples - errors for errors in wrong]
    notes = [
        t("keeps {share} of what the one before it gets right", share=number(now / before, ".1%")) if before else ""
        for before, now in pairwise(right)
    ]
    rows = [
        bar(name, look, 100 * errors / examples, number(errors), note)
        for name, look, errors, note in zip(names, looks, wrong, ["", *notes], strict=False)
    ]
    if course.finished:
        direct = course.seen[-1][1]["direct"]
        rows.append(bar(t("Student taught by the teacher itself"), "hinton", 100 * direct / examples, number(direct)))
    sentence = t(
        "At the end the student keeps {share} of what the teacher gets right.",
        share=number(right[-1] / right[0], ".1%"),
    )
    whole = len(right) == links + 1
    return [
        bars(t("Errors of {n} examples, link by link", n=number(examples)), rows, sentence=sentence if whole else "")
    ]


def _named(k: int, links: int, hidden: tuple[int, ...]) -> str:
    units = "×".join(map(str, hidden))
    if k == links - 1:
        return t("Student ({units} units)", units=units)
    return t("Assistant {n} ({units} units)", n=k + 1, units=units)


SCHEME = Scheme(
    name="assistant_chain",
    title=mark("Teacher assistants"),
    family="rows",
    acronyms=("TAKD", "TA", "assistant chain", "progressive distillation"),
    says=mark(
        "A large teacher teaches a smaller assistant, the assistant a still smaller one, the last one the student."
    ),
    source="Mirzadeh, Farajtabar, Li, Levine, Matsukawa, Ghasemzadeh (2020), arXiv:1902.03393",
    misses=mark(
        "The gap between teacher and student is small here, and so is what an assistant can bridge. Steps of "
        "assistants are counted alike, though those of wide ones take longer."
    ),
    file="assistant_chain",
    parties=(
        Party("teacher", mark("Teacher"), "teacher", 0),
        Party("first", mark("Assistant 1"), "peer", 1),
        Party("second", mark("Assistant 2"), "peer", 2),
        Party("student", mark("Student"), "student", 3),
    ),
    phases=(
        Phase(mark("First the teacher teaches the largest assistant."), (("teacher", "first"),)),
        Phase(mark("Then that assistant, now fixed, teaches the next."), (("first", "second"),)),
        Phase(mark("The student sees the last assistant alone, never the teacher."), (("second", "student"),)),
    ),
    begin=begin,
    look=look,
    draw=draw,
    options={"assistants": Option(mark("Assistants"), {"1": "1", "2": "2"}, "2")},
)
