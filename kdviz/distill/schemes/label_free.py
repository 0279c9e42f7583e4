"""Label-free: the student sees no labels at all, only the teacher's soft targets.

L = T² · KL(σ_T(t) ‖ σ_T(s)) with alpha = 1. Any inputs will do for a transfer set: nobody has to say what they are.
That most of the knowledge is in the soft targets is Hinton's point; how much of it is, the run shows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from ...data import Splits, splits
from ..distillation import Distillation
from ..objective import Objective
from ..schedules import Hyperparameter
from ..teacher import Teacher
from ..terms import SoftTargets, Term


def label_free(
    teacher: nn.Module | Teacher,
    student: nn.Module,
    data: Any,
    objective: Objective | Term | None = None,
    *,
    temperature: Hyperparameter = 4.0,
    **training: Any,
) -> Distillation:
    """Return a run on a transfer set without labels: the teacher's soft targets alone.

    Parameters
    ----------
    teacher, student : nn.Module
    data : Splits, (X, y), X, Dataset or DataLoader
        Labels of ``data.train`` are taken away. Those of validation and test stay: they only measure.
    objective : Objective or Term, optional
        Another one than ``SoftTargets(temperature)``. Its terms on labels get none and add nothing.
    temperature : float or Schedule
        T > 0.
    **training
        Arguments of :class:`kdviz.Distillation`: epochs, seed, learning_rate and others.

    Returns
    -------
    Distillation

    Raises
    ------
    ValueError
        As :class:`kdviz.Distillation` does.

    Notes
    -----
    L = T² · KL(σ_T(t) ‖ σ_T(s)), summed over classes, averaged over examples. Whole data sets are reduced by
    ``with_labels(0, keep_unlabelled=True)``, so that the recipe can name them; data that were reduced already, or are
    your own, keep their examples and lose their labels.

    The run has no twin: a twin learns from labels, and there are none.

    References
    ----------
    Hinton, Vinyals, Dean (2015), Distilling the Knowledge in a Neural Network, arXiv:1503.02531.

    Examples
    --------
    >>> from kdviz import models
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> teacher = models.mlp((16,), inputs=4, classes=3).eval()
    >>> run = label_free(teacher, models.mlp((4,), inputs=4, classes=3), (X, y), epochs=2)
    >>> run.data.train.labelled, run.train(progress=False).steps_done
    (0, 4)
    """
    objective = SoftTargets(temperature) if objective is None else objective
    return Distillation(teacher, student, without_labels(data), objective, **training)


def without_labels(data: Any) -> Splits:
    """Return data whose training part has no labels; validation and test keep theirs.

    Parameters
    ----------
    data : Splits, (X, y), X, Dataset or DataLoader

    Returns
    -------
    Splits

    Examples
    --------
    >>> without_labels((torch.randn(200, 4), torch.arange(200) % 3)).train
    Examples(160×4 float32, 0 labelled)
    """
    data = splits(data)
    if data.train.labelled == 0:
        return data
    if data.draw is None:
        return data.with_labels(0, keep_unlabelled=True)
    nothing_known = data.train.without_labels(torch.ones(len(data.train), dtype=torch.bool))
    return replace(data, name=f"{data.name}-unlabelled", train=nothing_known, draw=None)
