"""On-policy distillation (GKD): the student writes, the teacher says of each token how likely others would have been.

A student that learned from given text has never seen its own mistakes; when it writes, each one leads it further away.
Here it learns on its own text: there the teacher corrects it, token by token, where it really goes.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from ..distillation import Distillation
from ..objective import Objective
from ..schedules import Hyperparameter
from ..teacher import Teacher
from ..terms import HardLabels, OnPolicy


def on_policy(
    teacher: nn.Module | Teacher,
    student: nn.Module,
    data: Any,
    *,
    own: Hyperparameter = 0.5,
    divergence: str = "jensen_shannon",
    beta: Hyperparameter = 0.5,
    temperature: Hyperparameter = 1.0,
    sampling: Hyperparameter = 1.0,
    alpha: float = 1.0,
    prompt: int = 1,
    end: int | None = None,
    every: int = 1,
    **training: Any,
) -> Distillation:
    """Return a run that learns on text which the student wrote itself, at a share λ of its steps.

    Parameters
    ----------
    teacher, student : nn.Module
        Both give logits (B, L, V) over the same vocabulary.
    data : Splits, (X, y), Dataset or DataLoader
        Token ids (N, L) with labels (N, L), the ids shifted by one, -1 at prompts and padding.
    own, divergence, beta, temperature, sampling, prompt, end, every
        As for :class:`kdviz.OnPolicy`; ``own`` is λ, live: ``run.edit(own=1.0)``.
    alpha : float
        In [0, 1], the weight of the divergence; the rest is that of the given text's labels.
    **training
        Arguments of :class:`kdviz.Distillation`.

    Returns
    -------
    Distillation

    Raises
    ------
    ValueError, TypeError
        As for :class:`kdviz.OnPolicy`.

    References
    ----------
    Agarwal et al. (2024), ICLR, arXiv:2306.13649.
    """
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha must lie in (0, 1] (it is the weight of the divergence), got {alpha}")
    term = OnPolicy(temperature, own, beta, sampling, divergence, prompt, end, every)
    objective: Objective = alpha * term
    if alpha < 1:
        objective = objective + (1 - alpha) * HardLabels()
    return Distillation(teacher, student, data, objective, **training)
