"""The soft targets of several teachers at once: the mixture of their predictions."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .labels import UNLABELLED
from .precision import at_least_float32, outside_autocast
from .reductions import Reduction
from .response import soft_targets
from .softening import check_temperature, log_softened


@outside_autocast
def multi_teacher(
    s: Tensor, t: Tensor, log_weights: Tensor, temperature: float = 4.0, *, reduction: Reduction = "mean"
) -> Tensor:
    """Soft targets of a mixture of teachers, T² · KL(Σ_k w_k σ_T(t_k) ‖ σ_T(s)), in nats.

    Parameters
    ----------
    s : Tensor, shape (B, C)
        Student logits.
    t : Tensor, shape (B, K, C)
        Logits of K teachers, detached.
    log_weights : Tensor, shape (B, K)
        log w_k, for each example; detached. The w_k of an example sum to 1.
    temperature : float
        T > 0; softens each teacher, and the student.
    reduction : {"mean", "none"}
        ``"mean"``: the average over examples. ``"none"``: one value per example, shape (B,).

    Returns
    -------
    Tensor
        A scalar, or shape (B,); float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the temperature is not a finite number above 0, the shapes do not fit, or ``reduction`` is unknown.

    Notes
    -----
    A class that all teachers with a weight rule out (−∞) contributes nothing, as in
    :func:`~kdviz.losses.soft_targets`; one that only some rule out has the others' share.

    References
    ----------
    You, Xu, Xu, Tao (2017), Learning from Multiple Teacher Networks, KDD.

    Examples
    --------
    >>> t = torch.tensor([[[9.0, 0.0], [0.0, 9.0]]])  # two teachers that contradict each other
    >>> multi_teacher(torch.zeros(1, 2), t, torch.full((1, 2), 0.5).log()).item()
    0.0
    """
    check_temperature(temperature)
    if t.ndim != 3 or s.shape != (t.shape[0], t.shape[2]) or log_weights.shape != t.shape[:2]:
        raise ValueError(
            f"expected student logits (B, C), teacher logits (B, K, C) and weights (B, K), got {tuple(s.shape)}, "
            f"{tuple(t.shape)} and {tuple(log_weights.shape)}"
        )
    with torch.no_grad():
        log_w = at_least_float32(log_weights)[:, :, None]
        mixed = (log_w + log_softened(at_least_float32(t), temperature)).logsumexp(1)  # (B, C)
    return soft_targets(s, temperature * mixed, temperature, reduction=reduction)


def confident_log_weights(t: Tensor, y: Tensor) -> Tensor:
    """Return log w_k by how close each teacher is to the label (CA-MKD), shape (B, K); uniform without a label.

    Parameters
    ----------
    t : Tensor, shape (B, K, C)
        The teachers' logits, K ≥ 2.
    y : Tensor of int64, shape (B,)
        Labels, -1 where unknown.

    Notes
    -----
    w_k = (1 − exp CE_k / Σ_j exp CE_j) / (K − 1) with CE_k = CE(t_k, y). A teacher that rules out the label has an
    infinite CE_k and the weight 0; if m of them do, each has the weight (1 − 1/m) / (K − 1).

    Examples
    --------
    >>> t = torch.tensor([[[0.0, 0.0], [0.0, -torch.inf], [0.0, 0.0]]])
    >>> confident_log_weights(t, torch.tensor([1])).exp()
    tensor([[0.5000, 0.0000, 0.5000]])
    """
    t = at_least_float32(t)
    count = t.shape[1]
    right = y.clamp(min=0)[:, None, None].expand(-1, count, 1)
    cross_entropy = -torch.log_softmax(t, 2).gather(2, right).squeeze(2)  # (B, K)
    cross_entropy = cross_entropy.clamp(max=torch.finfo(t.dtype).max)  # ∞ − ∞ is undefined
    confident = torch.log1p(-torch.softmax(cross_entropy, 1)) - math.log(count - 1)
    return torch.where((y != UNLABELLED)[:, None], confident, confident.new_full((), -math.log(count)))


@outside_autocast
def fused_likelihood(t: Tensor, log_weights: Tensor, y: Tensor) -> Tensor:
    """Return −log Σ_k w_k σ(t_k)_y, the mean over the labelled examples, in nats: the loss of a gate of weights.

    An example whose label all teachers rule out is uninformative and left out, as are those without a label; 0 where
    none is left.

    Parameters
    ----------
    t : Tensor, shape (B, K, C)
        The teachers' logits, detached.
    log_weights : Tensor, shape (B, K)
        log w_k, with gradient.
    y : Tensor of int64, shape (B,)
        Labels, -1 where unknown.

    Examples
    --------
    >>> t, even = torch.zeros(2, 3, 4), torch.full((2, 3), 1 / 3).log()
    >>> round(fused_likelihood(t, even, torch.tensor([2, -1])).item(), 4)  # ln 4
    1.3863
    """
    right = y.clamp(min=0)[:, None, None].expand(-1, t.shape[1], 1)
    log_likelihood = torch.log_softmax(at_least_float32(t.detach()), 2).gather(2, right).squeeze(2)  # (B, K)
    counts = (y != UNLABELLED) & (log_likelihood > -torch.inf).any(1)
    log_p = (at_least_float32(log_weights) + log_likelihood.masked_fill(~counts[:, None], 0)).logsumexp(1)
    return -log_p.masked_fill(~counts, 0).sum() / counts.sum().clamp(min=1)
