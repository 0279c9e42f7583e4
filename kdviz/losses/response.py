"""Losses on the response: what the student says, against what the teacher or the label says."""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Reduction = Literal["mean", "none"]
UNLABELLED = -1  # the label of an example whose class is not known


def soft_targets(s: Tensor, t: Tensor, temperature: float = 4.0, *, reduction: Reduction = "mean") -> Tensor:
    """Hinton's soft-target loss, T² · KL(σ_T(t) ‖ σ_T(s)), in nats.

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits. ``t`` is detached: no gradient reaches the teacher.
    temperature : float
        T > 0; both sides are softened by it.
    reduction : {"mean", "none"}
        ``"mean"``: the average over examples. ``"none"``: one value per example, shape (B,) or (...).

    Returns
    -------
    Tensor
        A scalar, or one value per example; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the temperature is not a finite number above 0, the shapes differ, or ``reduction`` is unknown.

    Notes
    -----
    With p = σ_T(t) and q = σ_T(s): loss = T² · Σ_c p_c (log p_c − log q_c), averaged over the batch. ∂loss/∂s = T (q
    − p) / B: thanks to T² the gradient stays O(1) in T. As T → ∞ the loss tends to (1/2C) Σ_c (d_c − d̄)² with d = s
    − t, half the variance of the logit difference over the classes.

    Public implementations differ: some leave out T², some average over B·C (``F.kl_div(..., reduction="mean")``), which
    makes the term C times smaller.

    References
    ----------
    Hinton, Vinyals, Dean (2015), Distilling the Knowledge in a Neural Network, arXiv:1503.02531.

    Examples
    --------
    >>> teacher = torch.tensor([[2.0, 1.0, 0.0]])
    >>> soft_targets(teacher, teacher).item()
    0.0
    >>> round(soft_targets(torch.zeros(1, 3), teacher, temperature=1.0).item(), 4)
    0.2662
    """
    check_temperature(temperature)
    if s.shape != t.shape:
        raise ValueError(
            f"student logits have shape {tuple(s.shape)} and teacher logits {tuple(t.shape)}; "
            "both must be (batch, classes) over the same classes"
        )
    log_q = F.log_softmax(_at_least_float32(s) / temperature, dim=-1)  # (B, C)
    log_p = F.log_softmax(_at_least_float32(t.detach()) / temperature, dim=-1)  # (B, C)
    pointwise = log_p.exp() * (log_p - log_q)  # (B, C), each row sums to the KL of that example
    if reduction == "mean":
        return pointwise.sum() * (temperature**2 / max(1, _rows(pointwise)))
    if reduction == "none":
        return pointwise.sum(-1) * temperature**2
    raise ValueError(f'reduction must be "mean" or "none", got {reduction!r}')


def hard_labels(s: Tensor, y: Tensor, *, reduction: Reduction = "mean", labelled: int | None = None) -> Tensor:
    """Cross-entropy of the student with the labels, CE(s, y) at T = 1, in nats.

    Parameters
    ----------
    s : Tensor, shape (B, C)
        Student logits.
    y : Tensor of int64, shape (B,)
        Class indices; -1 marks an example without a label, which adds nothing.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the labelled examples, 0 where there is none. ``"none"``: one value per example.
    labelled : int, optional
        How many of ``y`` are labels, when the caller knows: it saves counting them.

    Returns
    -------
    Tensor
        A scalar, or shape (B,); float32 at least.

    Examples
    --------
    >>> logits = torch.tensor([[0.0, 0.0], [3.0, 0.0]])
    >>> round(hard_labels(logits, torch.tensor([0, -1])).item(), 4)  # ln 2: the second example has no label
    0.6931
    >>> hard_labels(logits, torch.tensor([-1, -1])).item()
    0.0
    """
    if reduction not in ("mean", "none"):
        raise ValueError(f'reduction must be "mean" or "none", got {reduction!r}')
    loss = F.cross_entropy(_at_least_float32(s), y, ignore_index=UNLABELLED, reduction=_TORCH_REDUCTION[reduction])
    if reduction == "none":
        return loss
    return loss / ((y != UNLABELLED).sum().clamp(min=1) if labelled is None else max(1, labelled))


_TORCH_REDUCTION = {"mean": "sum", "none": "none"}  # our own mean: torch's is 0/0 when no example has a label


def check_temperature(temperature: float) -> None:
    """Raise a one-sentence ``ValueError`` unless ``temperature`` is a finite number above 0.

    >>> check_temperature(-1.0)
    Traceback (most recent call last):
        ...
    ValueError: temperature must be a finite number > 0, got -1.0
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise ValueError(f"temperature must be a finite number > 0, got {temperature}")


def _at_least_float32(z: Tensor) -> Tensor:
    return z.float() if z.dtype in (torch.bfloat16, torch.float16) else z


def _rows(z: Tensor) -> int:
    return z.numel() // z.shape[-1]
