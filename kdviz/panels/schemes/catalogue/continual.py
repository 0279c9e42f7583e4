"""Continual learning: accuracy by task, with and without the replay of what the student said before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....distill.schemes import continual, tasks_of
from ....distill.terms import DarkReplay, HardLabels
from ....words import mark, number, t
from ..drawings import Drawing, matrix
from ..lane import Lane, predictions
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting

BATCH = 16


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    count = len(setting.data.classes)
    groups = [tuple(range(first, min(first + 2, count))) for first in range(0, count, 2)]
    tasks = tasks_of(setting.data, groups)
    epochs = max(1, setting.epochs // 8)
    plan = [epochs * -(-len(task.train) // BATCH) for task in tasks]
    numbers = setting.numbers(epochs=epochs, batch_size=BATCH, learning_rate=1e-3)
    replay = HardLabels() + DarkReplay(alpha=0.2, beta=1.0, capacity=int(options["remembered"]))

    def lane(objective: Any, cost: float) -> Lane:
        return Lane(setting, continual(setting.student(), tasks, objective, **numbers), plan, cost=cost)

    own = lane(replay, 2.0)
    lanes = beside(own, twin=lane(HardLabels(), 1.0))
    return Course(setting, lanes, budget(own.total_steps), {"groups": groups})


def look(course: Course) -> dict[str, Any]:
    return {role: _by_task(course, course.lanes[role]) for role in ("student", "twin")}


def _by_task(course: Course, lane: Lane) -> list[list[float | None]]:
    """Return how often the student was right about each task after each that has begun."""
    examples = course.examples
    rows = []
    for run in lane.stages:
        right = predictions(run.student, examples) == examples.y
        of = [sum((examples.y == c for c in group), start=examples.y < -1) for group in course.extra["groups"]]
        rows.append([float(right[one].double().mean()) if bool(one.any()) else None for one in of])
    return rows


def draw(course: Course) -> list[Drawing]:
    if not course.seen:
        return []
    found, groups, classes = course.seen[-1][1], course.extra["groups"], course.setting.data.classes
    names = [", ".join(classes[c] for c in group) for group in groups]
    drawn = []
    for role, title in (("student", t("With replay: accuracy by task")), ("twin", t("Without: accuracy by task"))):
        values = [*found[role], *([[None] * len(names)] * (len(names) - len(found[role])))]
        texts = [["" if one is None else number(one, ".0%") for one in row] for row in values]
        rows = [t("after {classes}", classes=name) for name in names]
        drawn.append(matrix(title, rows, names, values, texts, low=0, high=1, across=t("classes asked about")))
    last = [[one for one in found[role][-1] if one is not None] for role in ("student", "twin")]
    if len(found["student"]) == len(groups):
        drawn[-1]["sentence"] = t(
            "After the last task the student knows {own} of all classes with replay and {other} without.",
            own=number(sum(last[0]) / len(last[0]), ".0%"),
            other=number(sum(last[1]) / len(last[1]), ".0%"),
        )
    return drawn


SCHEME = Scheme(
    name="continual",
    title=mark("Continual learning with dark replay"),
    family="place",
    acronyms=("DER", "DER++", "continual", "lifelong", "dark-experience-replay"),
    says=mark("Classes come two at a time; the student’s own past, kept for a few examples, teaches it not to forget."),
    source="Buzzega, Boschini, Porrello, Abati, Calderara (2020), arXiv:2004.07211",
    misses=mark(
        "The twin meets the same tasks without a memory; offline distillation has all classes at once, which no "
        "student in the field has. The memory is as good as its examples: privacy can forbid it."
    ),
    file="continual",
    parties=(
        Party("task", mark("Task now"), "data", 0, 0),
        Party("student", mark("Student"), "student", 1, 0),
        Party("memory", mark("Memory: examples and logits"), "other", 1, 1),
    ),
    phases=(
        Phase(mark("The student learns the task it meets now."), (("task", "student"),)),
        Phase(
            mark("A few examples go into the memory, with what the student said of them."),
            (("task", "memory"), ("student", "memory")),
        ),
        Phase(mark("Remembered examples teach it to say what it said, and what they are."), (("memory", "student"),)),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: -1,
    options={"remembered": Option(mark("Examples remembered"), {"50": "50", "200": "200", "500": "500"}, "200")},
)
