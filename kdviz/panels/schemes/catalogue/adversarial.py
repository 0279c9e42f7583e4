"""Adversarial distillation: an opponent against the student, with the opponent's score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ....distill.schemes import adversarial
from ....models import inference
from ....words import mark, number, t
from ..drawings import Drawing, curves, line
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import TEMPERATURE, Setting


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    epochs = setting.share(2)
    run = adversarial(
        setting.teacher,
        setting.student(),
        setting.data,
        weight=float(options["weight"]),
        temperature=TEMPERATURE,
        **setting.numbers(epochs=epochs),
    )
    own = Lane(setting, [run], [setting.steps(epochs)], cost=3.0)
    return Course(setting, beside(own), budget(own.total_steps))


def look(course: Course) -> dict[str, Any]:
    run, examples = course.own.stages[-1], course.setting.data.validation
    opponent: Any = run.auxiliary["adversarial"]
    ours, theirs = inference.logits(run.student, examples), course.setting.teacher.logits(examples)
    with torch.no_grad():
        told = [opponent(theirs.cpu()).flatten() > 0, opponent(ours).flatten() <= 0]
    return {"score": 100 * float(torch.cat(told).double().mean())}


def draw(course: Course) -> list[Drawing]:
    if not course.seen:
        return []
    steps = [step for step, _ in course.seen]
    scores = [found["score"] for _, found in course.seen]
    lines = [
        line(t("The opponent"), "branch-3", steps, scores),
        line(t("A coin"), "twin", [0, course.own.total_steps], [50, 50]),
    ]
    last = scores[-1]
    sentence = t(
        "The opponent is right about {share} of the validation logits, half of them the teacher’s, half the "
        "student’s. At 50\u202f% it cannot tell them apart; near 100\u202f% it has won, and teaches the student "
        "little.",
        share=number(last / 100, ".1%"),
    )
    title = t("How often the opponent tells teacher and student apart")
    return [curves(title, lines, x=t("step"), y=t("right"), percent=True, sentence=sentence)]


SCHEME = Scheme(
    name="adversarial",
    title=mark("Adversarial distillation"),
    family="online",
    acronyms=("GAN-KD", "GAN", "opponent", "discriminator"),
    says=mark("An opponent learns to tell the student’s logits from the teacher’s; the student learns to deceive it."),
    source="Xu, Hsu, Huang (2018), arXiv:1709.00513",
    misses=mark("The paper’s opponent also predicts the class, and there are no soft targets beside it."),
    file="adversarial",
    parties=(
        Party("teacher", mark("Teacher"), "teacher", 0, 0),
        Party("student", mark("Student"), "student", 0, 1),
        Party("opponent", mark("Opponent"), "other", 1, 0),
    ),
    phases=(
        Phase(
            mark("The opponent sees logits of both and learns to say whose they are."),
            (("teacher", "opponent"), ("student", "opponent")),
        ),
        Phase(mark("The student learns to be taken for the teacher."), (("opponent", "student"),)),
        Phase(mark("Beside it the student learns soft targets and labels, as ever."), (("teacher", "student"),)),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: -1,
    options={"weight": Option(mark("Weight of the opponent"), {"0.01": "0.01", "0.1": "0.1", "1": "1"}, "0.1")},
)
