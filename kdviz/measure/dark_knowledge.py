"""Dark knowledge: what a model's probabilities show beyond its prediction, over many examples.

The classes nearest to each class, how much mass is off the true class, and how much of the student's gradient comes
from the teacher rather than from the labels. `kdviz.widgets.DarkKnowledge` computes the same numbers in the browser.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ..distill.variants import SOFT_LOSSES
from ..losses import check_temperature


def mean_soft_targets(logits: Tensor, y: Tensor, temperature: float, classes: int) -> Tensor:
    """Return the mean of σ_T(logits) over the examples of each true class.

    Parameters
    ----------
    logits : Tensor, shape (N, C)
    y : Tensor of int64, shape (N,)
        True classes; -1 marks an unknown class, and the example is left out.
    temperature : float
        T > 0.
    classes : int
        Number C of classes.

    Returns
    -------
    Tensor of float64, shape (C, C)
        Row: true class; column: class of the probability. A row sums to 1; it is NaN if the class has no example.

    Raises
    ------
    ValueError
        If shapes, labels, ``classes`` or the temperature do not fit.

    Examples
    --------
    >>> logits = torch.tensor([[0.0, 0.0], [0.0, 0.0], [9.0, 9.0]])
    >>> mean_soft_targets(logits, torch.tensor([0, -1, 0]), temperature=4.0, classes=2)
    tensor([[0.5000, 0.5000],
            [   nan,    nan]], dtype=torch.float64)
    """
    _check(logits, y, temperature)
    if logits.shape[1] != classes:
        raise ValueError(f"expected logits with {classes} columns, one for each class, got {logits.shape[1]}")
    known = y >= 0
    p = F.softmax(logits[known].double() / temperature, dim=1)  # (n, C)
    sums = torch.zeros(classes, classes, dtype=torch.float64).index_add_(0, y[known], p)
    return sums / torch.bincount(y[known], minlength=classes).unsqueeze(1)  # 0/0 is NaN: no example


def nearest_classes(means: Tensor, count: int = 2) -> Tensor:
    """Return the classes with the largest mean soft targets for each class, except the class itself.

    Parameters
    ----------
    means : Tensor, shape (C, C)
        From :func:`mean_soft_targets`.
    count : int
        How many, at most C − 1.

    Returns
    -------
    Tensor of int64, shape (C, count)
        Nearest first (the lower index of a tie); -1 throughout if a class has no example.

    Raises
    ------
    ValueError
        If ``means`` is not square or ``count`` is out of range.

    Examples
    --------
    >>> nearest_classes(torch.tensor([[0.7, 0.1, 0.2], [0.3, 0.6, 0.1], [0.0, 0.4, 0.6]]), count=1).flatten().tolist()
    [2, 0, 1]
    """
    if means.ndim != 2 or means.shape[0] != means.shape[1]:
        raise ValueError(f"means must have shape (classes, classes), got {tuple(means.shape)}")
    if not 1 <= count < len(means):
        raise ValueError(f"count must be from 1 to {len(means) - 1} for {len(means)} classes, got {count}")
    others = means.clone().fill_diagonal_(-math.inf)
    nearest = others.nan_to_num(nan=-math.inf).argsort(dim=1, descending=True, stable=True)[:, :count]
    empty = means.isnan().any(dim=1, keepdim=True)
    return nearest.masked_fill(empty, -1)


def entropy_bits(logits: Tensor, temperature: float) -> Tensor:
    """Return the entropy of σ_T(logits) of each example, in bits: from 0 (certain) to log₂ C (all classes equal).

    Parameters
    ----------
    logits : Tensor, shape (N, C)
    temperature : float
        T > 0.

    Returns
    -------
    Tensor of float64, shape (N,)

    Examples
    --------
    >>> entropy_bits(torch.tensor([[0.0, 0.0, 0.0, 0.0], [1e4, 0.0, 0.0, 0.0]]), temperature=1.0).tolist()
    [2.0, 0.0]
    """
    _check(logits, None, temperature)
    log_p = F.log_softmax(logits.double() / temperature, dim=1)
    return torch.special.entr(log_p.exp()).sum(1).clamp(min=0) / math.log(2)


def non_target_mass(logits: Tensor, y: Tensor, temperature: float) -> Tensor:
    """Return the probability σ_T(logits) on all classes but the true one, for each example.

    Parameters
    ----------
    logits : Tensor, shape (N, C)
    y : Tensor of int64, shape (N,)
        True classes; -1 if unknown.
    temperature : float
        T > 0.

    Returns
    -------
    Tensor of float64, shape (N,)
        Summed over the other classes, so that 1e-12 does not vanish beside 1; NaN if the class is unknown.

    Examples
    --------
    >>> non_target_mass(torch.zeros(2, 4), torch.tensor([3, -1]), temperature=2.0)
    tensor([0.7500,    nan], dtype=torch.float64)
    """
    _check(logits, y, temperature)
    return _other_log_mass(F.log_softmax(logits.double() / temperature, dim=1), y).exp().masked_fill(y < 0, math.nan)


def kl_parts(s: Tensor, t: Tensor, y: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Split KL(σ_T(t) ‖ σ_T(s)) of each example into the part of the true class and that of the other classes.

    Parameters
    ----------
    s, t : Tensor, shape (N, C)
        Student and teacher logits, C ≥ 2.
    y : Tensor of int64, shape (N,)
        True classes; -1 if unknown.
    temperature : float
        T > 0.

    Returns
    -------
    target, non_target : Tensor of float64, shape (N,)
        In nats, both ≥ 0; their sum is the divergence. NaN if the class is unknown.

    Raises
    ------
    ValueError
        If shapes, labels or the temperature do not fit.

    Notes
    -----
    With p = σ_T(t), q = σ_T(s)::

        target     = p_y log(p_y / q_y) + (1 − p_y) log((1 − p_y) / (1 − q_y))
        non_target = (1 − p_y) · KL(p̂ ‖ q̂),   p̂_c = p_c / (1 − p_y) for c ≠ y

    Zhao et al. call them TCKD and (1 − p_y) · NCKD: a teacher that is sure (p_y ≈ 1) mutes its knowledge of the others.

    References
    ----------
    Zhao, Cui, Song, Qiu, Liang (2022), Decoupled Knowledge Distillation, CVPR, arXiv:2203.08679.

    Examples
    --------
    >>> s, t = torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([[2.0, 1.0, 0.0]])
    >>> target, non_target = kl_parts(s, t, torch.tensor([0]), temperature=1.0)
    >>> round(target.item(), 4), round(non_target.item(), 4)
    (0.0167, 0.0371)
    """
    _check(s, y, temperature)
    _check_same(s, t)
    if s.shape[1] < 2:
        raise ValueError(f"the parts of the divergence need at least 2 classes, got {s.shape[1]}")
    log_p = F.log_softmax(t.double() / temperature, dim=1)  # (N, C)
    log_q = F.log_softmax(s.double() / temperature, dim=1)
    rest_p, rest_q = _other_log_mass(log_p, y), _other_log_mass(log_q, y)  # log(1 − p_y)
    of_y = y.clamp(min=0).unsqueeze(1)
    p_y, q_y = log_p.gather(1, of_y).squeeze(1), log_q.gather(1, of_y).squeeze(1)
    target = p_y.exp() * (p_y - q_y) + rest_p.exp() * (rest_p - rest_q)
    apart = (log_p - rest_p.unsqueeze(1)) - (log_q - rest_q.unsqueeze(1))  # log p̂ − log q̂
    non_target = (log_p.exp() * apart).scatter(1, of_y, 0.0).sum(1)
    unknown = y < 0
    return target.clamp(min=0).masked_fill(unknown, math.nan), non_target.clamp(min=0).masked_fill(unknown, math.nan)


def gradient_norms(
    s: Tensor, t: Tensor, y: Tensor, temperature: float, loss: str = "soft_targets"
) -> tuple[Tensor, Tensor]:
    """Return the norms of each example's gradients of the soft and the hard term with respect to the student's logits.

    Parameters
    ----------
    s, t : Tensor, shape (N, C)
        Student and teacher logits.
    y : Tensor of int64, shape (N,)
        True classes; -1 if unknown.
    temperature : float
        T > 0.
    loss : {"soft_targets", "without_t2", "reverse_kl", "first_choice"}
        The soft term: T² · KL(σ_T(t) ‖ σ_T(s)), the same without T², T² · KL(σ_T(s) ‖ σ_T(t)), or CE(s, argmax t).

    Returns
    -------
    soft, hard : Tensor of float64, shape (N,)
        Without the weights α and 1 − α. ``hard`` is NaN if the class is unknown.

    Raises
    ------
    ValueError
        If shapes, labels, the temperature or ``loss`` do not fit.

    Notes
    -----
    With p = σ_T(t), q = σ_T(s), the gradients are::

        soft_targets   T (q − p)
        without_t2     (q − p) / T
        reverse_kl     T q_c (log q_c − log p_c − KL(q ‖ p))
        first_choice   σ(s) − onehot(argmax t)
        hard           σ(s) − onehot(y)

    Examples
    --------
    >>> soft, hard = gradient_norms(torch.zeros(1, 2), torch.tensor([[0.0, 20.0]]), torch.tensor([1]), temperature=1.0)
    >>> round(soft.item(), 4), round(hard.item(), 4)  # both pull the same way: (0.5, −0.5)
    (0.7071, 0.7071)
    """
    _check(s, y, temperature)
    _check_same(s, t)
    if loss not in SOFT_LOSSES:
        raise ValueError(f"loss must be one of {', '.join(SOFT_LOSSES)}, got {loss!r}")
    log_p = F.log_softmax(t.double() / temperature, dim=1)  # (N, C)
    log_q = F.log_softmax(s.double() / temperature, dim=1)
    if loss == "reverse_kl":
        ratio = log_q - log_p
        kl = (log_q.exp() * ratio).sum(1, keepdim=True)
        gradient = log_q.exp() * (ratio - kl)
    else:
        gradient = log_q.exp() - log_p.exp()
    factor = 1 / temperature if loss == "without_t2" else temperature
    sure = F.softmax(s.double(), dim=1)
    to_label = sure - F.one_hot(y.clamp(min=0), s.shape[1])
    if loss == "first_choice":
        factor, gradient = 1.0, sure - F.one_hot(t.argmax(1), s.shape[1])
    return factor * gradient.norm(dim=1), to_label.norm(dim=1).masked_fill(y < 0, math.nan)


def gradient_share(
    s: Tensor, t: Tensor, y: Tensor, temperature: float, alpha: float, loss: str = "soft_targets"
) -> float:
    """Return the share of the soft term in the gradient norms, over the labelled examples.

    Parameters
    ----------
    s, t : Tensor, shape (N, C)
        Student and teacher logits.
    y : Tensor of int64, shape (N,)
        True classes; -1 marks an unknown class, and the example is left out.
    temperature : float
        T > 0.
    alpha : float
        Weight α of the soft term, in [0, 1]; the hard term has 1 − α.
    loss : {"soft_targets", "without_t2", "reverse_kl", "first_choice"}
        The soft term, as in :func:`gradient_norms`.

    Returns
    -------
    float
        α·g / (α·g + (1 − α)·h), g and h the means over examples of the norms of both gradients with respect to the
        student's logits. A share of norms, not of the vector sum: opposing gradients count in full. NaN if both norms
        are 0, or no example has a label.

    Raises
    ------
    ValueError
        If shapes, labels, the temperature, alpha or ``loss`` do not fit.

    Examples
    --------
    >>> s, t, y = torch.zeros(1, 2), torch.tensor([[0.0, 20.0]]), torch.tensor([1])
    >>> round(gradient_share(s, t, y, temperature=1.0, alpha=0.9), 4)
    0.9
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie in [0, 1] (it is the weight of the soft term), got {alpha}")
    soft, hard = gradient_norms(s, t, y, temperature, loss)
    known = y >= 0
    g, h = alpha * soft[known].mean().item(), (1 - alpha) * hard[known].mean().item()
    return g / (g + h) if g + h > 0 else math.nan


def _other_log_mass(log_p: Tensor, y: Tensor) -> Tensor:
    """Return log Σ_{c ≠ y} p_c of each row, shape (N,)."""
    return log_p.scatter(1, y.clamp(min=0).unsqueeze(1), -math.inf).logsumexp(1)


def _check(logits: Tensor, y: Tensor | None, temperature: float) -> None:
    check_temperature(temperature)
    if logits.ndim != 2:
        raise ValueError(f"logits must have shape (examples, classes), got {tuple(logits.shape)}")
    if y is None:
        return
    if y.shape != logits.shape[:1]:
        raise ValueError(f"y must hold one label for each of {len(logits)} examples, got shape {tuple(y.shape)}")
    if len(y) and (int(y.min()) < -1 or int(y.max()) >= logits.shape[1]):
        raise ValueError(
            f"labels must be in [-1, {logits.shape[1] - 1}] for {logits.shape[1]} classes, "
            f"got {int(y.min())} to {int(y.max())}"
        )


def _check_same(s: Tensor, t: Tensor) -> None:
    if s.shape != t.shape:
        raise ValueError(
            f"student logits have shape {tuple(s.shape)} and teacher logits {tuple(t.shape)}; "
            "both must be (examples, classes) over the same classes"
        )
