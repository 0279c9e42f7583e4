"""Snapshot distillation: a network learns from its own earlier state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....distill import Distillation, hinton
from ....distill.schemes import named, snapshot_distillation
from ....words import mark, number, t
from ..drawings import Drawing, curves, line
from ..lane import Lane, predictions
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting

TEMPERATURE = 2.0
CYCLE = mark("Cycle {n}")


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    cycles = int(options["cycles"])
    epochs = setting.share(cycles)
    steps = setting.steps(epochs)

    def runs() -> Iterator[Distillation]:
        run = setting.twin(steps)
        yield named(run, CYCLE, n=1)
        for cycle in range(2, cycles + 1):
            run.finish()
            run = snapshot_distillation(run, run.steps_done, hinton(0.5, TEMPERATURE))
            yield named(run, CYCLE, n=cycle)

    own = Lane(setting, runs(), [steps] * cycles, cost=1.2)
    return Course(setting, beside(own), budget(own.total_steps))


def look(course: Course) -> dict[str, Any]:
    run, examples = course.own.stages[-1], course.setting.data.validation
    said = predictions(run.student, examples)
    known = examples.y >= 0
    found: dict[str, Any] = {"wrong": 100 * float((said != examples.y)[known].double().mean())}
    if run.teacher is not None:
        theirs = predictions(run.teacher.module, examples)
        found["same"] = 100 * float((said == theirs).double().mean())
        found["before"] = 100 * float((theirs != examples.y)[known].double().mean())
    return found


def draw(course: Course) -> list[Drawing]:
    if not course.seen:
        return []
    steps = [step for step, _ in course.seen]
    lines = [line(t("The network"), "student", steps, [found["wrong"] for _, found in course.seen])]
    taught = [(step, found) for step, found in course.seen if "before" in found]
    if taught:
        at = [step for step, _ in taught]
        lines.append(line(t("Its earlier self, who teaches"), "teacher", at, [found["before"] for _, found in taught]))
    drawn = [curves(t("The network and its earlier self"), lines, x=t("step"), y=t("error"), percent=True)]
    if taught:
        last = taught[-1][1]
        sentence = t(
            "On validation data the network says the same as its earlier self of {share} of the examples; it errs on "
            "{now}, its earlier self on {before}.",
            share=number(last["same"] / 100, ".1%"),
            now=number(last["wrong"] / 100, ".1%"),
            before=number(last["before"] / 100, ".1%"),
        )
        drawn[0]["sentence"] = sentence
    return drawn


SCHEME = Scheme(
    name="snapshot_distillation",
    title=mark("Snapshot distillation"),
    family="self",
    acronyms=("SD", "snapshot", "own snapshot"),
    says=mark("A network learns in cycles; how it was at the end of one teaches it in the next."),
    source="Yang, Xie, Su, Yuille (2019), arXiv:1812.00123",
    misses=mark("The paper’s cycles are long enough to forget in; here a cycle begins near where the last one ended."),
    file="snapshot_distillation",
    parties=(
        Party("labels", mark("Labels"), "data", 1, 0),
        Party("early", mark("The network, cycle 1"), "peer", 0, 1),
        Party("late", mark("The network, cycle 2"), "student", 2, 1),
    ),
    phases=(
        Phase(mark("In the first cycle it learns from the labels."), (("labels", "early"),)),
        Phase(
            mark("In the next it goes on, taught by the labels and by how it was."),
            (("labels", "late"), ("early", "late")),
        ),
    ),
    begin=begin,
    look=look,
    draw=draw,
    options={"cycles": Option(mark("Cycles"), {"2": "2", "3": "3", "4": "4"}, "3")},
)
