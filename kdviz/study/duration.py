"""How long a study would take on this machine: a few steps of each kind of unit, timed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import nn

from .. import models
from ..distill.batches import batch_sizes
from ..measure.latency import shortest
from .jobs import Job
from .stacked import ROWS, WORTH_IT, forward, stacked_weights, units

if TYPE_CHECKING:
    from .study import Study

ANSWERS = 64  # of a teacher, timed
BESIDE = 1.3  # a step takes so many times what its products take alone: losses, batches, records
BESIDE_ALONE = 2.5  # of a run by itself, whose loss may be any


def estimated(study: Study) -> dict[tuple[str, ...], float]:
    """Return the seconds that each unit of what is left to do would take on one thread here, by the keys of its runs.

    Units are what :meth:`kdviz.Study.run` does in this process, in its order: stacks of small perceptrons, other runs
    by themselves. The teachers' answers are counted with the first unit that needs them, as if none were known. An
    estimate, within a factor of two or so: the machine may do something else meanwhile.

    Raises
    ------
    ValueError
        If a student is a module of your own, which is not built for a guess.
    """
    asked: set[tuple[str, int]] = set()
    found: dict[tuple[str, ...], float] = {}
    for unit in units(study.left_to_do, workers=1, most_weights=WORTH_IT):
        found[tuple(job.key for job in unit)] = _of_unit(unit, study, asked)
    return found


def _of_unit(unit: Sequence[Job], study: Study, asked: set[tuple[str, int]]) -> float:
    recipe = unit[0].recipe
    data = study.parts.data_of(recipe)
    if recipe.student is None:
        raise ValueError("the time of a student of your own is not estimated; describe it in the recipe")
    student = json.dumps(recipe.student, sort_keys=True)
    batch = min(recipe.batch_size, len(data.train))
    steps = len(batch_sizes(len(data.train), recipe.batch_size)) * recipe.epochs
    step, row = _seconds(student, len(unit), batch, data.shape)
    looks = recipe.epochs * len(data.validation) + 2 * (len(data.validation) + len(data.test))
    beside = BESIDE if len(unit) > 1 else BESIDE_ALONE
    seconds = steps * step * beside + looks * row
    for teacher in {job.recipe.teacher for job in unit if job.recipe.teacher}:
        held_out = {(teacher, 0): len(data.validation) + len(data.test), (teacher, len(data.train)): len(data.train)}
        answers = sum(count for key, count in held_out.items() if key not in asked)
        asked.update(held_out)
        seconds += answers * _seconds_an_answer(teacher, data.shape)
    return seconds


@cache
def _seconds(student: str, count: int, batch: int, shape: tuple[int, ...]) -> tuple[float, float]:
    """Return the seconds of a step of so many students together, and of one row of validation data in them all."""
    described = json.loads(student)
    students = [models.build(described, seed=seed) for seed in range(count)]
    x, rows = torch.rand(batch, *shape), torch.rand(ROWS, *shape)
    if count > 1:
        weights = stacked_weights(students)
        scored: Callable[[torch.Tensor], torch.Tensor] = lambda inputs: forward(weights, inputs.flatten(1))  # noqa: E731
    else:
        weights, scored = list(students[0].parameters()), students[0]
    optimizer = torch.optim.Adam(weights)

    def step() -> None:
        optimizer.zero_grad()
        scored(x).log_softmax(-1).mean().backward()
        optimizer.step()

    def look() -> None:
        with torch.no_grad():
            scored(rows)

    return shortest(step), shortest(look) / ROWS


@cache
def _seconds_an_answer(teacher: str, shape: tuple[int, ...]) -> float:
    module: nn.Module = models.pretrained(teacher)
    inputs = torch.rand(ANSWERS, *shape)

    def answer() -> None:
        with torch.no_grad():
            module(inputs)

    return shortest(answer) / ANSWERS
