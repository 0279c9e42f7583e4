"""Co-training: two views of the same examples label the unlabelled ones for each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from .... import models
from ....distill import Distillation
from ....distill.schemes import View, co_training, ensemble
from ....words import mark, number, t
from ..drawings import Drawing, curves, line
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting

LABELLED = 100
PER_CLASS = 5


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    rounds = int(options["rounds"])
    train = setting.data.train
    few = min(LABELLED, len(train) // 2)
    hidden = torch.arange(len(train)) >= few
    data = replace(setting.data, train=train.without_labels(hidden), draw=None)
    each = max(1, setting.steps() // (2 * rounds))
    size = train.inputs(slice(0, 1)).flatten(1).shape[1]
    classes = len(setting.data.classes)
    students = [
        View(
            partial(_part, of=part), models.mlp(setting.hidden, inputs=count, classes=classes, seed=setting.seed + part)
        )
        for part, count in enumerate(_sizes(setting, size))
    ]
    numbers = setting.numbers(epochs=each)  # more than are needed: a run takes the steps that it is given
    numbers["learning_rate"] = 3e-3
    runs = co_training(students, data, rounds=rounds, per_class=PER_CLASS, **numbers)
    own = Lane(setting, runs, [each] * (2 * rounds), answer=_both, cost=1.1)
    less = replace(setting, data=replace(data, train=train.take(slice(0, few))))
    twin = Lane(setting, (less.twin(own.total_steps) for _ in range(1)), [own.total_steps])
    taught = replace(setting, data=data)
    offline = Lane(setting, (taught.offline(own.total_steps) for _ in range(1)), [own.total_steps], cost=1.3)
    lanes = beside(own, twin=twin, hinton=offline)
    known = {row.numpy().tobytes(): int(y) for row, y in zip(train.inputs(), train.y, strict=True)}
    return Course(setting, lanes, budget(own.total_steps, 2), {"known": known, "few": few})


def _sizes(setting: Setting, size: int) -> tuple[int, int]:
    """Return how many numbers either view has: the halves of an image, or of a row."""
    width = setting.data.shape[-1]
    left = size // width * (width // 2)
    return left, size - left


def _part(x: Tensor, *, of: int) -> Tensor:
    """Return the left half of inputs, or the right one."""
    middle = x.shape[-1] // 2
    return x[..., :middle] if of == 0 else x[..., middle:]


def _both(stages: Sequence[Distillation]) -> nn.Module:
    return ensemble([run.student for run in stages[-2:]], "geometric")


def look(course: Course) -> dict[str, Any]:
    run, setting = course.own.stages[-1], course.setting
    labelled = len(run.data.train)
    data = setting.data.validation
    alone = [100 * setting.wrong(one.student, data) / data.labelled for one in course.own.stages[-2:]]
    right = float((run.data.train.y == _true_labels(course, run)).double().mean())
    return {"labelled": labelled, "right": right, "views": alone, "round": (len(course.own.stages) + 1) // 2}


def _true_labels(course: Course, run: Distillation) -> Tensor:
    """Return the true labels of a run's examples, which are known again by their inputs."""
    known = course.extra["known"]
    return torch.tensor([known[row.numpy().tobytes()] for row in run.data.train.inputs()])


def draw(course: Course) -> list[Drawing]:
    if not course.seen:
        return []
    rounds: dict[int, dict[str, Any]] = {}
    for _, found in course.seen:
        rounds[found["round"]] = found
    at = list(rounds)
    labelled = [rounds[r]["labelled"] for r in at]
    given = [count * rounds[r]["right"] for r, count in zip(at, labelled, strict=True)]
    few, last = course.extra["few"], rounds[at[-1]]
    own = last["labelled"] - few
    lines = [
        line(t("Labels they learn from"), "branch-1", at, labelled),
        line(t("Of these right"), "branch-2", at, given),
    ]
    right = last["right"] * last["labelled"] - few
    told = t(
        "By round {round} the two have given {own} labels of their own, {share} of them right. A label once given "
        "is never taken back.",
        round=number(last["round"]),
        own=number(own),
        share=number(right / own, ".0%") if own else "",
    )
    steps = [step for step, found in course.seen if len(found["views"]) == 2]
    views = [[found["views"][k] for _, found in course.seen if len(found["views"]) == 2] for k in (0, 1)]
    drawn = [curves(t("Labels, round by round"), lines, x=t("round"), y=t("labels"), sentence=told if own else "")]
    if steps:
        names = [t("One view"), t("The other")]
        of = [
            line(name, f"branch-{3 * k}", steps, values)
            for k, (name, values) in enumerate(zip(names, views, strict=True))
        ]
        drawn.append(curves(t("Errors of the two views alone"), of, x=t("step"), y=t("error"), percent=True))
    return drawn


SCHEME = Scheme(
    name="co_training",
    title=mark("Co-training of two views"),
    family="budget",
    acronyms=("co-training", "pseudo-labels", "Blum-Mitchell"),
    says=mark("Two students see different halves of each image, and label for each other what nobody has labelled."),
    source="Blum, Mitchell (1998), COLT",
    misses=mark(
        "The scheme asks for views that are independent given the class; halves of a digit are not, so errors are "
        "learned too. The twin sees whole images and the given labels alone; offline distillation has a teacher for "
        "all."
    ),
    file="co_training",
    parties=(
        Party("labels", mark("A few labels"), "data", 1, 0),
        Party("left", mark("Sees the left half"), "student", 0, 1),
        Party("right", mark("Sees the right half"), "peer", 2, 1),
        Party("rest", mark("Unlabelled examples"), "data", 1, 2),
    ),
    phases=(
        Phase(mark("Both learn the labels there are."), (("labels", "left"), ("labels", "right"))),
        Phase(mark("Each labels the examples it is surest of."), (("left", "rest"), ("right", "rest"))),
        Phase(
            mark("Both learn all labels anew, those of the other among them."), (("rest", "left"), ("rest", "right"))
        ),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: 0 if stage < 2 else 2,
    options={"rounds": Option(mark("Rounds"), {"3": "3", "5": "5"}, "5")},
)
