"""The parts of a loss around its formula: checks of its arguments, masks and averages."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from .precision import at_least_float32

Reduction = Literal["mean", "none"]


def check_reduction(reduction: str) -> None:
    """Raise a one-sentence ``ValueError`` unless ``reduction`` is known.

    >>> check_reduction("sum")
    Traceback (most recent call last):
        ...
    ValueError: reduction must be "mean" or "none", got 'sum'
    """
    if reduction not in ("mean", "none"):
        raise ValueError(f'reduction must be "mean" or "none", got {reduction!r}')


def paired(s: Tensor, t: Tensor, mask: Tensor | None, what: str, needed: str) -> tuple[Tensor, Tensor]:
    """Return student and teacher tensors ready for comparison: of equal shape, float32 at least, the teacher detached.

    Masked-out positions are set to 0 on both sides, so that padding of any content, NaN included, affects neither the
    value nor the gradient.

    Parameters
    ----------
    s, t : Tensor, shape (..., D)
        The student's and the teacher's values at each position.
    mask : Tensor of bool, shape (...), optional
        True where a position counts; None where all do.
    what, needed : str
        What the tensors are and the required shape, for the error: "logits", "both must be (batch, classes)".

    Returns
    -------
    tuple of Tensor
        Student and teacher.

    Raises
    ------
    ValueError
        If the shapes differ or the mask is not one bool per position.

    Examples
    --------
    >>> s, t = torch.zeros(2, 3), torch.full((2, 3), torch.nan)
    >>> paired(s, t, torch.tensor([False, False]), "logits", "both must be (batch, classes)")[1].abs().sum()
    tensor(0.)
    """
    if s.shape != t.shape:
        raise ValueError(f"student {what} have shape {tuple(s.shape)} and teacher {what} {tuple(t.shape)}; {needed}")
    s, t = at_least_float32(s), at_least_float32(t.detach())
    if mask is None:
        return s, t
    check_mask(mask, s.shape[:-1])
    left_out = ~mask.unsqueeze(-1)
    return s.masked_fill(left_out, 0), t.masked_fill(left_out, 0)


def check_mask(mask: Tensor, shape: tuple[int, ...]) -> None:
    """Raise a one-sentence ``ValueError`` unless ``mask`` holds one bool for each position.

    >>> check_mask(torch.ones(4, dtype=torch.bool), (4, 5))
    Traceback (most recent call last):
        ...
    ValueError: mask must be bool of shape (4, 5), True where a position counts, got bool of shape (4,)
    """
    if mask.dtype != torch.bool or mask.shape != shape:
        kind = str(mask.dtype).removeprefix("torch.")
        raise ValueError(
            f"mask must be bool of shape {tuple(shape)}, True where a position counts, "
            f"got {kind} of shape {tuple(mask.shape)}"
        )


def over_classes(pointwise: Tensor, factor: float, reduction: Reduction, mask: Tensor | None = None) -> Tensor:
    """Sum over the last dimension, times ``factor``; the mean is over positions, never over B·C.

    >>> over_classes(torch.ones(2, 3), 1.0, "mean"), over_classes(torch.ones(2, 3), 1.0, "none")
    (tensor(3.), tensor([3., 3.]))
    """
    if reduction == "mean" and mask is None:
        return pointwise.sum() * (factor / max(1, pointwise.numel() // pointwise.shape[-1]))
    return over_positions(pointwise.sum(-1) * factor, reduction, mask)


def over_positions(each: Tensor, reduction: Reduction, mask: Tensor | None = None) -> Tensor:
    """Return the mean of ``each`` over the positions that count, 0 where none does, or ``each`` with 0 elsewhere.

    >>> each, mask = torch.tensor([1.0, 2.0, 9.0]), torch.tensor([True, True, False])
    >>> over_positions(each, "mean", mask), over_positions(each, "none", mask)
    (tensor(1.5000), tensor([1., 2., 0.]))
    >>> over_positions(each, "mean", mask & ~mask)
    tensor(0.)
    """
    check_reduction(reduction)
    if mask is not None:
        each = each.masked_fill(~mask, 0)
    if reduction == "none":
        return each
    return each.sum() / (max(1, each.numel()) if mask is None else mask.sum().clamp(min=1))
