"""What it took to come to a student: training its teacher, asking it, and teaching, in seconds of this machine."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from ...data import load
from ...distill.distillation import Distillation
from ...distill.optimizer import make_optimizer
from ...models import inference
from ...models.attack import pgd
from ...models.shipped import card as shipped_card
from ..latency import shortest

STEPS = 5  # of teaching, of which the quickest counts
ASKED = 64  # examples that the teacher is asked about, at most
ENOUGH_S = 0.1  # what takes so long is timed once


@dataclass(frozen=True)
class TrainingCost:
    """Seconds, each from a few passes timed here, multiplied by how many there are.

    Attributes
    ----------
    teacher : float or None
        Of training the teacher, by the epochs and batches on its card and under attack where it learned so, without
        augmentation; None for a teacher that is not one of the shipped ones, whose training is not known.
    asking : float
        Of asking the teacher about the examples that the student learns from: once where its answers are kept, at each
        step otherwise.
    student : float
        Of the student's steps so far, without asking.
    """

    teacher: float | None
    asking: float
    student: float


def training_cost(run: Distillation) -> TrainingCost:
    """Time a few passes of a run's models and return what its training comes to; the run is not changed.

    Parameters
    ----------
    run : Distillation
        With a teacher that is a network here, and a step done.

    Raises
    ------
    ValueError
        If it has no teacher, has taken no step, or its student cannot be copied.

    Examples
    --------
    >>> import kdviz as kd
    >>> data = (torch.randn(200, 4), torch.arange(200) % 3)
    >>> teacher = kd.models.mlp((64,), inputs=4, classes=3).eval()
    >>> run = kd.Distillation(teacher, kd.models.mlp((4,), inputs=4, classes=3), data, epochs=2)
    >>> found = training_cost(run.train(progress=False))
    >>> found.teacher is None, found.asking > 0
    (True, True)
    """
    if run.teacher is None or not run.steps_done:
        raise ValueError("expected a run with a teacher and a step done; there is nothing to time otherwise")
    again = run.branch(0)
    sizes, seconds = run._batches.sizes, []
    for i in range(min(STEPS, run.total_steps)):
        begun = time.perf_counter()
        again.step()
        if not i or sizes[i % len(sizes)] == sizes[0]:  # the last batch of an epoch is smaller
            seconds.append(time.perf_counter() - begun)
    step = min(seconds[1:] or seconds)  # the first gathers examples, and the teacher's answers where they are kept
    x = run.data.train.inputs(slice(0, min(ASKED, len(run.data.train))))
    teacher = run.teacher.module
    with torch.no_grad():
        one = _quickest(lambda: inference.ask(teacher, x, who="teacher")) / inference.count(x)
    seen = sum(sizes[i % len(sizes)] for i in range(run.steps_done))
    asked = seen if run.asks_each_step else len(run.data.train)
    own = step - one * sizes[0] * run.asks_each_step
    return TrainingCost(_of_teacher(run), one * asked, max(0.0, own) * run.steps_done)


def _of_teacher(run: Distillation) -> float | None:
    """Return the seconds of a shipped teacher's training: those of a step as its card has it, times its steps."""
    name = run.recipe.teacher
    if name is None:
        return None
    card = shipped_card(name)
    recipe = card.recipe
    data = load(card.data)
    learned = data.with_labels(recipe["labels"], seed=0) if "labels" in recipe else data
    pupil = copy.deepcopy(run.teacher.module).requires_grad_(True).train()  # type: ignore[union-attr]
    optimizer = make_optimizer(recipe["optimizer"], list(pupil.parameters()), recipe["learning_rate"])
    batch = min(recipe["batch_size"], len(learned.train))
    x, y = learned.train.inputs(slice(0, batch)), learned.train.y[:batch]

    radius = recipe.get("radius", 0.0)

    def step() -> None:
        met = pgd(pupil, x, y, radius, steps=1, who="teacher") if radius else x
        optimizer.zero_grad()
        nn.functional.cross_entropy(inference.ask(pupil, met, who="teacher"), y).backward()
        optimizer.step()

    return _quickest(step) * recipe["epochs"] * math.ceil(len(learned.train) / batch)


def _quickest(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    first = time.perf_counter() - begun
    return first if first > ENOUGH_S else shortest(call)
