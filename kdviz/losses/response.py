"""Losses on the response: what the student says, against what the teacher says."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .labels import UNLABELLED
from .reductions import Reduction, over_classes, over_positions, paired
from .softening import check_temperature, log_softened

_NEEDED = "both must be (batch, classes) over the same classes"


def soft_targets(
    s: Tensor,
    t: Tensor,
    temperature: float = 4.0,
    *,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
    times_t_squared: bool = True,
) -> Tensor:
    """Hinton's soft-target loss, T² · KL(σ_T(t) ‖ σ_T(s)), in nats.

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits. ``t`` is detached: no gradient reaches the teacher.
    temperature : float
        T > 0; both sides are softened by it.
    mask : Tensor of bool, shape (B,) or (...), optional
        True where a position counts. What stands elsewhere, NaN included, reaches neither value nor gradient.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the positions that count, 0 where none does. ``"none"``: one value per example,
        shape (B,) or (...), 0 where it does not count.
    times_t_squared : bool
        False leaves the factor T² out, which is a mistake unless T = 1: see the notes.

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
    − p) / B: thanks to T² the gradient stays O(1) in T. As T → ∞ the loss tends to (1/2C) Σ_c (d_c − d̄)² with d = s
    − t, half the variance of the logit difference over the classes.

    Leaving out T² is the common mistake. The gradient is then (q − p) / (B T), and q − p itself shrinks as 1/T: the
    soft term fades as 1/T² beside the hard labels, so that turning up T quietly turns down alpha.
    ``times_t_squared=False`` is there to show that.

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
    log_q, log_p = _softened(s, t, temperature, mask)
    pointwise = log_p.exp() * (log_p - log_q)  # (B, C), each row sums to the KL of that example
    return over_classes(pointwise, temperature**2 if times_t_squared else 1.0, reduction, mask)


def reverse_kl(
    s: Tensor,
    t: Tensor,
    temperature: float = 1.0,
    *,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """The divergence the other way round, T² · KL(σ_T(s) ‖ σ_T(t)), in nats.

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits. ``t`` is detached: no gradient reaches the teacher.
    temperature : float
        T > 0; both sides are softened by it.
    mask : Tensor of bool, shape (B,) or (...), optional
        True where a position counts. What stands elsewhere, NaN included, reaches neither value nor gradient.
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
    q_c (log q_c − log p_c − KL(q ‖ p)) / B. The student weighs the classes, so it is punished for what it says and the
    teacher does not (mode-seeking), where soft targets punish it for what the teacher says and it does not. A class
    that the student has given up (q_c ≈ 0) has no gradient. For small differences both directions agree.

    MiniLLM uses it at T = 1 over sampled text, with a policy gradient; this is the divergence alone, class by class.

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
    log_q, log_p = _softened(s, t, temperature, mask)
    pointwise = log_q.exp() * (log_q - log_p)  # (B, C), each row sums to the KL of that example
    return over_classes(pointwise, temperature**2, reduction, mask)


def jensen_shannon(
    s: Tensor,
    t: Tensor,
    temperature: float = 1.0,
    beta: float = 0.5,
    *,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Student and teacher each against their mixture, T² · [β·KL(p ‖ m) + (1 − β)·KL(q ‖ m)], in nats.

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits. ``t`` is detached: no gradient reaches the teacher.
    temperature : float
        T > 0; both sides are softened by it.
    beta : float
        β in (0, 1), the teacher's share of the mixture m = β p + (1 − β) q.
    mask : Tensor of bool, shape (B,) or (...), optional
        True where a position counts. What stands elsewhere, NaN included, reaches neither value nor gradient.
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

    averaged over the batch. Unlike both KL divergences it is bounded: a student that is wrong beyond doubt has hardly
    a gradient. loss/β tends to :func:`soft_targets` as β → 0, loss/(1 − β) to :func:`reverse_kl` as β → 1, and the
    loss itself to 0 in both limits, which is why 0 and 1 are not allowed. As T → ∞ it tends to β (1 − β) times half
    the variance of the logit difference over the classes.

    Public implementations differ. TRL leaves out T² and puts the forward KL at β = 0 and the reverse KL at β = 1, so
    that the loss leaps there: at β = 0.01 it is about a hundredth of what it is at 0.

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
    log_q, log_p = _softened(s, t, temperature, mask)
    log_m = _log_mixture(log_q, log_p, beta)  # (B, C)
    pointwise = beta * log_p.exp() * (log_p - log_m) + (1 - beta) * log_q.exp() * (log_q - log_m)
    return over_classes(pointwise, temperature**2, reduction, mask)


def _log_mixture(log_q: Tensor, log_p: Tensor, beta: float) -> Tensor:
    """Return log(β p + (1 − β) q), taken out of the larger of the two so that neither overflows nor vanishes.

    Where p = q it is that very number, not a rounding beside it: equal answers cost exactly 0.
    """
    teacher_larger = log_p > log_q
    larger = torch.where(teacher_larger, log_p, log_q)
    ratio = torch.where(teacher_larger, log_q - log_p, log_p - log_q).exp()  # of the smaller to the larger, ≤ 1
    w = torch.where(teacher_larger, log_q.new_full((), beta), log_q.new_full((), 1 - beta))  # the larger one's weight
    return larger + (w + (1 - w) * ratio).log()


def logit_mse(s: Tensor, t: Tensor, *, mask: Tensor | None = None, reduction: Reduction = "mean") -> Tensor:
    """Mean over classes of the squared difference of the logits, (1/C) Σ_c (s_c − t_c)².

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits. ``t`` is detached: no gradient reaches the teacher.
    mask : Tensor of bool, shape (B,) or (...), optional
        True where a position counts. What stands elsewhere, NaN included, reaches neither value nor gradient.
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
    With d = s − t: loss = (1/C) Σ_c d_c², averaged over the batch; ∂loss/∂s = 2 d / (B C). It is the mean over classes
    here and nothing else in this file is: the logits are regression targets, not a distribution.

    (1/C) Σ_c d_c² = Var_c(d) + d̄², and T²·KL tends to ½ Var_c(d) as T → ∞: at a high temperature soft targets are half
    this loss without the part d̄² that asks for the teacher's offset, which no softmax sees.

    Ba & Caruana minimise (1/2B) Σ ‖s − t‖², summed over classes: C/2 times this.

    References
    ----------
    Ba, Caruana (2014), Do Deep Nets Really Need to be Deep?, NeurIPS, arXiv:1312.6184. Buciluă, Caruana,
    Niculescu-Mizil (2006), Model Compression, KDD.

    Examples
    --------
    >>> logit_mse(torch.tensor([[1.0, 3.0]]), torch.tensor([[0.0, 0.0]])).item()
    5.0
    """
    s, t = paired(s, t, mask, "logits", _NEEDED)
    return over_classes((s - t).square(), 1 / s.shape[-1], reduction, mask)


def logit_huber(
    s: Tensor,
    t: Tensor,
    delta: float = 1.0,
    *,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Mean over classes of the Huber loss of the logit difference: square near 0, a line beyond δ.

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits. ``t`` is detached: no gradient reaches the teacher.
    delta : float
        δ > 0, in units of the logits: the difference at which the square turns into a line.
    mask : Tensor of bool, shape (B,) or (...), optional
        True where a position counts. What stands elsewhere, NaN included, reaches neither value nor gradient.
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
    classes on which the teacher is extreme do not rule the step.

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
    s, t = paired(s, t, mask, "logits", _NEEDED)
    return over_classes(F.huber_loss(s, t, reduction="none", delta=delta), 1 / s.shape[-1], reduction, mask)


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
    """The true class and the others weighed apart (DKD), T² · (α·TCKD + β·NCKD), in nats.

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits, C ≥ 2. ``t`` is detached: no gradient reaches the teacher.
    y : Tensor of int64, shape (B,) or (...)
        Class indices; -1 marks a position without a label, which does not count.
    alpha : float
        α, the weight of TCKD: how sure the teacher is of the true class.
    beta : float
        β, the weight of NCKD: what the teacher says among the other classes.
    temperature : float
        T > 0; both sides are softened by it.
    mask : Tensor of bool, shape (B,) or (...), optional
        True where a position counts. What stands elsewhere, NaN included, reaches neither value nor gradient.
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

    KL(p ‖ q) = TCKD + (1 − p_y) · NCKD for each example: in soft targets, the surer the teacher is of the true class,
    the less its view of the others counts. Decoupling gives NCKD a weight of its own. With two classes NCKD is 0.

    p_∖ is never computed as 1 − p_y, which is 0 for a sure teacher: log p_y and log p_∖ are log-sigmoids of ± the
    margin z_y − logsumexp_{c ≠ y} z_c of z = t / T. Public code takes the logarithm of the summed softmax (−∞ once it
    underflows) and leaves the true class out of NCKD by taking 1,000 off its logit, which no longer leaves it out where
    logits / T lie further apart than that. It also ramps the loss up over the first epochs; here that is a schedule of
    the weight.

    References
    ----------
    Zhao, Cui, Song, Qiu, Liang (2022), Decoupled Knowledge Distillation, CVPR, arXiv:2203.08679.

    Examples
    --------
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
    s, t = paired(s, t, mask, "logits", _NEEDED)
    if s.shape[-1] < 2:
        raise ValueError(f"decoupled needs logits of at least two classes, got shape {tuple(s.shape)}")
    if y.shape != s.shape[:-1]:
        raise ValueError(f"y must have shape {tuple(s.shape[:-1])}, one class an example, got {tuple(y.shape)}")
    counts = (y != UNLABELLED) if mask is None else (y != UNLABELLED) & mask
    target = y.clamp(min=0).unsqueeze(-1)  # (B, 1)
    margin_s, log_q = _split(s / temperature, target)
    margin_t, log_p = _split(t / temperature, target)
    tckd = _two_way_kl(margin_t, margin_s)  # (B,)
    nckd = (log_p.exp() * (log_p - log_q)).sum(-1)  # (B,)
    return over_positions((alpha * tckd + beta * nckd) * temperature**2, reduction, counts)


def _split(z: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return the log-odds of the target class, shape (B,), and log σ(z) among the others, (B, C), 0 at the target."""
    is_target = torch.arange(z.shape[-1], device=z.device) == target  # (B, C)
    others = z.masked_fill(is_target, -torch.inf)
    margin = z.gather(-1, target).squeeze(-1) - others.logsumexp(-1)
    return margin, F.log_softmax(others, dim=-1).masked_fill(is_target, 0)


def _two_way_kl(margin_t: Tensor, margin_s: Tensor) -> Tensor:
    """Return the KL divergence of two yes-or-no distributions from their log-odds."""
    yes, no = F.logsigmoid(margin_t), F.logsigmoid(-margin_t)
    return yes.exp() * (yes - F.logsigmoid(margin_s)) + no.exp() * (no - F.logsigmoid(-margin_s))


def standardized_soft_targets(
    s: Tensor,
    t: Tensor,
    temperature: float = 2.0,
    *,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Soft targets of logits that are standardised row by row first, T² · KL(σ_T(ẑ_t) ‖ σ_T(ẑ_s)), in nats.

    Parameters
    ----------
    s, t : Tensor, shape (B, C) or (..., C)
        Student and teacher logits, C ≥ 2. ``t`` is detached: no gradient reaches the teacher.
    temperature : float
        T > 0, in units of the standard deviation of a row's logits.
    mask : Tensor of bool, shape (B,) or (...), optional
        True where a position counts. What stands elsewhere, NaN included, reaches neither value nor gradient.
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
    a z + b with a > 0 costs the same as z, up to the 1e-7. So it does not learn how sure to be; the hard labels beside
    it teach that.

    The gradient grows as 1 / sd(z). A row whose logits are all equal has sd = 0 and, from the 1e-7, a gradient some 10⁷
    times the usual one, finite: do not start from a last layer of zeros.

    The public code standardises in the same way; its commands give the term a weight of 9 (``--kd-weight 9``).

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
    s, t = paired(s, t, mask, "logits", _NEEDED)
    if s.shape[-1] < 2:
        raise ValueError(f"standardising needs logits of at least two classes, got shape {tuple(s.shape)}")
    log_q, log_p = log_softened(_standardized(s), temperature), log_softened(_standardized(t), temperature)
    return over_classes(log_p.exp() * (log_p - log_q), temperature**2, reduction, mask)


def _standardized(z: Tensor) -> Tensor:
    return (z - z.mean(-1, keepdim=True)) / (1e-7 + z.std(-1, keepdim=True))


def correlation(
    s: Tensor,
    t: Tensor,
    beta: float = 1.0,
    gamma: float = 1.0,
    temperature: float = 1.0,
    *,
    mask: Tensor | None = None,
) -> Tensor:
    """Correlation in place of a match (DIST), T² · [β · (1 − mean r of rows) + γ · (1 − mean r of columns)].

    There is no ``reduction``: a row belongs to one example, but a column runs over all of them.

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
        True where a position counts, in rows and columns. What stands elsewhere, NaN included, reaches neither value
        nor gradient.

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

    The student has to agree with the teacher in order and spacing only: a row or column a q + b, a > 0, costs nothing.

    1 − r is computed as ½ ‖u/‖u‖ − v/‖v‖‖² of the centred vectors, which is the same number and exactly 0 for equal
    ones. Where a vector is constant r has no value: norms are kept from 0 by √(‖u‖² + ε²) with ε = 16 units of
    rounding, so that two constant vectors cost 0 and one beside another costs ½. Hence a batch of one has no part for
    columns. The gradient of a row or column grows as 1/‖u‖, up to 1/ε where it is constant: do not start from a last
    layer of zeros. With two classes r of a row is 1 or −1 and has no gradient.

    Public code adds 1e-8 to ‖u‖ ‖v‖: a class that both hold for impossible throughout the batch then costs γ/C, at
    equality too, as do rows at a high temperature; here it does not.

    References
    ----------
    Huang, You, Wang, Qian, Xu (2022), Knowledge Distillation from A Stronger Teacher, NeurIPS, arXiv:2205.10536.

    Examples
    --------
    >>> teacher = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]])
    >>> correlation(teacher, teacher).item()
    0.0
    >>> round(correlation(teacher.flip(0), teacher, beta=0.0).item(), 4)  # columns of two, the wrong way round: r = −1
    2.0
    """
    log_q, log_p = _softened(s, t, temperature, mask)
    q, p = log_q.exp().flatten(0, -2), log_p.exp().flatten(0, -2)  # (B, C)
    counts = None if mask is None else mask.flatten()  # (B,)
    rows = over_positions(_uncorrelated(_centred(q, 1), _centred(p, 1), 1), "mean", counts)
    columns = _uncorrelated(_centred(q, 0, counts), _centred(p, 0, counts), 0).mean()
    return (beta * rows + gamma * columns) * temperature**2


def _centred(x: Tensor, dim: int, counts: Tensor | None = None) -> Tensor:
    """Return x less its mean over ``dim``; where ``counts`` is given, over the rows that count, 0 in the others."""
    if counts is None:
        return x - x.mean(dim, keepdim=True)
    keep = counts.unsqueeze(1).to(x.dtype)  # (B, 1)
    return (x - (x * keep).sum(dim, keepdim=True) / keep.sum().clamp(min=1)) * keep


def _uncorrelated(u: Tensor, v: Tensor, dim: int) -> Tensor:
    """Return 1 − r of centred vectors: half the squared distance of their unit vectors."""
    return (_unit(u, dim) - _unit(v, dim)).square().sum(dim) / 2


def _unit(u: Tensor, dim: int) -> Tensor:
    epsilon = 16 * torch.finfo(u.dtype).eps
    return u * (u.square().sum(dim, keepdim=True) + epsilon**2).rsqrt()


def _softened(s: Tensor, t: Tensor, temperature: float, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return log σ_T(s) and log σ_T(t), the latter detached, once what was given has been checked."""
    check_temperature(temperature)
    s, t = paired(s, t, mask, "logits", _NEEDED)
    return log_softened(s, temperature), log_softened(t, temperature)  # (B, C) each
