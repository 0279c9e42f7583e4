"""Adversarial distillation (GAN-KD): an opponent learns to tell the student's logits from the teacher's, the student to
deceive it.

L = alpha · T² · KL + (1 − alpha) · CE(s, y) + weight · E[softplus(−D(s))], and for the opponent
E[softplus(−D(t))] + E[softplus(D(s))] + penalty · gradient penalty. Both step at once.

What to watch: the ``adversarial`` column of the history. An opponent that cannot tell the two apart settles at
ln 2 ≈ 0.69. Where the column climbs and stays high, the opponent has won: raise the penalty, or narrow the opponent.
This term does not relate outputs to examples; the others do.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from ..distillation import Distillation
from ..schedules import Hyperparameter
from ..teacher import Teacher
from ..terms import Adversarial, hinton


def adversarial(
    teacher: nn.Module | Teacher,
    student: nn.Module,
    data: Any,
    *,
    weight: Hyperparameter = 0.1,
    alpha: Hyperparameter = 0.9,
    temperature: Hyperparameter = 4.0,
    layers: tuple[str, str] | None = None,
    width: int = 64,
    penalty: Hyperparameter = 1.0,
    **training: Any,
) -> Distillation:
    """Return a run with an opponent in addition to soft targets and labels.

    Parameters
    ----------
    teacher, student : nn.Module
    data : Splits, (X, y), Dataset or DataLoader
    weight : float or Schedule
        Of the loss that deceives the opponent. Live: ``run.edit(weight_adversarial=0)``.
    alpha, temperature : float or Schedule
        Of the other two terms.
    layers : (str, str), optional
        A layer of the student and one of the teacher, with equally many numbers, for the opponent to distinguish
        instead of the logits.
    width : int
        Hidden units of the opponent.
    penalty : float or Schedule
        Weight of the gradient penalty on it.
    **training
        Arguments of :class:`kdviz.Distillation`.

    Returns
    -------
    Distillation
        ``run.auxiliary["adversarial"]`` is the opponent.

    Notes
    -----
    See :class:`kdviz.Adversarial`. Xu et al. use a conditional opponent that also predicts the class, and no soft
    targets.

    References
    ----------
    Xu, Hsu, Huang (2018), Training Shallow and Thin Networks for Acceleration via Knowledge Distillation with
    Conditional Adversarial Networks, ICLR workshop, arXiv:1709.00513.

    Examples
    --------
    >>> import torch
    >>> from kdviz import models
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> teacher = models.mlp((16,), inputs=4, classes=3).eval()
    >>> run = adversarial(teacher, models.mlp((4,), inputs=4, classes=3), (X, y), epochs=2).train(progress=False)
    >>> run.history.columns[:4]
    ('loss', 'soft', 'hard', 'adversarial')
    """
    ours, theirs = (None, None) if layers is None else layers
    opponent = Adversarial(ours, theirs, width, penalty)
    return Distillation(teacher, student, data, hinton(alpha, temperature) + weight * opponent, **training)
