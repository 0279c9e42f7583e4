"""Decoupled knowledge distillation (DKD)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .labels import UNLABELLED
from .precision import outside_autocast
from .reductions import Reduction, over_positions, paired
from .softening import NEEDED, check_temperature, weighted_log_ratio


@outside_autocast
def decoupled(
    s: Tensor,
    t: Tensor,
    y: Tensor,
    alpha: float = 1.0,
    beta: float = 8.0,
    temperature: float = 4.0,
    *,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Decoupled knowledge distillation (DKD): separate weights for the true class and the others, in nats.

    T² · (α·TCKD + β·NCKD).

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits, C ≥ 2. ``t`` is detached: no gradient reaches the teacher.
    y : Tensor of int64, shape (B,) or (...)
        Class indices; -1 marks a position without a label, which does not count.
    alpha : float
        α, the weight of TCKD: the teacher's confidence in the true class.
    beta : float
        β, the weight of NCKD: the teacher's distribution among the other classes.
    temperature : float
        T > 0; both sides are softened by it.
    mask : Tensor of bool, shape (B,) or (...), optional
        True where a position counts. Masked-out entries, NaN included, affect neither the value nor the gradient.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the positions that count, 0 where none does. ``"none"``: one value per example,
        shape (B,) or (...), 0 where it does not count.

    Returns
    -------
    Tensor
        A scalar, or one value per example; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the temperature is not a finite number above 0, there are fewer than two classes, the shapes differ, the
        mask does not fit, or ``reduction`` is unknown.

    Notes
    -----
    With p = σ_T(t), q = σ_T(s), p_∖ = 1 − p_y the mass of the other classes and p̂_c = p_c / p_∖ for c ≠ y::

        TCKD = p_y log(p_y / q_y) + p_∖ log(p_∖ / q_∖)        NCKD = Σ_{c ≠ y} p̂_c log(p̂_c / q̂_c)

    KL(p ‖ q) = TCKD + (1 − p_y) · NCKD for each example: in soft targets, the more confident the teacher is in the true
    class, the less its distribution among the others counts. Decoupling gives NCKD a weight of its own. With two
    classes NCKD is 0.

    p_∖ is never computed as 1 − p_y, which is 0 for a confident teacher: log p_y and log p_∖ are log-sigmoids of ± the
    margin z_y − logsumexp_{c ≠ y} z_c of z = t / T. Public code takes the logarithm of the summed softmax (−∞ once it
    underflows) and excludes the true class from NCKD by subtracting 1,000 from its logit, which fails where logits / T
    are further apart than that. It also ramps the loss up over the first epochs; here that is a schedule of the weight.

    Classes that the teacher rules out (t_c = −∞) contribute to neither part. Where it rules out all but the true class,
    NCKD is 0.

    References
    ----------
    Zhao, Cui, Song, Qiu, Liang (2022), Decoupled Knowledge Distillation, CVPR, arXiv:2203.08679.

    Examples
    --------
    >>> from kdviz.losses import soft_targets
    >>> teacher, y = torch.tensor([[2.0, 1.0, 0.0]]), torch.tensor([0])
    >>> decoupled(teacher, teacher, y).item()
    0.0
    >>> s = torch.zeros(1, 3)
    >>> tckd, nckd = decoupled(s, teacher, y, 1.0, 0.0, 1.0), decoupled(s, teacher, y, 0.0, 1.0, 1.0)
    >>> kl = soft_targets(s, teacher, temperature=1.0)
    >>> torch.allclose(kl, tckd + (1 - teacher.softmax(1)[0, 0]) * nckd)
    True
    """
    check_temperature(temperature)
    s, t = paired(s, t, mask, "logits", NEEDED)
    if s.shape[-1] < 2:
        raise ValueError(f"decoupled needs logits of at least two classes, got shape {tuple(s.shape)}")
    if y.shape != s.shape[:-1]:
        raise ValueError(f"y must have shape {tuple(s.shape[:-1])}, one class per example, got {tuple(y.shape)}")
    counts = (y != UNLABELLED) if mask is None else (y != UNLABELLED) & mask
    target = y.clamp(min=0).unsqueeze(-1)  # (B, 1)
    margin_s, log_q = _split(s / temperature, target)
    margin_t, log_p = _split(t / temperature, target)
    tckd = _two_way_kl(margin_t, margin_s)  # (B,)
    nckd = weighted_log_ratio(log_p, log_q).sum(-1)  # (B,)
    return over_positions((alpha * tckd + beta * nckd) * temperature**2, reduction, counts)


def _split(z: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return the log-odds of the target class, shape (B,), and log σ(z) among the others, (B, C), −∞ at the target.

    Where all others are ruled out the odds are infinite, and the distribution among the others is −∞ throughout.
    """
    is_target = torch.arange(z.shape[-1], device=z.device) == target  # (B, C)
    others = z.masked_fill(is_target, -torch.inf)
    none_left = (others == -torch.inf).all(-1, keepdim=True)  # (B, 1)
    others = others.masked_fill(none_left, 0)  # kept from −∞ − (−∞)
    margin = z.gather(-1, target) - others.logsumexp(-1, keepdim=True)
    margin = margin.masked_fill(none_left, torch.inf).squeeze(-1)
    return margin, F.log_softmax(others, dim=-1).masked_fill(is_target | none_left, -torch.inf)


def _two_way_kl(margin_t: Tensor, margin_s: Tensor) -> Tensor:
    """Return the KL divergence of two yes-or-no distributions from their log-odds."""
    yes = weighted_log_ratio(F.logsigmoid(margin_t), F.logsigmoid(margin_s))
    return yes + weighted_log_ratio(F.logsigmoid(-margin_t), F.logsigmoid(-margin_s))
