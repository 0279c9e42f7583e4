"""Several teachers: whom the student listens to, class by class and example by example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....distill import Distillation, Objective
from ....distill.schemes import multi_teacher, named, tasks_of, teacher_weights
from ....distill.terms import HardLabels
from ....words import mark, number, t
from ..drawings import Drawing, images, matrix
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting

TEMPERATURE = 4.0
SHOWN = 8


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    count = len(setting.data.classes)
    halves = [tuple(range(count // 2)), tuple(range(count // 2, count))]
    parts = [*tasks_of(setting.data, halves), setting.data]  # the third has seen all classes
    epochs = setting.share(len(parts) + 1)
    numbers = setting.numbers(epochs=epochs)

    def runs() -> Iterator[Distillation]:
        taught = []
        for offset, part in enumerate(parts, start=1):
            run = Distillation(None, setting.student(offset), part, Objective(((1.0, HardLabels()),)), **numbers)
            taught.append(run)
            yield named(run, mark("Teacher {n}"), n=offset)
        numbers["allow_weaker_teacher"] = True
        yield multi_teacher(
            taught,
            setting.student(),
            setting.data,
            weighting=options["weighting"],
            temperature=TEMPERATURE,
            **numbers,
        )

    plan = [setting.steps(epochs, len(part.train)) for part in (*parts, setting.data)]
    own = Lane(setting, runs(), plan, cost=1.4)
    return Course(setting, beside(own), budget(own.total_steps, len(plan)), {"halves": halves})


def look(course: Course) -> dict[str, Any]:
    if len(course.own.stages) < len(course.own.plan):
        return {}
    examples = course.setting.data.validation
    weights = teacher_weights(course.own.stages[-1], examples)
    classes = range(len(course.setting.data.classes))
    by_class = [weights[examples.y == c].mean(0).tolist() if bool((examples.y == c).any()) else None for c in classes]
    return {"by_class": by_class, "first": weights[:SHOWN].tolist()}


def draw(course: Course) -> list[Drawing]:
    if not course.seen or not course.seen[-1][1]:
        return []
    found, classes = course.seen[-1][1], course.setting.data.classes
    halves = [", ".join(classes[c] for c in half) for half in course.extra["halves"]]
    names = [t("Knows {classes}", classes=one) for one in halves] + [t("Has seen all")]
    values = [row if row is not None else [None] * len(names) for row in found["by_class"]]
    texts = [["" if one is None else number(one, ".0%") for one in row] for row in values]
    known = [(c, row) for c, row in enumerate(found["by_class"]) if row is not None]
    right = [row[0 if c in course.extra["halves"][0] else 1] for c, row in known]
    sentence = t(
        "Of the two teachers that know half of the classes the one that knows the right half has {share} of the "
        "weight on average; equal weights would be {equal}.",
        share=number(sum(right) / len(right), ".0%"),
        equal=number(1 / len(names), ".0%"),
    )
    title = t("How much each teacher counts, by class")
    rows = [t("class {name}", name=name) for name in classes]
    drawn = [matrix(title, rows, names, values, texts, low=0, high=1, sentence=sentence)]
    pictures = course.setting.data.validation.inputs(slice(0, SHOWN))
    if pictures.ndim == 4:
        captions = [" · ".join(number(one, ".0%") for one in row) for row in found["first"]]
        told = t("Weights of the three teachers, in the order of the columns above.")
        drawn.append(images(t("Example by example"), pictures, captions, sentence=told))
    return drawn


SCHEME = Scheme(
    name="multi_teacher",
    title=mark("Several teachers"),
    family="several",
    acronyms=("CA-MKD", "multi-teacher", "gate"),
    says=mark("One student learns from several teachers at once, and has to find out whom to listen to."),
    source="Zhang, Chen, Wang (2022), arXiv:2201.00007",
    misses=mark(
        "By confidence a teacher counts as much as it gives the label; so labels say whom to listen to. The "
        "teachers are as small as the student, and learn on this page."
    ),
    file="multi_teacher",
    parties=(
        Party("one", mark("Knows the first half"), "teacher", 0, 0),
        Party("two", mark("Knows the second half"), "teacher", 0, 1),
        Party("three", mark("Has seen all"), "teacher", 0, 2),
        Party("mean", mark("Weighted mean"), "other", 1, 1),
        Party("student", mark("Student"), "student", 2, 1),
    ),
    phases=(
        Phase(mark("Three teachers learn, each from other classes."), ()),
        Phase(
            mark("Of each example all say what they think, and are weighed."),
            (("one", "mean"), ("two", "mean"), ("three", "mean")),
        ),
        Phase(mark("The student learns their weighted mean, and the labels."), (("mean", "student"),)),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: 0 if stage < 3 else 1,
    options={
        "weighting": Option(
            mark("Weights"),
            {"uniform": mark("all alike"), "confidence": mark("by confidence"), "learned": mark("a gate that learns")},
            "confidence",
        )
    },
)
