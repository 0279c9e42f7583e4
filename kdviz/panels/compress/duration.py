"""How long a point takes here, from a few passes of its teacher."""

from __future__ import annotations

from functools import cache

import torch

from ... import models
from ...distill.schemes import trainable_copy
from ...measure.latency import shortest
from .choices import CompressChoices, student_architecture
from .trial import BATCH, LABELS, ground, planned_steps

STEP_S = 1.5e-3  # of a step, whatever the network: batch, optimizer, the loop
ROUNDED = 1.6  # how much longer a step takes that rounds
FIXED_S = 0.6  # of a point: gzip, times, building it


@cache
def pass_seconds(teacher: str, threads: int) -> float:
    """Return the seconds of a pass of the teacher forwards and backwards over a batch; timed once."""
    base = ground(teacher)
    model, x = trainable_copy(base.teacher.module).requires_grad_(True), base.data.train.inputs(slice(0, BATCH))

    def call() -> None:
        model(x).square().mean().backward()

    return shortest(call)


def relative(choices: CompressChoices) -> tuple[float, float]:
    """Return the multiply-adds of the fresh student and of the small network, as shares of the teacher's, roughly."""
    card, shape = models.card(choices.teacher), ground(choices.teacher).data.shape
    student = 0.0
    if choices.student:
        student = models.mac_count(models.build(student_architecture(choices)), shape) / card.macs
    small = (student or 1.0) * (1 - choices.units) ** 2
    if choices.rank:
        widest = max(card.architecture.get("hidden", [card.architecture.get("width", 1) * 9]))
        small *= min(1.0, 2 * choices.rank / max(1.0, widest * (1 - choices.units)))
    return student, small


def seconds_of(choices: CompressChoices) -> float:
    """Return about how many seconds a point takes, from pressing the button to its place in the chart."""
    each = pass_seconds(choices.teacher, torch.get_num_threads())
    student, small = relative(choices)
    of_teaching = choices.teaching * -(-LABELS // BATCH)
    networks = 2 if choices.trains else 1
    rounding = ROUNDED if choices.integers == "rounded" else 1.0
    steps = (planned_steps(choices) - of_teaching) * (STEP_S + each * student)
    steps += of_teaching * (STEP_S + 1.5 * each * small) * rounding
    data = ground(choices.teacher).data
    asked = (len(data.validation) + len(data.test)) / BATCH / 3 * each * small
    return networks * (steps + asked) + FIXED_S
