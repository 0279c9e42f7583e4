"""Deep mutual learning: peers without a teacher, with their curves and how far they agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....distill.schemes import mutual_learning, peers
from ....words import mark, number, t
from ..drawings import Drawing, curves, line, matrix
from ..lane import Lane, predictions
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    count = int(options["peers"])
    epochs = setting.share(count)
    students = [setting.student(offset) for offset in range(count)]
    run = mutual_learning(students, setting.data, **setting.numbers(epochs=epochs))
    own = Lane(setting, [run], [setting.steps(epochs)], networks=count, cost=1.3)
    return Course(setting, beside(own), budget(own.total_steps, count))


def look(course: Course) -> dict[str, Any]:
    run, examples = course.own.stages[-1], course.setting.data.validation
    said = [predictions(model, examples) for model in (run.student, *peers(run))]
    known = examples.y >= 0
    wrong = [100 * float((one != examples.y)[known].double().mean()) for one in said]
    same = [[float((one == other).double().mean()) for other in said] for one in said]
    return {"wrong": wrong, "same": same}


def draw(course: Course) -> list[Drawing]:
    if not course.seen:
        return []
    count = len(course.seen[-1][1]["wrong"])
    names = [t("Student"), *(t("Peer {n}", n=n) for n in range(1, count))]
    looks = ["student", *(f"branch-{n % 5}" for n in range(count - 1))]
    steps = [step for step, _ in course.seen]
    lines = [line(names[k], looks[k], steps, [found["wrong"][k] for _, found in course.seen]) for k in range(count)]
    same = course.seen[-1][1]["same"]
    others = [same[i][j] for i in range(count) for j in range(i)]
    sentence = t(
        "Any two of the {n} networks agree on {share} of the validation examples on average; each began with other "
        "weights.",
        n=number(count),
        share=number(sum(others) / len(others), ".1%"),
    )
    lowest = int(10 * min(others)) / 10 if min(others) < 1 else 0.9
    texts = [[number(one, ".0%") for one in row] for row in same]
    return [
        curves(t("Each network’s error"), lines, x=t("step"), y=t("error"), percent=True),
        matrix(
            t("How often two networks say the same"), names, names, same, texts, low=lowest, high=1, sentence=sentence
        ),
    ]


SCHEME = Scheme(
    name="mutual_learning",
    title=mark("Deep mutual learning"),
    family="online",
    acronyms=("DML", "peers", "online distillation"),
    says=mark("Nobody knows anything yet: several students learn from the labels and, at each step, from one another."),
    source="Zhang, Xiang, Hospedales, Lu (2018), arXiv:1706.00384",
    misses=mark(
        "The paper’s networks are large and learn for 200 epochs. Here no teacher is at hand, offline distillation "
        "has one: the two do not start with the same knowledge."
    ),
    file="mutual_learning",
    parties=(
        Party("labels", mark("Labels"), "data", 1, 0),
        Party("student", mark("Student"), "student", 0, 1),
        Party("peer", mark("Peer 1"), "peer", 2, 1),
        Party("other", mark("Peer 2"), "peer", 1, 2),
    ),
    phases=(
        Phase(
            mark("At each step all learn from the labels …"),
            (("labels", "student"), ("labels", "peer"), ("labels", "other")),
        ),
        Phase(
            mark("… and each from what all others say of the same batch, held fixed."),
            (
                ("student", "peer"),
                ("peer", "student"),
                ("peer", "other"),
                ("other", "peer"),
                ("other", "student"),
                ("student", "other"),
            ),
        ),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: -1,
    options={"peers": Option(mark("Networks"), {"2": "2", "3": "3", "4": "4"}, "3")},
)
