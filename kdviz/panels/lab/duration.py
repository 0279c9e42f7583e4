"""How long a run would take on this machine: a few steps of its students, and a few of the teacher's answers, timed."""

from __future__ import annotations

from functools import cache

import torch
from torch import nn

from ... import data as data_sets
from ... import models
from ...distill.runner import evaluations
from ...models import inference
from ..live.duration import rounded as rounded
from ..live.duration import shortest as _shortest
from .choices import Choices, build_student

ANSWERS = 64  # of the teacher, timed
OTHERWISE = 3e-4  # seconds of a step beside what the student takes for it: its place in the run, records, the page
LOSSES = 1.15  # a step with two losses, over one with one


def estimated(choices: Choices) -> float:
    """Return how many seconds a run with its twins would take, roughly: a bet, not a promise."""
    c = choices
    students = 3 if c.smoothing and c.labels else 2 if c.labels else 1
    size = c.data, c.kind, c.units, c.layers
    step = LOSSES * _seconds_a_step(*size, min(c.batch_size, c.examples)) + OTHERWISE
    whole = data_sets.load(c.data)
    looks = evaluations(c.steps, len(whole.validation), c.batch_size)
    answers = looks * len(whole.validation) + len(whole.test)  # of each student
    asked = c.examples + len(whole.validation) + len(whole.test)  # of the teacher
    told = students * (c.steps * step + answers * _seconds_of_student(*size))
    return told + asked * _seconds_an_answer(c.data, c.teacher)


@cache
def _seconds_a_step(data: str, kind: str, units: int, layers: int, batch: int) -> float:
    student = build_student(data, units, layers=layers, kind=kind)
    optimizer = torch.optim.Adam(student.parameters(), fused=True)
    examples = data_sets.load(data).validation.take(slice(0, batch))

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(student(examples.inputs()), examples.y).backward()
        optimizer.step()

    return _shortest(step)


@cache
def _seconds_of_student(data: str, kind: str, units: int, layers: int) -> float:
    student = build_student(data, units, layers=layers, kind=kind).eval()
    examples = data_sets.load(data).validation.take(slice(0, ANSWERS))
    return _shortest(lambda: inference.logits(student, examples)) / len(examples)


@cache
def _seconds_an_answer(data: str, teacher: str) -> float:
    module = models.pretrained(teacher)
    examples = data_sets.load(data).validation.take(slice(0, ANSWERS))
    return _shortest(lambda: inference.logits(module, examples)) / len(examples)
