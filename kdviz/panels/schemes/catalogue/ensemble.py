"""An ensemble into one: several networks learn, and their mean teaches one student."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....distill import Distillation, Objective
from ....distill.schemes import ensemble, multi_teacher, named
from ....distill.terms import HardLabels
from ....words import mark, number, t
from ..drawings import Drawing, bar, bars
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting

TEMPERATURE = 4.0


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    members = int(options["members"])
    epochs = setting.share(members + 1)
    steps = setting.steps(epochs)
    numbers = setting.numbers(epochs=epochs)

    def runs() -> Iterator[Distillation]:
        taught = []
        for offset in range(1, members + 1):
            run = Distillation(
                None, setting.student(offset), setting.data, Objective(((1.0, HardLabels()),)), **numbers
            )
            taught.append(run)
            yield named(run, mark("Member {n}"), n=offset)
        numbers["allow_weaker_teacher"] = True
        yield multi_teacher(taught, setting.student(), setting.data, temperature=TEMPERATURE, **numbers)

    own = Lane(setting, runs(), [steps] * (members + 1), cost=1.2)
    return Course(setting, beside(own), budget(own.total_steps, members + 1), {"members": members})


def look(course: Course) -> dict[str, Any]:
    members = course.extra["members"]
    runs = [run for run in course.own.stages if run.steps_done]
    taught = runs[:members]
    together = course.wrong(ensemble(taught)) if len(taught) > 1 else None
    student = course.wrong(runs[members].student) if len(runs) > members else None
    return {"wrong": [course.wrong(run.student) for run in taught], "together": together, "student": student}


def draw(course: Course) -> list[Drawing]:
    if not course.seen or not course.seen[-1][1]["wrong"]:
        return []
    found, examples = course.seen[-1][1], course.examples.labelled

    def row(name: str, look: str, wrong: int, note: str = "") -> dict[str, Any]:
        return bar(name, look, 100 * wrong / examples, number(wrong), note)

    rows = [row(t("Member {n}", n=n), "branch-0", wrong) for n, wrong in enumerate(found["wrong"], start=1)]
    if found["together"] is not None:
        asked = t("{n} networks are asked for each example", n=len(found["wrong"]))
        rows.append(row(t("Their mean, the teacher"), "teacher", found["together"], asked))
    sentence = ""
    if found["student"] is not None:
        rows.append(row(t("Student, taught by the mean"), "student", found["student"], t("one network is asked")))
        alone = sum(found["wrong"]) / len(found["wrong"])
        gain = alone - found["together"]
        kept = t(
            "A member makes {alone} errors on average, their mean {together}, the student taught by it {student}.",
            alone=number(alone, ",.0f"),
            together=number(found["together"]),
            student=number(found["student"]),
        )
        share = number((alone - found["student"]) / gain, ".0%") if gain > 0 else ""
        more = t("That is {share} of what the ensemble gains; one seed, so luck has its part.", share=share)
        none = t("Of what the ensemble gains it keeps nothing in this run; one seed, so luck has its part.")
        sentence = f"{kept} {more if alone > found['student'] else none}" if gain > 0 else kept
    return [bars(t("Errors of {n} examples", n=number(examples)), rows, sentence=sentence)]


SCHEME = Scheme(
    name="ensemble",
    title=mark("An ensemble into one"),
    family="several",
    acronyms=("ensemble", "model compression", "bagging"),
    says=mark("Several networks learn alone; the mean of what they say teaches a single student."),
    source="Hinton, Vinyals, Dean (2015), arXiv:1503.02531, section 4",
    misses=mark(
        "The paper has ten large acoustic models, and finds 80\u202f% of their gain in one. Members here are as "
        "small as the student and see the same labels."
    ),
    file="ensemble",
    parties=(
        Party("labels", mark("Labels"), "data", 0, 1),
        Party("one", mark("Member 1"), "peer", 1, 0),
        Party("two", mark("Member 2"), "peer", 1, 1),
        Party("three", mark("Member 3"), "peer", 1, 2),
        Party("mean", mark("Their mean"), "teacher", 2, 1),
        Party("student", mark("Student"), "student", 3, 1),
    ),
    phases=(
        Phase(
            mark("Each member learns from the labels, with other initial weights."),
            (("labels", "one"), ("labels", "two"), ("labels", "three")),
        ),
        Phase(
            mark("The mean of their probabilities teaches the student."),
            (("one", "mean"), ("two", "mean"), ("three", "mean"), ("mean", "student")),
        ),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: stage,
    options={"members": Option(mark("Members"), {"2": "2", "3": "3", "5": "5"}, "3")},
)
