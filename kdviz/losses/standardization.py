"""Logit standardization (LSKD): soft targets of logits that are standardized row by row."""

from __future__ import annotations

import torch
from torch import Tensor

from .precision import outside_autocast
from .reductions import Reduction, over_classes, paired
from .softening import NEEDED, check_temperature, log_softened, weighted_log_ratio


@outside_autocast
def standardized_soft_targets(
    s: Tensor,
    t: Tensor,
    temperature: float = 2.0,
    *,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Logit standardization (LSKD): soft targets of standardized logits, T² · KL(σ_T(ẑ_t) ‖ σ_T(ẑ_s)), in nats.

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits, C ≥ 2. ``t`` is detached: no gradient reaches the teacher.
    temperature : float
        T > 0, in units of the standard deviation of a row's logits.
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
    ẑ_c = (z_c − z̄) / (1e-7 + sd(z)) with z̄ and sd (divided by C − 1) over the classes of each row, then
    :func:`soft_targets`. The student has to match the order and the spacing of the teacher's logits, not their range:
    a z + b with a > 0 costs the same as z, up to the 1e-7. So it does not learn how confident to be;
    the additional hard labels teach that.

    The gradient grows as 1 / sd(z). A row whose logits are all equal has sd = 0 and, from the 1e-7, a finite gradient
    some 10⁷ times the usual one: do not start from a last layer of zeros.

    Where the teacher rules out classes (t_c = −∞) mean and sd of both sides are taken over the other classes: so the
    loss tends to 0 for a student that comes to rule them out too and matches elsewhere.

    The public code standardizes in the same way; its commands give the term the weight 9 (``--kd-weight 9``).

    References
    ----------
    Sun, Ren, Li, Wang, Cao (2024), Logit Standardization in Knowledge Distillation, CVPR, arXiv:2403.01427.

    Examples
    --------
    >>> teacher = torch.tensor([[2.0, 1.0, 0.0]])
    >>> round(standardized_soft_targets(3 * teacher + 5, teacher).item(), 6)
    0.0
    >>> round(standardized_soft_targets(-teacher, teacher, temperature=1.0).item(), 4)
    1.1504
    """
    check_temperature(temperature)
    s, t = paired(s, t, mask, "logits", NEEDED)
    if s.shape[-1] < 2:
        raise ValueError(f"standardization needs logits of at least two classes, got shape {tuple(s.shape)}")
    counts = t != -torch.inf  # (B, C)
    log_q = log_softened(_standardized(s, counts), temperature)
    log_p = log_softened(_standardized(t, counts), temperature)
    return over_classes(weighted_log_ratio(log_p, log_q), temperature**2, reduction, mask)


def _standardized(z: Tensor, counts: Tensor) -> Tensor:
    """Return ẑ with mean and standard deviation over the classes that count, applied to all classes."""
    ruled_out = z == -torch.inf
    z = z.masked_fill(ruled_out, 0)  # an infinite value would give sd the gradient 0 · ∞
    n = counts.sum(-1, keepdim=True)  # (B, 1)
    mean = z.masked_fill(~counts, 0).sum(-1, keepdim=True) / n
    difference = (z - mean).masked_fill(~counts, 0)
    variance = difference.square().sum(-1, keepdim=True) / (n - 1).clamp(min=1)
    constant = variance == 0  # where the root has no gradient
    sd = variance.masked_fill(constant, 1).sqrt().masked_fill(constant, 0)
    return ((z - mean) / (1e-7 + sd)).masked_fill(ruled_out, -torch.inf)
