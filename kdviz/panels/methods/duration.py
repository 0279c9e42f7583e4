"""How long a trial of a method would take on this machine: a few of its steps, and of the teacher's answers, timed."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from ...distill import Distillation
from ...distill.outputs import Outputs
from ...distill.taps import tapped
from ...measure.latency import shortest
from ...models import inference
from .fits import seen
from .trial import Trial

ANSWERS = 64  # of the teacher, timed
# A step of a run costs so many times what it is timed at: evaluations, gradients of the terms, relations, records. Of
# pairs and methods it was 1.5 to 2.4 on one thread: python benchmarks/methods_page.py --seconds
BESIDE = 2.0


def estimated(trial: Trial, run: Distillation, plain: int) -> float:
    """Return how many seconds a trial would take, roughly: a bet, not a promise.

    Parameters
    ----------
    trial : Trial
    run : Distillation
        The method's, at its start; not changed.
    plain : int
        How many runs learn beside it, from soft targets or labels.
    """
    few = trial.data.validation.take(slice(0, ANSWERS))
    answer = shortest(lambda: inference.logits(trial.teacher.module, few)) / len(few)
    asked = len(trial.data.validation) + len(trial.data.test) + (0 if run.asks_each_step else len(trial.data.train))
    step = shortest(_step_of(trial, run, own=True)) + plain * shortest(_step_of(trial, run, own=False))
    return run.total_steps * step * BESIDE + asked * answer


def _step_of(trial: Trial, run: Distillation, *, own: bool) -> Any:
    """Return a step of a copy of the student: by the run's objective, or by labels alone."""
    student, learned = copy.deepcopy(run.student).train(), copy.deepcopy(run.auxiliary)
    few = trial.data.train.take(slice(0, trial.batch_size))
    x, y = few.inputs(), few.y
    optimizer = torch.optim.Adam([*student.parameters(), *learned.parameters()])
    terms = zip(run.objective.names, run.objective.terms, run.objective.hyperparameters_at(0, 1), strict=True)
    given_terms = list(terms)
    ours = [name for term in run.objective.terms for name in term.taps.student]
    layers = [name for term in run.objective.terms for name in term.taps.teacher]
    theirs = seen(trial.teacher.module, x, layers)
    asked = own and run.asks_each_step  # what the teacher's layers give is too much to be kept

    def loss() -> Tensor:
        if not own:
            return nn.functional.cross_entropy(student(x), y.clamp(min=0))
        if asked:
            trial.teacher.answer(x, layers)
        with tapped(student, ours, ours) as taps:
            given = Outputs(student(x), theirs[""], y, len(y), inputs=x, student_taps=taps, teacher_taps=theirs)
        values = [
            weight * term.value(given._replace(auxiliary=dict(learned.items()).get(name), model=student), numbers)
            for name, term, (weight, numbers) in given_terms
        ]
        return sum(values[1:], start=values[0])

    def step() -> None:
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return step
