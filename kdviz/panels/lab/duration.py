"""How long a run would take on this machine: a few steps of its students, and a few of the teacher's answers, timed."""

from __future__ import annotations

from functools import cache

import torch
from torch import nn

from ... import data as data_sets
from ... import models
from ...models import inference
from ..live.duration import rounded as rounded
from ..live.duration import shortest as _shortest
from .choices import Choices, build_student

ANSWERS = 64  # of the teacher, timed
BESIDE = 2.75  # a step of a run takes so many times what it takes alone: two losses, evaluations, records


def estimated(choices: Choices) -> float:
    """Return how many seconds a run with its twins would take, roughly: a bet, not a promise."""
    c = choices
    students = 3 if c.smoothing and c.labels else 2 if c.labels else 1
    step = _seconds_a_step(c.data, c.units, c.layers, min(c.batch_size, c.examples))
    whole = data_sets.load(c.data)
    asked = c.examples + len(whole.validation) + len(whole.test)
    return c.steps * students * step * BESIDE + asked * _seconds_an_answer(c.data, c.teacher)


@cache
def _seconds_a_step(data: str, units: int, layers: int, batch: int) -> float:
    student = build_student(data, units, layers=layers)
    optimizer = torch.optim.Adam(student.parameters())
    examples = data_sets.load(data).validation.take(slice(0, batch))

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(student(examples.inputs()), examples.y).backward()
        optimizer.step()

    return _shortest(step)


@cache
def _seconds_an_answer(data: str, teacher: str) -> float:
    module = models.pretrained(teacher)
    examples = data_sets.load(data).validation.take(slice(0, ANSWERS))
    return _shortest(lambda: inference.logits(module, examples)) / len(examples)
