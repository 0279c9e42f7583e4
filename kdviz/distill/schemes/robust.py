"""Robust distillation: the student meets pictures that are changed against itself, and answers as the teacher answers
the originals.

L = alpha · KL(t(x) ‖ s(x′)) + (1 − alpha) · R, where x′ is x moved uphill on that divergence, by at most the radius a
pixel. With RSLAD the rest R is the soft targets of the originals, and no label is needed; with ARD it is the labels.

What to watch: errors on changed examples beside those on plain ones. The former fall at the price of the latter, and at
the price of time: a step costs ``steps`` + 1 further passes of the student. A robust teacher taught from plain examples
passes little of its robustness on.
"""

from __future__ import annotations

from typing import Any, Literal

from torch import nn

from ..distillation import Distillation
from ..schedules import Hyperparameter
from ..teacher import Teacher
from ..terms import HardLabels, RobustSoftTargets, SoftTargets

Form = Literal["rslad", "ard"]
FORMS = ("rslad", "ard")


def robust(
    teacher: nn.Module | Teacher,
    student: nn.Module,
    data: Any,
    *,
    form: Form = "rslad",
    radius: Hyperparameter = 0.1,
    steps: int = 10,
    alpha: float = 5 / 6,
    temperature: Hyperparameter = 1.0,
    **training: Any,
) -> Distillation:
    """Return a run that learns soft targets on examples changed against the student.

    Parameters
    ----------
    teacher, student : nn.Module
        The teacher is never attacked.
    data : Splits, (X, y), Dataset or DataLoader
        Inputs within [0, 1], such as pixels.
    form : {"rslad", "ard"}
        What stands beside it: the soft targets of the originals, or the labels.
    radius : float or Schedule
        The largest change of a pixel. Live: ``run.edit(robust_soft_radius=0.2)``.
    steps : int
        Of the attack on the student.
    alpha : float
        Weight of the changed examples, within [0, 1].
    temperature : float or Schedule
        T > 0, of all soft targets.
    **training
        Arguments of :class:`kdviz.Distillation`.

    Returns
    -------
    Distillation

    Raises
    ------
    ValueError, TypeError
        If the form is unknown, alpha lies outside [0, 1], or as :class:`kdviz.Distillation` does.

    Notes
    -----
    See :class:`kdviz.RobustSoftTargets`. In ARD's paper the attack climbs the cross-entropy with the labels; here it
    climbs the divergence from the teacher in both forms.

    References
    ----------
    Goldblum, Fowl, Feizi, Goldstein (2020), Adversarially Robust Distillation, AAAI, arXiv:1905.09747. Zi, Zhao, Ma,
    Jiang (2021), Revisiting Adversarial Robustness Distillation: Robust Soft Labels Make Student Better, ICCV,
    arXiv:2108.07969.

    Examples
    --------
    >>> import torch
    >>> from kdviz import models
    >>> X, y = torch.rand(200, 4), torch.arange(200) % 3
    >>> teacher = models.mlp((16,), inputs=4, classes=3).eval()
    >>> run = robust(teacher, models.mlp((4,), inputs=4, classes=3), (X, y), form="ard", steps=2, epochs=1)
    >>> run.train(progress=False).history.columns[:3]
    ('loss', 'robust_soft', 'hard')
    """
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}, got {form!r}")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie within 0 and 1, got {alpha}")
    rest = SoftTargets(temperature) if form == "rslad" else HardLabels()
    objective = alpha * RobustSoftTargets(temperature, radius, steps) + (1 - alpha) * rest
    return Distillation(teacher, student, data, objective, **training)
