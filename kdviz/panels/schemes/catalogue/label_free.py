"""Label-free: the teacher's soft targets alone, on examples that nobody labelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ....distill.schemes import label_free
from ....words import mark, number, t, tn
from ..drawings import Drawing, bar, bars, images
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting

SHOWN = 8


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    run = label_free(
        setting.teacher,
        setting.student(),
        setting.data,
        temperature=float(options["temperature"]),
        **setting.numbers(),
    )
    own = Lane(setting, [run], [setting.steps()], cost=1.2)
    return Course(setting, beside(own), budget(own.total_steps), {"temperature": float(options["temperature"])})


def look(course: Course) -> dict[str, Any]:
    return {role: course.wrong(course.lanes[role].answer) for role in ("student", "hinton", "twin")}


def draw(course: Course) -> list[Drawing]:
    if not course.seen:
        return []
    found, examples = course.seen[-1][1], course.examples.labelled
    labels = course.setting.data.train.labelled
    names = {
        "student": (t("No label, soft targets"), tn("{n} label", "{n} labels", 0)),
        "hinton": (t("Labels and soft targets"), tn("{n} label", "{n} labels", labels, n=number(labels))),
        "twin": (t("Labels alone"), tn("{n} label", "{n} labels", labels, n=number(labels))),
    }
    rows = [
        bar(name, role, 100 * found[role] / examples, number(found[role]), note) for role, (name, note) in names.items()
    ]
    drawn = [bars(t("Errors of {n} examples", n=number(examples)), rows)]
    train, classes = course.setting.data.train, course.setting.data.classes
    if train.inputs(slice(0, 1)).ndim == 4:
        pictures = train.inputs(slice(0, SHOWN))
        p = torch.softmax(course.setting.teacher.logits(train)[:SHOWN] / course.extra["temperature"], 1)
        captions = [
            ", ".join(f"{classes[int(c)]}: {number(float(row[c]), '.0%')}" for c in row.argsort(descending=True)[:3])
            for row in p
        ]
        what = t("What the student is told of them: the teacher’s soft targets, the three largest.")
        drawn.append(images(t("Examples without labels"), pictures, captions, sentence=what))
    return drawn


SCHEME = Scheme(
    name="label_free",
    title=mark("Without labels"),
    family="budget",
    acronyms=("label-free", "unlabelled", "alpha 1"),
    says=mark("The student sees no label at all, only the teacher’s soft targets."),
    source="Hinton, Vinyals, Dean (2015), arXiv:1503.02531",
    misses=mark("Any inputs would do for a transfer set; here they are of the kind that the teacher was trained on."),
    file="label_free",
    parties=(
        Party("inputs", mark("Inputs, no labels"), "data", 0),
        Party("teacher", mark("Teacher"), "teacher", 1),
        Party("student", mark("Student"), "student", 2),
    ),
    phases=(
        Phase(mark("The teacher is asked about examples that nobody labelled."), (("inputs", "teacher"),)),
        Phase(mark("Its soft targets are all that the student learns from."), (("teacher", "student"),)),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: -1,
    options={"temperature": Option("T", {"1": "1", "4": "4", "10": "10"}, "4")},
)
