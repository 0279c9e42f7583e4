"""Losses on the response: what the student says, against what the teacher or the label says."""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Reduction = Literal["mean", "none"]
UNLABELLED = -1  # the label of an example whose class is not known


def soft_targets(
    s: Tensor,
    t: Tensor,
    temperature: float = 4.0,
    *,
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
    reduction : {"mean", "none"}
        ``"mean"``: the average over examples. ``"none"``: one value per example, shape (B,) or (...).
    times_t_squared : bool
        False leaves the factor T² out, which is a mistake unless T = 1: see the notes.

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
    log_q, log_p = _softened(s, t, temperature)
    pointwise = log_p.exp() * (log_p - log_q)  # (B, C), each row sums to the KL of that example
    return _over_classes(pointwise, temperature**2 if times_t_squared else 1.0, reduction)


def reverse_kl(s: Tensor, t: Tensor, temperature: float = 1.0, *, reduction: Reduction = "mean") -> Tensor:
    """The divergence the other way round, T² · KL(σ_T(s) ‖ σ_T(t)), in nats.

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
    log_q, log_p = _softened(s, t, temperature)
    pointwise = log_q.exp() * (log_q - log_p)  # (B, C), each row sums to the KL of that example
    return _over_classes(pointwise, temperature**2, reduction)


def _softened(s: Tensor, t: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Return log σ_T(s) and log σ_T(t), the latter detached, once what was given has been checked."""
    check_temperature(temperature)
    if s.shape != t.shape:
        raise ValueError(
            f"student logits have shape {tuple(s.shape)} and teacher logits {tuple(t.shape)}; "
            "both must be (batch, classes) over the same classes"
        )
    log_q = F.log_softmax(_at_least_float32(s) / temperature, dim=-1)  # (B, C)
    log_p = F.log_softmax(_at_least_float32(t.detach()) / temperature, dim=-1)  # (B, C)
    return log_q, log_p


def _over_classes(pointwise: Tensor, factor: float, reduction: Reduction) -> Tensor:
    """Sum over classes, times ``factor``; the mean is over examples, never over B·C."""
    if reduction == "mean":
        return pointwise.sum() * (factor / max(1, _rows(pointwise)))
    if reduction == "none":
        return pointwise.sum(-1) * factor
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
    return _cross_entropy(s, y, 0.0, reduction, labelled)


def label_smoothing(
    s: Tensor,
    y: Tensor,
    smoothing: float = 0.1,
    *,
    reduction: Reduction = "mean",
    labelled: int | None = None,
) -> Tensor:
    """Cross-entropy with smoothed labels, CE(s, (1 − ε)·onehot(y) + ε/C) at T = 1, in nats.

    Parameters
    ----------
    s : Tensor, shape (B, C)
        Student logits.
    y : Tensor of int64, shape (B,)
        Class indices; -1 marks an example without a label, which adds nothing.
    smoothing : float
        ε in [0, 1]: the share of the target that is spread evenly over all C classes, the true one included.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the labelled examples, 0 where there is none. ``"none"``: one value per example.
    labelled : int, optional
        How many of ``y`` are labels, when the caller knows: it saves counting them.

    Returns
    -------
    Tensor
        A scalar, or shape (B,); float32 at least.

    Raises
    ------
    ValueError
        If ``smoothing`` is not in [0, 1] or ``reduction`` is unknown.

    Notes
    -----
    loss = −(1 − ε) log σ(s)_y − (ε/C) Σ_c log σ(s)_c, averaged over the labelled examples. Up to a constant it is (1 −
    ε) · CE(s, y) + ε · KL(uniform ‖ σ(s)): distillation from a teacher that answers the same to every input. What a
    real teacher adds must show beyond this baseline.

    References
    ----------
    Szegedy et al. (2016), Rethinking the Inception Architecture, arXiv:1512.00567. As a teacher-free baseline: Yuan et
    al. (2020), Revisiting Knowledge Distillation via Label Smoothing Regularization, arXiv:1909.11723.

    Examples
    --------
    >>> logits = torch.tensor([[2.0, 0.0], [3.0, 0.0]])
    >>> round(label_smoothing(logits, torch.tensor([0, -1]), smoothing=0.1).item(), 4)  # the second has no label
    0.2269
    >>> label_smoothing(logits, torch.tensor([0, 1]), smoothing=0.0) == hard_labels(logits, torch.tensor([0, 1]))
    tensor(True)
    """
    check_smoothing(smoothing)
    return _cross_entropy(s, y, smoothing, reduction, labelled)


def _cross_entropy(s: Tensor, y: Tensor, smoothing: float, reduction: Reduction, labelled: int | None) -> Tensor:
    if reduction not in ("mean", "none"):
        raise ValueError(f'reduction must be "mean" or "none", got {reduction!r}')
    loss = F.cross_entropy(
        _at_least_float32(s),
        y,
        ignore_index=UNLABELLED,
        reduction=_TORCH_REDUCTION[reduction],
        label_smoothing=smoothing,
    )
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


def check_smoothing(smoothing: float) -> None:
    """Raise a one-sentence ``ValueError`` unless ``smoothing`` lies in [0, 1].

    >>> check_smoothing(1.5)
    Traceback (most recent call last):
        ...
    ValueError: smoothing must lie in [0, 1] (it is the share spread over all classes), got 1.5
    """
    if not 0 <= smoothing <= 1:
        raise ValueError(f"smoothing must lie in [0, 1] (it is the share spread over all classes), got {smoothing}")


def _at_least_float32(z: Tensor) -> Tensor:
    return z.float() if z.dtype in (torch.bfloat16, torch.float16) else z


def _rows(z: Tensor) -> int:
    return z.numel() // z.shape[-1]
