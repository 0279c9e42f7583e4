"""Losses on the response: the student's logits compared with the teacher's."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .precision import outside_autocast
from .reductions import Reduction, over_classes, over_positions, paired
from .softening import NEEDED, softened_pair, weighted_log_ratio


@outside_autocast
def soft_targets(
    s: Tensor,
    t: Tensor,
    temperature: float = 4.0,
    *,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
    times_t_squared: bool = True,
) -> Tensor:
    """Soft targets (KD, Hinton et al.): T² · KL(σ_T(t) ‖ σ_T(s)), in nats.

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits. ``t`` is detached: no gradient reaches the teacher.
    temperature : float
        T > 0; both sides are softened by it.
    mask : Tensor of bool, shape (B,) or (...), optional
        True where a position counts. Masked-out entries, NaN included, affect neither the value nor the gradient.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the positions that count, 0 where none does. ``"none"``: one value per example,
        shape (B,) or (...), 0 where it does not count.
    times_t_squared : bool
        False omits the factor T², which is a mistake unless T = 1: see the notes.

    Returns
    -------
    Tensor
        A scalar, or one value per example; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the temperature is not a finite number above 0, the shapes differ, the mask does not fit, or ``reduction``
        is unknown.

    Notes
    -----
    With p = σ_T(t) and q = σ_T(s): loss = T² · Σ_c p_c (log p_c − log q_c), averaged over the batch. ∂loss/∂s = T (q
    − p) / B, and q − p shrinks as 1/T at large T: thanks to T² the gradient then tends to a constant instead of fading.
    At small T it grows with T all the same. As T → ∞ the loss tends to (1/2C) Σ_c (d_c − d̄)² with d = s − t, half the
    variance of the logit difference over the classes.

    Omitting T² is the common mistake. The gradient is then (q − p) / (B T): at large T the soft term fades as 1/T²
    relative to the hard labels, so that turning up T quietly turns down alpha.
    ``times_t_squared=False`` is there to show that.

    A class that the teacher rules out (t_c = −∞, p_c = 0) contributes nothing, since 0 · log 0 = 0, whatever the
    student's probability. Where the student rules out a class that the teacher does not, the loss is infinite.

    Public implementations differ: some omit T², some average over B·C (``F.kl_div(..., reduction="mean")``), which
    makes the term C times smaller. torchdistill's ``KDLoss`` is α · CE + (1 − α) · this, its α the labels' weight; at
    α = 0 it omits T². The explanation "One convention" lists what others do.

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
    log_q, log_p = softened_pair(s, t, temperature, mask)
    pointwise = weighted_log_ratio(log_p, log_q)  # (B, C), each row sums to the KL of that example
    return over_classes(pointwise, temperature**2 if times_t_squared else 1.0, reduction, mask)


@outside_autocast
def reverse_kl(
    s: Tensor,
    t: Tensor,
    temperature: float = 1.0,
    *,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Reverse KL (MiniLLM): the divergence in the other direction, T² · KL(σ_T(s) ‖ σ_T(t)), in nats.

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits. ``t`` is detached: no gradient reaches the teacher.
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
        If the temperature is not a finite number above 0, the shapes differ, the mask does not fit, or ``reduction``
        is unknown.

    Notes
    -----
    With p = σ_T(t) and q = σ_T(s): loss = T² · Σ_c q_c (log q_c − log p_c), averaged over the batch. ∂loss/∂s_c = T
    q_c (log q_c − log p_c − KL(q ‖ p)) / B. The student weights the classes, so it is penalized for what it finds
    likely and the teacher does not (mode-seeking), whereas soft targets penalize it for what the teacher finds likely
    and it does not. A class that the student has given up (q_c ≈ 0) has no gradient. For small differences both
    directions agree.

    Where the teacher rules out a class (t_c = −∞, p_c = 0) and the student does not, the divergence is +∞ and has no
    gradient; where both do, the class contributes nothing. For teachers that rule out classes use soft targets or
    :func:`jensen_shannon`.

    MiniLLM uses it at T = 1 over sampled text, with a policy gradient; this is only the divergence, class by class.

    References
    ----------
    Gu, Dong, Wei, Huang (2023), MiniLLM: Knowledge Distillation of Large Language Models, arXiv:2306.08543.

    Examples
    --------
    >>> teacher = torch.tensor([[2.0, 1.0, 0.0]])
    >>> reverse_kl(teacher, teacher).item()
    0.0
    >>> round(reverse_kl(torch.zeros(1, 3), teacher).item(), 4)
    0.309
    """
    log_q, log_p = softened_pair(s, t, temperature, mask)
    pointwise = weighted_log_ratio(log_q, log_p)  # (B, C), each row sums to the KL of that example
    return over_classes(pointwise, temperature**2, reduction, mask)


@outside_autocast
def jensen_shannon(
    s: Tensor,
    t: Tensor,
    temperature: float = 1.0,
    beta: float = 0.5,
    *,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Generalized Jensen–Shannon divergence (GKD): T² · [β·KL(p ‖ m) + (1 − β)·KL(q ‖ m)], in nats.

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits. ``t`` is detached: no gradient reaches the teacher.
    temperature : float
        T > 0; both sides are softened by it.
    beta : float
        β in (0, 1), the teacher's share of the mixture m = β p + (1 − β) q.
    mask : Tensor of bool, shape (B,) or (...), optional
        True where a position counts. Masked-out entries, NaN included, affect neither the value nor the gradient.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the positions that count, 0 where none does. ``"none"``: one value per example,
        shape (B,) or (...), 0 where it does not count.

    Returns
    -------
    Tensor
        A scalar, or one value per example, at most T² · H(β) ≤ T² · ln 2 with H(β) = −β ln β − (1 − β) ln (1 − β);
        float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the temperature is not a finite number above 0, β is not in (0, 1), the shapes differ, the mask does not
        fit, or ``reduction`` is unknown.

    Notes
    -----
    With p = σ_T(t), q = σ_T(s) and m = β p + (1 − β) q::

        loss = T² · Σ_c [β p_c (log p_c − log m_c) + (1 − β) q_c (log q_c − log m_c)]

    averaged over the batch. Unlike both KL divergences it is bounded: a student that is wrong with certainty has hardly
    any gradient. loss/β tends to :func:`soft_targets` as β → 0, loss/(1 − β) to :func:`reverse_kl` as β → 1, and the
    loss itself to 0 in both limits, which is why 0 and 1 are not allowed. As T → ∞ it tends to β (1 − β) times half
    the variance of the logit difference over the classes.

    For a class that one side rules out (−∞) the formula stays finite; one that both rule out contributes nothing.

    Public implementations differ. TRL omits T² and uses the forward KL at β = 0 and the reverse KL at β = 1, so that
    the loss jumps there: at β = 0.01 it is about a hundredth of its value at 0.

    References
    ----------
    Agarwal et al. (2023), On-Policy Distillation of Language Models: Learning from Self-Generated Mistakes (GKD),
    arXiv:2306.13649.

    Examples
    --------
    >>> teacher = torch.tensor([[2.0, 1.0, 0.0]])
    >>> jensen_shannon(teacher, teacher).item()
    0.0
    >>> round(jensen_shannon(torch.tensor([[-99.0, 99.0]]), torch.tensor([[99.0, -99.0]])).item(), 4)  # ln 2
    0.6931
    """
    if not 0 < beta < 1:
        raise ValueError(
            f"beta must lie in (0, 1), got {beta}: use soft_targets for the limit at 0 and reverse_kl for that at 1"
        )
    log_q, log_p = softened_pair(s, t, temperature, mask)
    log_m = _log_mixture(log_q, log_p, beta)  # (B, C)
    pointwise = beta * weighted_log_ratio(log_p, log_m) + (1 - beta) * weighted_log_ratio(log_q, log_m)
    return over_classes(pointwise, temperature**2, reduction, mask)


def _log_mixture(log_q: Tensor, log_p: Tensor, beta: float) -> Tensor:
    """Return log(β p + (1 − β) q), relative to the larger of the two so that neither overflows nor vanishes.

    Where p = q it is exactly that number, without rounding: equal answers cost exactly 0.
    """
    neither = (log_p == -torch.inf) & (log_q == -torch.inf)  # any value for a class that both rule out
    log_q, log_p = log_q.masked_fill(neither, 0), log_p.masked_fill(neither, 0)
    teacher_larger = log_p > log_q
    larger = torch.where(teacher_larger, log_p, log_q)
    ratio = torch.where(teacher_larger, log_q - log_p, log_p - log_q).exp()  # of the smaller to the larger, ≤ 1
    w = torch.where(teacher_larger, log_q.new_full((), beta), log_q.new_full((), 1 - beta))  # the larger one's weight
    return larger + (w + (1 - w) * ratio).log()


@outside_autocast
def focused_soft_targets(
    s: Tensor,
    t: Tensor,
    temperature: float = 4.0,
    focus: float = 1.0,
    *,
    mask: Tensor | None = None,
) -> Tensor:
    """Soft targets that emphasize the examples where student and teacher disagree, in nats.

    There is no ``reduction``: the weight of an example depends on the others.

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits. ``t`` is detached: no gradient reaches the teacher.
    temperature : float
        T > 0; both sides are softened by it.
    focus : float
        γ ≥ 0. At 0 it is :func:`soft_targets`.
    mask : Tensor of bool, shape (B,) or (...), optional
        True where a position counts. Masked-out entries, NaN included, affect neither the value nor the gradient.

    Returns
    -------
    Tensor
        A scalar; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the temperature is not a finite number above 0, γ is not a finite number of at least 0, the shapes differ,
        or the mask does not fit.

    Notes
    -----
    With d_i = ½ Σ_c |σ(t)_c − σ(s)_c|, the distance of both answers in total variation at T = 1::

        loss = (1/B) Σ_i w_i · T² · KL(σ_T(t_i) ‖ σ_T(s_i)) ,   w_i = d_i^γ / mean_j d_j^γ

    The weights have mean 1 over the positions that count and no gradient. Without any disagreement they are all 1.

    Examples
    --------
    >>> t = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    >>> focused_soft_targets(t, t, focus=4.0).item()
    0.0
    >>> s = torch.tensor([[2.0, 0.0], [2.0, 0.0]])  # they only disagree on the second: its weight is 2
    >>> (focused_soft_targets(s, t) / soft_targets(s, t)).item()
    2.0
    """
    if not (math.isfinite(focus) and focus >= 0):
        raise ValueError(f"focus must be a finite number >= 0, got {focus}")
    each = soft_targets(s, t, temperature, mask=mask, reduction="none")  # (B,)
    with torch.no_grad():
        s, t = paired(s, t, mask, "logits", NEEDED)
        d = (t.softmax(-1) - s.softmax(-1)).abs().sum(-1) / 2  # (B,) in [0, 1]
        largest = d.amax() if d.numel() else d.sum()
        relative = torch.where(largest > 0, d / largest, 1)  # a power of d itself may vanish
        weights = relative**focus if mask is None else relative**focus * mask
        counted = max(1, d.numel()) if mask is None else mask.sum().clamp(min=1)
        weights = weights * (counted / weights.sum().clamp(min=torch.finfo(d.dtype).tiny))
    return over_positions(weights * each, "mean", mask)


@outside_autocast
def logit_mse(s: Tensor, t: Tensor, *, mask: Tensor | None = None, reduction: Reduction = "mean") -> Tensor:
    """Logit matching: mean over classes of the squared difference of the logits, (1/C) Σ_c (s_c − t_c)².

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits. ``t`` is detached: no gradient reaches the teacher.
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
        If the shapes differ, the mask does not fit, or ``reduction`` is unknown.

    Notes
    -----
    With d = s − t: loss = (1/C) Σ_c d_c², averaged over the batch; ∂loss/∂s = 2 d / (B C). Here it is the mean over
    classes, unlike elsewhere in this file: the logits are regression targets, not a distribution.

    (1/C) Σ_c d_c² = Var_c(d) + d̄², and T²·KL tends to ½ Var_c(d) as T → ∞: at a high temperature soft targets are half
    this loss without the part d̄² for the teacher's offset, which a softmax ignores.

    A class that both rule out (−∞) does not differ; where only one side does, the loss is infinite.

    Ba & Caruana minimize (1/2B) Σ ‖s − t‖², summed over classes: C/2 times this. TextBrewer's
    ``kd_mse_loss`` compares s/T and t/T, which is this divided by T².

    References
    ----------
    Ba, Caruana (2014), Do Deep Nets Really Need to be Deep?, NeurIPS, arXiv:1312.6184. Buciluă, Caruana,
    Niculescu-Mizil (2006), Model Compression, KDD.

    Examples
    --------
    >>> logit_mse(torch.tensor([[1.0, 3.0]]), torch.tensor([[0.0, 0.0]])).item()
    5.0
    """
    s, t = _equal_where_ruled_out(*paired(s, t, mask, "logits", NEEDED))
    return over_classes((s - t).square(), 1 / s.shape[-1], reduction, mask)


@outside_autocast
def logit_huber(
    s: Tensor,
    t: Tensor,
    delta: float = 1.0,
    *,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Logit matching, Huber: mean over classes of the Huber loss of the logit difference, linear beyond δ.

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits. ``t`` is detached: no gradient reaches the teacher.
    delta : float
        δ > 0, in units of the logits: the difference at which it turns from quadratic to linear.
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
        If δ is not a finite number above 0, the shapes differ, the mask does not fit, or ``reduction`` is unknown.

    Notes
    -----
    With d = s − t: loss = (1/C) Σ_c h(d_c), h(d) = ½ d² where |d| ≤ δ and δ (|d| − ½ δ) beyond, averaged over the
    batch. Within δ it is half of :func:`logit_mse`; beyond, a class adds at most δ / (B C) to the gradient, so a few
    classes on which the teacher is extreme do not dominate the step.

    A class that both rule out (−∞) does not differ; where only one side does, the loss is infinite.

    Smooth-L1 with the same threshold is this divided by δ.

    References
    ----------
    Huber (1964), Robust Estimation of a Location Parameter, Annals of Mathematical Statistics 35.

    Examples
    --------
    >>> logit_huber(torch.tensor([[1.0, 3.0]]), torch.tensor([[0.0, 0.0]])).item()  # (0.5 + 2.5) / 2
    1.5
    """
    if not (math.isfinite(delta) and delta > 0):
        raise ValueError(f"delta must be a finite number > 0, got {delta}")
    s, t = _equal_where_ruled_out(*paired(s, t, mask, "logits", NEEDED))
    return over_classes(F.huber_loss(s, t, reduction="none", delta=delta), 1 / s.shape[-1], reduction, mask)


def _equal_where_ruled_out(s: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """Return both, with 0 where both are −∞: there they do not differ."""
    both = (s == -torch.inf) & (t == -torch.inf)
    return s.masked_fill(both, 0), t.masked_fill(both, 0)
