"""Data-free: a transfer set made from the teacher alone, with the impressions drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ....data import Examples, Splits
from ....distill import Distillation, RunName
from ....distill.schemes import data_impressions
from ....distill.teacher import Cancelled
from ....distill.terms import SoftTargets
from ....words import mark, number, t
from ..drawings import Drawing, bar, bars, images
from ..lane import KeepGoing, Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting

AT_ONCE = 50  # impressions that are made before Stop is heard
STEPS = 30
TEMPERATURE = 20.0  # of the student's lessons, as in the paper
SHOWN = 10
NAMES = {
    "student": mark("Impressions of the teacher"),
    "noise": mark("Noise, answered by the teacher"),
    "hinton": mark("Real examples, teacher and labels"),
    "twin": mark("Real examples, labels alone"),
}


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    count = int(options["count"])
    made: dict[str, Tensor] = {}
    epochs = max(1, round(setting.steps() / 2 / setting.steps(1, count)))
    steps = setting.steps(epochs, count)

    def impressions(keep_going: KeepGoing | None) -> None:
        parts: list[Tensor] = []
        while (done := sum(map(len, parts))) < count:
            if keep_going is not None and not keep_going(done, count):
                raise Cancelled(mark("stopped before the first step"))
            few = min(AT_ONCE, count - done)
            seed = setting.seed + len(parts)
            parts.append(data_impressions(setting.teacher.module, setting.data.shape, few, steps=STEPS, seed=seed).x)
        made["impressions"] = torch.cat(parts)

    def runs(noise: bool) -> Iterator[Distillation]:
        generator = torch.Generator().manual_seed(setting.seed)
        x = torch.rand((count, *setting.data.shape), generator=generator) if noise else made["impressions"]
        numbers = setting.numbers(epochs=epochs)
        data = _instead(setting.data, x)
        yield Distillation(setting.teacher, setting.student(), data, SoftTargets(TEMPERATURE), **numbers)

    def seconds(step: float) -> float:
        return count * STEPS * step / 8  # an impression's step against a student's

    name = RunName(NAMES["student"], {})
    own = Lane(setting, runs(False), [steps], before=impressions, cost=1.2, fixed_s=seconds, name=name)
    noise = Lane(setting, runs(True), [steps], cost=1.2, name=RunName(NAMES["noise"], {}))
    return Course(setting, beside(own, noise=noise), budget(own.total_steps), {"made": made})


def _instead(data: Splits, x: Tensor) -> Splits:
    """Return the data with other examples, without labels, to learn from."""
    return replace(data, train=Examples(x, torch.full((len(x),), -1)), draw=None)


def look(course: Course) -> dict[str, Any]:
    pictures = course.extra["made"].get("impressions")
    if pictures is not None and pictures.ndim == 4 and "impressions" not in course.once:
        course.once["impressions"] = _impressions(course, pictures[:SHOWN])
    return {name: course.wrong(course.lanes[name].answer) for name in NAMES}


def _impressions(course: Course, shown: Tensor) -> dict[str, Any]:
    """Return some impressions, from 0 to 255, and what the teacher takes them for."""
    p = torch.softmax(course.setting.teacher.logits(Examples(shown, torch.full((len(shown),), -1))), 1)
    grey = (shown.detach().float().clamp(0, 1) * 255).round().to(torch.int64)
    pixels = grey.flatten(1).tolist()
    return {
        "shape": list(shown.shape),
        "grey": pixels,
        "taken_for": p.argmax(1).tolist(),
        "p": p.max(1).values.tolist(),
    }


def draw(course: Course) -> list[Drawing]:
    if not course.seen:
        return []
    found, examples = course.seen[-1][1], course.examples.labelled
    looks = {"student": "student", "noise": "branch-0", "hinton": "hinton", "twin": "twin"}
    rows = [
        bar(t(name), looks[role], 100 * found[role] / examples, number(found[role])) for role, name in NAMES.items()
    ]
    sentence = t(
        "Impressions that do no better than noise have taught nothing of their own. Chance would be {chance} errors.",
        chance=number(examples * (1 - 1 / len(course.setting.data.classes)), ",.0f"),
    )
    drawn = [bars(t("Errors of {n} examples", n=number(examples)), rows, sentence=sentence)]
    made = course.once.get("impressions")
    if made is not None:
        classes = course.setting.data.classes
        taken = zip(made["taken_for"], made["p"], strict=True)
        captions = [f"{classes[c]}: {number(p, '.0%')}" for c, p in taken]
        told = t("Each was sought by gradient descent from noise; below it what the teacher takes it for.")
        drawn.append(
            images(t("Impressions"), torch.tensor(made["grey"]).view(made["shape"]) / 255, captions, sentence=told)
        )
    return drawn


SCHEME = Scheme(
    name="data_free",
    title=mark("Data-free: impressions"),
    family="answers",
    acronyms=("ZSKD", "data-free", "zero-shot", "data impressions"),
    says=mark("Not one real example is at hand: inputs are sought to which the teacher gives likely answers."),
    source="Nayak, Mopuri, Shaj, Babu, Chakraborty (2019), arXiv:1905.08114",
    misses=mark(
        "The paper makes many more impressions with 1,500 steps each; here they are few, and as rough as noise. Its "
        "teachers are convnets, this one is a perceptron."
    ),
    file="data_free",
    parties=(
        Party("noise", mark("Noise"), "data", 0),
        Party("teacher", mark("Teacher"), "teacher", 1),
        Party("impressions", mark("Impressions"), "other", 2),
        Party("student", mark("Student"), "student", 3),
    ),
    phases=(
        Phase(mark("Noise is changed until the teacher gives it a likely answer."), (("noise", "teacher"),)),
        Phase(mark("What comes out are impressions of what it was trained on."), (("teacher", "impressions"),)),
        Phase(mark("The student learns the teacher’s soft targets of them."), (("impressions", "student"),)),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: -1,
    options={"count": Option(mark("Impressions"), {"200": "200", "500": "500", "1000": mark("1,000")}, "500")},
)
