"""Snapshot distillation (SD): a network learns from its own earlier state.

The teacher is ``run.at(step)``, the run's own student after ``step`` steps, replayed exactly; the student goes on from
where the run is now. A network that has begun to learn its labels by heart is held near a time when it had not.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from torch import nn

from ..distillation import Distillation
from ..objective import Objective
from ..settings import Settings
from ..terms import Term, hinton
from .generations import trainable_copy


def snapshot_distillation(
    run: Distillation,
    step: int | None = None,
    objective: Objective | Term | None = None,
    *,
    student: nn.Module | None = None,
    **training: Any,
) -> Distillation:
    """Return a new run whose teacher is an earlier snapshot of a run's own student.

    Parameters
    ----------
    run : Distillation
        A trained run. It stays as it is.
    step : int, optional
        Which snapshot teaches: the student after that many steps. By default that of ``run.best_step()``, the best
        evaluation on validation data; the present where there is none.
    objective : Objective or Term, optional
        Default :func:`kdviz.hinton`, soft targets of the snapshot and labels.
    student : nn.Module, optional
        Who is taught; by default a copy of the run's student as it is now, which goes on learning.
    **training
        Arguments of :class:`kdviz.Distillation`; what is not given is as in ``run``.

    Returns
    -------
    Distillation
        Cycles in a row: ``snapshot_distillation(snapshot_distillation(run).train())``.

    Raises
    ------
    ValueError
        If the run was not trained, or has not come to ``step``.

    Notes
    -----
    After snapshot distillation (Yang et al. 2019): one run is cut into cycles and the last snapshot of a cycle teaches
    the next, with a learning rate that falls within each cycle (``learning_rate=kd.schedules.Cosine(...)``) so that
    student and teacher do not stay the same. They smooth the teacher by a temperature on its side alone; here T softens
    both sides, as everywhere. The optimizer begins anew, without the momentum it had.

    Where the teacher is the present student, the soft term and its gradient are 0 at the first step.

    References
    ----------
    Yang, Xie, Su, Yuille (2019), Snapshot Distillation: Teacher-Student Optimization in One Generation, CVPR,
    arXiv:1812.00123.

    Examples
    --------
    >>> import torch
    >>> from kdviz import HardLabels, models
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> run = Distillation(None, models.mlp((8,), inputs=4, classes=3), (X, y), HardLabels(), epochs=3)
    >>> later = snapshot_distillation(run.train(progress=False), step=2)
    >>> bool((later.teacher(X) == run.at(2)(X)).all()), later.settings.epochs
    (True, 3)
    """
    student = trainable_copy(run) if student is None else student
    if step is None:
        best = run.best_step()
        step = run.steps_done if best is None else best
    settings = {field.name: getattr(run.settings, field.name) for field in fields(Settings)}
    settings |= {"objective": hinton() if objective is None else objective, "allow_weaker_teacher": True}
    return Distillation(run.at(step), student, run.data, **settings | training)
