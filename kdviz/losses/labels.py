"""Losses on labels alone."""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor

from .precision import at_least_float32, outside_autocast
from .reductions import Reduction, check_reduction
from .softening import check_temperature

UNLABELLED = -1  # the label of an example whose class is unknown


@outside_autocast
def hard_labels(
    s: Tensor,
    y: Tensor,
    *,
    weight: Tensor | None = None,
    soft: Tensor | None = None,
    reduction: Reduction = "mean",
    labelled: int | None = None,
) -> Tensor:
    """Cross-entropy of the student with the labels, CE(s, y) at T = 1, in nats.

    Parameters
    ----------
    s : Tensor, shape (B, C) or (..., C)
        Student logits.
    y : Tensor of int64, shape (B,) or (...)
        Class indices; -1 marks an example without a label, which contributes nothing.
    weight : Tensor, shape (C,), optional
        The weight of each class, ≥ 0: see the notes.
    soft : Tensor of floats, shape (B, C) or (..., C), optional
        Probabilities that replace ``y``, which then only marks with -1 the examples that have none.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the labelled examples, 0 where there is none. ``"none"``: one value per example.
    labelled : int, optional
        The number of labels in ``y``, if known: this saves counting them.

    Returns
    -------
    Tensor
        A scalar, or one value per example, shape (B,) or (...); float32 at least.

    Raises
    ------
    ValueError
        If ``y`` does not hold one class per example, ``weight`` or ``soft`` does not fit, or ``reduction`` is unknown.

    Notes
    -----
    With weights w the loss of an example is w_y · CE(s, y), and the mean is the weighted one, Σ_i w_{y_i} CE_i / Σ_i
    w_{y_i} over the labelled examples of the batch, as in torch; 0 where all these weights are 0. With soft labels p it
    is −Σ_c w_c p_c log σ(s)_c, and example i has the weight Σ_c w_c p_ic in the mean, which is the same for a one-hot
    p. (Torch divides by the number of examples there.)

    Examples
    --------
    >>> import torch
    >>> logits = torch.tensor([[0.0, 0.0], [3.0, 0.0]])
    >>> round(hard_labels(logits, torch.tensor([0, -1])).item(), 4)  # ln 2: the second example has no label
    0.6931
    >>> hard_labels(logits, torch.tensor([-1, -1])).item()
    0.0
    >>> even, y = torch.zeros(2, 2), torch.tensor([0, 1])
    >>> hard_labels(even, y, weight=torch.tensor([1.0, 3.0]), reduction="none")  # ln 2 and 3 ln 2
    tensor([0.6931, 2.0794])
    >>> round(hard_labels(even, y, weight=torch.tensor([1.0, 3.0])).item(), 4)  # their sum by 1 + 3
    0.6931
    >>> round(hard_labels(torch.tensor([[0.0, 1.0]]), y[:1], soft=torch.tensor([[0.5, 0.5]])).item(), 4)
    0.8133
    """
    return _cross_entropy(s, y, 0.0, reduction, labelled, weight, soft)


@outside_autocast
def label_smoothing(
    s: Tensor,
    y: Tensor,
    smoothing: float = 0.1,
    *,
    weight: Tensor | None = None,
    soft: Tensor | None = None,
    reduction: Reduction = "mean",
    labelled: int | None = None,
) -> Tensor:
    """Cross-entropy with smoothed labels, CE(s, (1 − ε)·onehot(y) + ε/C) at T = 1, in nats.

    Parameters
    ----------
    s : Tensor, shape (B, C) or (..., C)
        Student logits.
    y : Tensor of int64, shape (B,) or (...)
        Class indices; -1 marks an example without a label, which contributes nothing.
    smoothing : float
        ε in [0, 1]: the share of the target that is spread evenly over all C classes, the true one included.
    weight : Tensor, shape (C,), optional
        The weight of each class, ≥ 0: see the notes.
    soft : Tensor of floats, shape (B, C) or (..., C), optional
        Probabilities that replace ``y``, which then only marks with -1 the examples that have none.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the labelled examples, 0 where there is none. ``"none"``: one value per example.
    labelled : int, optional
        The number of labels in ``y``, if known: this saves counting them.

    Returns
    -------
    Tensor
        A scalar, or one value per example, shape (B,) or (...); float32 at least.

    Raises
    ------
    ValueError
        If ``smoothing`` is not in [0, 1], ``y`` does not hold one class per example, ``weight`` or ``soft`` does not
        fit, or ``reduction`` is unknown.

    Notes
    -----
    loss = −(1 − ε) log σ(s)_y − (ε/C) Σ_c log σ(s)_c, averaged over the labelled examples. Up to a constant it is (1 −
    ε) · CE(s, y) + ε · KL(uniform ‖ σ(s)): distillation from a teacher with the same output for every input. A
    real teacher must improve on this baseline.

    With weights w it is −(1 − ε) w_y log σ(s)_y − (ε/C) Σ_c w_c log σ(s)_c, and the mean divides by Σ_i w_{y_i}, as in
    torch. Soft labels p replace onehot(y), as in :func:`hard_labels`.

    References
    ----------
    Szegedy et al. (2016), Rethinking the Inception Architecture, arXiv:1512.00567. As a teacher-free baseline: Yuan et
    al. (2020), Revisiting Knowledge Distillation via Label Smoothing Regularization, arXiv:1909.11723.

    Examples
    --------
    >>> import torch
    >>> logits = torch.tensor([[2.0, 0.0], [3.0, 0.0]])
    >>> round(label_smoothing(logits, torch.tensor([0, -1]), smoothing=0.1).item(), 4)  # the second has no label
    0.2269
    >>> label_smoothing(logits, torch.tensor([0, 1]), smoothing=0.0) == hard_labels(logits, torch.tensor([0, 1]))
    tensor(True)
    """
    check_smoothing(smoothing)
    return _cross_entropy(s, y, smoothing, reduction, labelled, weight, soft)


@outside_autocast
def virtual_teacher(
    s: Tensor,
    y: Tensor,
    correct: float = 0.99,
    temperature: float = 20.0,
    *,
    reduction: Reduction = "mean",
    labelled: int | None = None,
) -> Tensor:
    """Teacher-free distillation (Tf-KD_reg): soft targets of a made-up teacher, T² · KL, in nats.

    The made-up teacher gives the true class the probability ``correct``.

    Parameters
    ----------
    s : Tensor, shape (B, C) or (..., C)
        Student logits, C ≥ 2.
    y : Tensor of int64, shape (B,) or (...)
        Class indices; -1 marks an example without a label, which contributes nothing.
    correct : float
        a in [1/C, 1): the made-up teacher's probability of the true class at T = 1; the rest is spread evenly over the
        other classes.
    temperature : float
        T > 0; both sides are softened by it.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the labelled examples, 0 where there is none. ``"none"``: one value per example.
    labelled : int, optional
        The number of labels in ``y``, if known: this saves counting them.

    Returns
    -------
    Tensor
        A scalar, or one value per example, shape (B,) or (...); float32 at least.

    Raises
    ------
    ValueError
        If ``correct`` is not in [1/C, 1), the temperature is not a finite number above 0, ``y`` does not hold one
        class an example, or ``reduction`` is unknown.

    Notes
    -----
    The teacher is p^d_y = a, p^d_c = (1 − a) / (C − 1) elsewhere. It is treated like any other teacher: its logits are
    log p^d, so p = σ_T(log p^d) ∝ (p^d)^{1/T}, and::

        loss = T² · KL(p ‖ σ_T(s))

    which is ``soft_targets(s, log p^d, T)``. p takes two values, h at the true class and l at the others, so it is also
    smoothed labels at a temperature: T² · [CE(s / T, (1 − ε)·onehot(y) + ε/C) − H(p)] with ε = C l. At a = 0.99, T = 20
    and ten classes h is 0.135: hardly more than chance.

    The paper writes D_KL(p^d_τ, p_τ); that p^d is softened like logits is our reading. Its public code differs in every
    part: it takes the softmax of the probabilities p^d / T, not of their logarithms (h = 0.105 for the numbers above),
    leaves the student at T = 1, has no T², averages over B·C, and corrects the scale by a multiplier for each network.
    Weights tuned for it do not carry over.

    References
    ----------
    Yuan, Tay, Li, Wang, Feng (2020), Revisiting Knowledge Distillation via Label Smoothing Regularization (Tf-KD_reg),
    CVPR, arXiv:1909.11723.

    Examples
    --------
    >>> import torch
    >>> y, p = torch.tensor([0]), torch.tensor([[0.9, 0.05, 0.05]])
    >>> round(virtual_teacher(torch.zeros(1, 3), y, correct=0.9, temperature=1.0).item(), 4)  # KL(p ‖ uniform)
    0.7042
    >>> abs(round(virtual_teacher(p.log(), y, correct=0.9, temperature=20.0).item(), 3))  # the teacher's own answer
    0.0
    """
    check_temperature(temperature)
    check_reduction(reduction)
    classes = s.shape[-1]
    if classes < 2 or not 1 / classes <= correct < 1:
        raise ValueError(
            f"correct must lie in [1/C, 1) with C = {classes} classes and C ≥ 2 (it is the made-up teacher's "
            f"probability of the true class), got {correct}"
        )
    odds = ((1 - correct) / (classes - 1) / correct) ** (1 / temperature)  # of a wrong class to the true one
    high = 1 / (1 + (classes - 1) * odds)
    low = odds * high
    entropy = -high * math.log(high) - (classes - 1) * low * math.log(low)
    smoothing = min(1.0, classes * low)
    softened = _cross_entropy(at_least_float32(s) / temperature, y, smoothing, "none", None)
    each = (softened - entropy).masked_fill(y == UNLABELLED, 0) * temperature**2
    return each if reduction == "none" else each.sum() / _count(y, labelled)


def _cross_entropy(
    s: Tensor,
    y: Tensor,
    smoothing: float,
    reduction: Reduction,
    labelled: int | None,
    weight: Tensor | None = None,
    soft: Tensor | None = None,
) -> Tensor:
    check_reduction(reduction)
    if y.shape != s.shape[:-1]:
        raise ValueError(f"y must have shape {tuple(s.shape[:-1])}, one class per example, got {tuple(y.shape)}")
    s = at_least_float32(s)
    if weight is not None:
        if weight.shape != s.shape[-1:]:
            got = tuple(weight.shape)
            raise ValueError(f"weight must have shape ({s.shape[-1]},), one number per class, got {got}")
        weight = weight.to(s)
    if soft is not None:
        return _with_soft_labels(s, y, soft, smoothing, reduction, labelled, weight)
    # torch expects the classes in dimension 1
    logits, labels = (s.flatten(0, -2), y.flatten()) if s.ndim > 2 else (s, y)
    loss = F.cross_entropy(
        logits,
        labels,
        weight=weight,
        ignore_index=UNLABELLED,
        reduction=_TORCH_REDUCTION[reduction],
        label_smoothing=smoothing,
    )
    if reduction == "none":
        return loss.view(y.shape)
    if weight is None:
        return loss / _count(y, labelled)
    return loss / _or_one(weight[labels.clamp(min=0)].masked_fill(labels == UNLABELLED, 0).sum())


_TORCH_REDUCTION = {"mean": "sum", "none": "none"}  # our own mean: torch's is 0/0 when no example has a label


def _with_soft_labels(
    s: Tensor,
    y: Tensor,
    soft: Tensor,
    smoothing: float,
    reduction: Reduction,
    labelled: int | None,
    weight: Tensor | None,
) -> Tensor:
    if soft.shape != s.shape:
        raise ValueError(f"soft labels must have the shape of the logits, {tuple(s.shape)}, got {tuple(soft.shape)}")
    unknown = (y == UNLABELLED).unsqueeze(-1)
    p = soft.to(s.dtype).masked_fill(unknown, 0)
    target = (1 - smoothing) * p + smoothing / s.shape[-1]
    log_q = F.log_softmax(s, -1).masked_fill(unknown | (target == 0), 0)  # 0 · log 0 is 0
    weighted = target if weight is None else target * weight
    each = -(weighted * log_q).sum(-1)
    if reduction == "none":
        return each
    return each.sum() / (_count(y, labelled) if weight is None else _or_one((p * weight).sum()))


def _or_one(total: Tensor) -> Tensor:
    """Return a divisor: 1 instead of 0, where nothing counts."""
    return total.masked_fill(total == 0, 1)


def _count(y: Tensor, labelled: int | None) -> Tensor | int:
    """Return the number of labels, at least 1."""
    return (y != UNLABELLED).sum().clamp(min=1) if labelled is None else max(1, labelled)


def check_smoothing(smoothing: float) -> None:
    """Raise a one-sentence ``ValueError`` unless ``smoothing`` lies in [0, 1].

    >>> check_smoothing(1.5)
    Traceback (most recent call last):
        ...
    ValueError: smoothing must lie in [0, 1] (it is the share spread over all classes), got 1.5
    """
    if not 0 <= smoothing <= 1:
        raise ValueError(f"smoothing must lie in [0, 1] (it is the share spread over all classes), got {smoothing}")
