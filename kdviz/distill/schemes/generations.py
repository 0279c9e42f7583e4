"""Several runs in a row: train each as it comes, and hand what it learned to the next.

A scheme of several runs is a generator of untrained :class:`kdviz.Distillation` runs. Whoever takes one trains it, in
whatever way, before asking for the next::

    for run in assistant_chain(teacher, students, data):
        run.train()                     # or panel, or step by step
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from torch import nn

from ...models.wrap import as_module
from ..distillation import Distillation
from ..run import RunName


def frozen(learned: Distillation | nn.Module) -> nn.Module:
    """Return a copy of what was learned that only answers: in eval mode, without gradients.

    Parameters
    ----------
    learned : Distillation or nn.Module
        Of a run, its student is copied. An ``.architecture`` comes along, so that the copy can be saved with a run.

    Returns
    -------
    nn.Module

    Raises
    ------
    ValueError
        If a run has not taken one step.

    Examples
    --------
    >>> from kdviz import models
    >>> copy = frozen(models.mlp((8,), inputs=4, classes=3))
    >>> copy.training, any(p.requires_grad for p in copy.parameters()), copy.architecture["hidden"]
    (False, False, [8])
    """
    return _copy_of(learned).eval().requires_grad_(False)


def trainable_copy(learned: Distillation | nn.Module) -> nn.Module:
    """Return a copy of what was learned that goes on learning: in training mode, with the gradients it had.

    Parameters
    ----------
    learned : Distillation or nn.Module
        Of a run, its student is copied.

    Returns
    -------
    nn.Module

    Raises
    ------
    ValueError
        If a run has not taken one step.

    Examples
    --------
    >>> from kdviz import models
    >>> student = models.mlp((8,), inputs=4, classes=3)
    >>> trainable_copy(student).training, trainable_copy(student) is student
    (True, False)
    """
    return _copy_of(learned).train()


def train_each(
    runs: Iterable[Distillation], *, progress: bool = True, evaluate: bool = True
) -> tuple[Distillation, ...]:
    """Train the runs of a scheme one after the other, to the end of their plans, and return them all.

    Parameters
    ----------
    runs : iterable of Distillation
        What a scheme gives.
    progress, evaluate : bool
        As in :meth:`kdviz.Distillation.train`.

    Returns
    -------
    tuple of Distillation

    Examples
    --------
    >>> import torch
    >>> from kdviz import HardLabels, models
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> students = (models.mlp((8,), inputs=4, classes=3, seed=seed) for seed in range(2))
    >>> runs = (Distillation(None, student, (X, y), HardLabels(), epochs=1) for student in students)
    >>> [run.steps_done for run in train_each(runs, progress=False)]
    [2, 2]
    """
    trained = []
    for run in runs:
        run.train(progress=progress, evaluate=evaluate)
        trained.append(run)
    return tuple(trained)


def named(run: Distillation, text: str, **places: Any) -> Distillation:
    """Give a run of several its name, a text marked for translation with its places, and return it."""
    run.name = RunName(text, places)
    return run


def _copy_of(learned: Distillation | nn.Module) -> nn.Module:
    if not isinstance(learned, Distillation):
        return _copied(as_module(learned, "teacher"))
    if learned.steps_done == 0:
        raise ValueError(
            f"{learned} was not trained and the next run learns from it; train each run before asking for the next, "
            "or let kd.schemes.train_each do it"
        )
    with learned.lock:
        return _copied(learned.student)


def _copied(model: nn.Module) -> nn.Module:
    other = copy.deepcopy(model)
    other.zero_grad()  # deepcopy takes the last step's gradients along
    return other
