"""Robust distillation: errors on plain and on attacked examples, over training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from ....data import Examples
from ....distill import RobustLabels, RunName
from ....distill.schemes import robust
from ....models.attack import pgd
from ....words import mark, number, t
from ..drawings import Drawing, curves, line
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget, by_steps
from ..setting import Setting

RADIUS = 0.1
STEPS = 3  # of the attack while learning
ATTACK_STEPS, ATTACKED = 10, 200  # of the attack that is measured, and how many examples it is made on
LINES = {
    "student": mark("Taught under attack"),
    "hinton": mark("Offline distillation"),
    "twin": mark("Twin, no teacher"),
    "labels": mark("Labels under attack, no teacher"),
}
LOOKS = {"labels": "branch-1"}
BESIDE = {"rslad": mark("soft targets (RSLAD)"), "ard": mark("labels (ARD)")}
DEARER = mark("Each step under attack costs {n} further passes of the student.")
FOUND = mark(
    "Attacked, of {n} examples each, the student is wrong on {own}, offline distillation on {hinton}, the twin on "
    "{twin} and a student that learned labels under attack on {labels}; the teacher on {teacher}. An attack shows what "
    "at least goes wrong."
)


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    form: Any = options["form"]
    radius = float(options["radius"])
    run = robust(
        setting.teacher, setting.student(), setting.data, form=form, radius=radius, steps=STEPS, **setting.numbers()
    )
    own = Lane(setting, [run], [setting.steps()], cost=2.0 + STEPS)
    total = own.total_steps
    labels = (setting.run(RobustLabels(radius, STEPS), total, taught=False) for _ in range(1))
    others = {"labels": Lane(setting, labels, [total], cost=2.0 + STEPS, name=RunName(LINES["labels"], {}))}
    told = [budget(total), t(DEARER, n=number(1 + STEPS))]
    return Course(setting, beside(own, **others), " ".join(told), {"radius": radius})


def look(course: Course) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for role in LINES:
        found[role], found[f"{role}, attacked"] = _both(course, course.lanes[role].answer)
    if "teacher" not in course.once or course.finished:
        course.once["teacher"] = _both(course, course.setting.teacher.module)
    return found


def _both(course: Course, model: nn.Module) -> tuple[float, float]:
    """Return the percentage of errors on the examples that are counted, and on some of them attacked."""
    few = course.examples.take(slice(0, ATTACKED))
    moved = pgd(model, few.inputs(), few.y, course.extra["radius"], steps=ATTACK_STEPS)
    attacked = course.setting.wrong(model, Examples(moved, few.y))
    return 100 * course.wrong(model) / course.examples.labelled, 100 * attacked / few.labelled


def draw(course: Course) -> list[Drawing]:
    if not course.seen:
        return []
    ends = [0, course.own.total_steps]
    drawn = []
    titles = {
        "": t("Errors on plain examples"),
        ", attacked": t("Errors under attack: each pixel moved by at most {radius}", radius=course.extra["radius"]),
    }
    for place, (suffix, title) in enumerate(titles.items()):
        of = by_steps(course, [f"{role}{suffix}" for role in LINES])
        lines = [line(t(name), LOOKS.get(role, role), *of[f"{role}{suffix}"]) for role, name in LINES.items()]
        lines.append(line(t("Teacher"), "teacher", ends, [course.once["teacher"][place]] * 2))
        drawn.append(curves(title, lines, x=t("step"), y=t("errors"), percent=True))
    last = course.seen[-1][1]
    told = {role: _percent(last[f"{role}, attacked"]) for role in LINES}
    told = {"own": told.pop("student"), **told, "teacher": _percent(course.once["teacher"][1])}
    drawn[1]["sentence"] = t(FOUND, n=number(min(ATTACKED, len(course.examples))), **told)
    return drawn


def _percent(value: float) -> str:
    return number(value / 100, ".1%")


SCHEME = Scheme(
    name="robust",
    title=mark("Robust distillation"),
    family="place",
    acronyms=("RSLAD", "ARD", "robustness", "PGD"),
    says=mark(
        "The student meets pictures changed against itself, and answers them as the teacher answers the originals."
    ),
    source="Goldblum et al. (2020), arXiv:1905.09747; Zi et al. (2021), arXiv:2108.07969",
    misses=mark(
        "ARD’s own attack climbs the loss of the labels; here both forms climb the divergence from the teacher. The "
        "papers have CIFAR and residual networks, and attacks of more steps."
    ),
    file="robust",
    parties=(
        Party("teacher", mark("Robust teacher"), "teacher", 0, 0),
        Party("student", mark("Student"), "student", 1, 0),
        Party("pictures", mark("Changed pictures"), "data", 1, 1),
    ),
    phases=(
        Phase(mark("Each picture is moved a little, to where the student errs most."), (("student", "pictures"),)),
        Phase(
            mark("The student learns to answer the changed picture as the teacher answers the original."),
            (("teacher", "student"), ("pictures", "student")),
        ),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: -1,
    options={
        "form": Option(mark("Beside it"), BESIDE, "rslad"),
        "radius": Option(mark("Radius"), {"0.05": "0.05", "0.1": "0.1", "0.2": "0.2"}, str(RADIUS)),
    },
    setting={"teacher": "mnist-mlp-robust"},
)
