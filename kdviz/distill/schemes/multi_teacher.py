"""Multi-teacher: one student learns from several teachers at once.

L = alpha · T² · KL(Σ_k w_k σ_T(t_k) ‖ σ_T(s)) + (1 − alpha) · CE(s, y). Whom to listen to is the question: to all
alike, to whoever is nearer to the label (CA-MKD), or as a gate learns (see :class:`kdviz.MultiTeacher`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...data import Examples
from ..distillation import Distillation
from ..objective import Objective
from ..schedules import Hyperparameter
from ..teacher import device_of
from ..terms import MultiTeacher, Term, hinton
from .ensemble import ensemble
from .term_of import term_of


def multi_teacher(
    teachers: Sequence[nn.Module | Distillation],
    student: nn.Module,
    data: Any,
    objective: Objective | Term | None = None,
    *,
    weighting: str = "uniform",
    temperature: Hyperparameter = 4.0,
    alpha: Hyperparameter = 0.9,
    **training: Any,
) -> Distillation:
    """Return a run whose teacher is an ensemble of all teachers.

    Parameters
    ----------
    teachers : sequence of nn.Module or Distillation
        K of them, each giving logits (B, C); copies of them teach. Of runs, their students.
    student : nn.Module
    data : Splits, (X, y), Dataset or DataLoader
    objective : Objective or Term, optional
        Default ``alpha * MultiTeacher(temperature, K, weighting) + (1 - alpha) * HardLabels()``.
    weighting : {"uniform", "confidence", "learned"}
    temperature : float or Schedule
        T > 0.
    alpha : float or Schedule
        In [0, 1], the weight of the soft term.
    **training
        Arguments of :class:`kdviz.Distillation`.

    Returns
    -------
    Distillation
        Its teacher is the ensemble. To load a saved run pass ``teacher=kd.schemes.ensemble(teachers)``.

    Raises
    ------
    ValueError
        Without teachers, or if something given cannot work.

    References
    ----------
    See :class:`kdviz.MultiTeacher`.

    Examples
    --------
    >>> from kdviz import models
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> teachers = [models.mlp((16,), inputs=4, classes=3, seed=seed) for seed in range(3)]
    >>> run = multi_teacher(teachers, models.mlp((4,), inputs=4, classes=3), (X, y), weighting="learned", epochs=2)
    >>> run.train(progress=False).objective.alpha
    0.9
    >>> teacher_weights(run, run.data.train).shape
    torch.Size([160, 3])
    """
    together = ensemble(teachers)
    if objective is None:
        (soft, _), hard = hinton(alpha, temperature).weighted
        objective = Objective(((soft, MultiTeacher(temperature, len(together.members), weighting)), hard))
    return Distillation(together, student, data, objective, **training)


def teacher_weights(run: Distillation, examples: Examples) -> Tensor:
    """Return how much each teacher counts for each example, (N, K); rows add up to 1.

    Parameters
    ----------
    run : Distillation
        With a :class:`kdviz.MultiTeacher` term.
    examples : Examples
        N of them.

    Returns
    -------
    Tensor
        On the CPU.

    Raises
    ------
    ValueError
        If the run's objective has no such term.

    Examples
    --------
    >>> from kdviz import models
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> teachers = [models.mlp((16,), inputs=4, classes=3, seed=seed) for seed in range(2)]
    >>> run = multi_teacher(teachers, models.mlp((4,), inputs=4, classes=3), (X, y))
    >>> teacher_weights(run, run.data.test)[0]
    tensor([0.5000, 0.5000])
    """
    term, gate = term_of(run, MultiTeacher, "teachers to weigh")
    assert run.teacher is not None, "the term needs a teacher"
    layers = run.teacher.answers(examples, term.layers).layers
    device = device_of(run.student)
    t = torch.stack([layers[layer] for layer in term.layers], 1).to(device)  # (N, K, C)
    with run.lock, torch.no_grad():
        return term.log_weights(t, examples.y.to(device), gate).exp().cpu()
