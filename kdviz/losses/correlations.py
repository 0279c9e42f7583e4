"""Correlation instead of an exact match (DIST)."""

from __future__ import annotations

import torch
from torch import Tensor

from .precision import outside_autocast
from .reductions import over_positions
from .softening import softened_pair


@outside_autocast
def correlation(
    s: Tensor,
    t: Tensor,
    beta: float = 1.0,
    gamma: float = 1.0,
    temperature: float = 1.0,
    *,
    mask: Tensor | None = None,
) -> Tensor:
    """Correlation instead of an exact match (DIST), T² · [β · (1 − mean r of rows) + γ · (1 − mean r of columns)].

    There is no ``reduction``: a row belongs to one example, but a column spans all of them.

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits. ``t`` is detached: no gradient reaches the teacher.
    beta : float
        β, the weight of the rows: the classes of one example.
    gamma : float
        γ, the weight of the columns: the examples of one class, over all of (...).
    temperature : float
        T > 0; both sides are softened by it.
    mask : Tensor of bool, shape (B,) or (...), optional
        True where a position counts, in rows and columns. Masked-out entries, NaN included, affect neither the value
        nor the gradient.

    Returns
    -------
    Tensor
        A scalar in [0, 2 T² (β + γ)]; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the temperature is not a finite number above 0, the shapes differ, or the mask does not fit.

    Notes
    -----
    r(u, v) is Pearson's correlation of u and v; rows and columns are those of q = σ_T(s) and p = σ_T(t)::

        loss = T² · [β (1 − (1/B) Σ_b r(q_b, p_b)) + γ (1 − (1/C) Σ_c r(q_·c, p_·c))]

    The student only has to agree with the teacher in order and spacing: a row or column a q + b, a > 0, costs nothing.

    1 − r is computed as ½ ‖u/‖u‖ − v/‖v‖‖² of the centered vectors, which is the same number and exactly 0 for equal
    ones. Where a vector is constant r has no value: norms are kept from 0 by √(‖u‖² + ε²) with ε = 16 units of
    rounding, so that two constant vectors cost 0, a constant and another one ½. In a batch of one the columns
    contribute nothing. The gradient of a row or column grows as 1/‖u‖, up to 1/ε where it is constant: do not start
    from a last layer of zeros. With two classes r of a row is 1 or −1 and has no gradient.

    A class that the teacher rules out (t_c = −∞) has p_c = 0, like any other number here.

    Public code adds 1e-8 to ‖u‖ ‖v‖: a class that both consider impossible throughout the batch then costs γ/C, even
    at equality, as do rows at a high temperature; here it does not.

    References
    ----------
    Huang, You, Wang, Qian, Xu (2022), Knowledge Distillation from A Stronger Teacher, NeurIPS, arXiv:2205.10536.

    Examples
    --------
    >>> teacher = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]])
    >>> correlation(teacher, teacher).item()
    0.0
    >>> round(correlation(teacher.flip(0), teacher, beta=0.0).item(), 4)  # columns of two, reversed: r = −1
    2.0
    """
    log_q, log_p = softened_pair(s, t, temperature, mask)
    q, p = log_q.exp().flatten(0, -2), log_p.exp().flatten(0, -2)  # (B, C)
    counts = None if mask is None else mask.flatten()  # (B,)
    rows = over_positions(_uncorrelated(_centered(q, 1), _centered(p, 1), 1), "mean", counts)
    columns = _uncorrelated(_centered(q, 0, counts), _centered(p, 0, counts), 0).mean()
    return (beta * rows + gamma * columns) * temperature**2


def _centered(x: Tensor, dim: int, counts: Tensor | None = None) -> Tensor:
    """Return x minus its mean over ``dim``; with ``counts``, over the rows that count, and 0 in the others."""
    if counts is None:
        return x - x.mean(dim, keepdim=True)
    keep = counts.unsqueeze(1).to(x.dtype)  # (B, 1)
    return (x - (x * keep).sum(dim, keepdim=True) / keep.sum().clamp(min=1)) * keep


def _uncorrelated(u: Tensor, v: Tensor, dim: int) -> Tensor:
    """Return 1 − r of centered vectors: half the squared distance of their unit vectors."""
    return (_unit(u, dim) - _unit(v, dim)).square().sum(dim) / 2


def _unit(u: Tensor, dim: int) -> Tensor:
    epsilon = 16 * torch.finfo(u.dtype).eps
    return u * (u.square().sum(dim, keepdim=True) + epsilon**2).rsqrt()
