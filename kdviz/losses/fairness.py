"""Penalties on unequal treatment: how far groups differ in the student's probability of one class."""

from __future__ import annotations

import torch
from torch import Tensor

from .labels import UNLABELLED
from .precision import at_least_float32, outside_autocast


@outside_autocast
def demographic_parity(s: Tensor, groups: Tensor, *, positive: int = 1, group_count: int | None = None) -> Tensor:
    """Demographic parity: mean squared distance of the groups' mean probability of the positive class from the overall
    mean.

    Parameters
    ----------
    s : Tensor, shape (B, C)
        Student logits.
    groups : Tensor of int64, shape (B,)
        The group of each example, from 0; -1 where unknown: such examples are left out.
    positive : int
        The class that counts as a positive decision.
    group_count : int, optional
        The number of groups, if known: this saves searching for the largest code.

    Returns
    -------
    Tensor
        A scalar in [0, 1); float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the shapes do not fit or ``positive`` is not a class.

    Notes
    -----
    With p = σ(s)_positive at T = 1, μ_g its mean over the members of group g, μ its mean over the members of all groups
    and G the number of groups that occur in the batch::

        loss = (1/G) Σ_g (μ_g − μ)²

    It is the quadratic penalty on the constraints of Agarwal et al., E[h(X) | A = a] = E[h(X)] for all a, with the
    probability p instead of the decision h. For two groups of equal size it is a quarter of (μ_0 − μ_1)², the squared
    mean difference.

    It is 0, with a gradient of 0, where all groups have the same mean: also in a batch of one group, of one example, or
    without any known group. A group that is missing from the batch contributes nothing.

    Groups have equal weight however small they are. A batch holds few members of a rare group, and the sampling noise
    of their mean counts as distance: for equally treated groups the loss is above 0 on average, by about
    Var(p) · (1/n_g − 1/n) for each group. Use large batches, or merge rare groups.

    Public implementations differ. FairTorch sums the squares, which makes the penalty G times larger, and returns NaN
    when a group is missing from the batch. Zemel et al. use the absolute difference, whose gradient does not fade near
    0; Zafar et al. the covariance of group and distance to the decision boundary, of logits instead of probabilities.

    References
    ----------
    Agarwal, Beygelzimer, Dudík, Langford, Wallach (2018), A Reductions Approach to Fair Classification, ICML,
    arXiv:1803.02453. Zemel, Wu, Swersky, Pitassi, Dwork (2013), Learning Fair Representations, ICML. Zafar, Valera,
    Gomez Rodriguez, Gummadi (2017), Fairness Constraints, AISTATS, arXiv:1507.05259.

    Examples
    --------
    >>> logits = torch.tensor([[0.0, 0.0], [0.0, 0.0], [-9.0, 9.0], [-9.0, 9.0]])
    >>> round(demographic_parity(logits, torch.tensor([0, 0, 1, 1])).item(), 4)  # means 1/2 and 1: a quarter of 1/4
    0.0625
    >>> demographic_parity(logits, torch.tensor([0, 1, 0, 1])).item()
    0.0
    """
    return _between(_probability(s, positive), _members(s, groups, group_count))


@outside_autocast
def equalized_odds(
    s: Tensor, y: Tensor, groups: Tensor, *, positive: int = 1, group_count: int | None = None
) -> Tensor:
    """Equalized odds: demographic parity among the positive examples and among the others, averaged over both.

    Parameters
    ----------
    s : Tensor, shape (B, C)
        Student logits.
    y : Tensor of int64, shape (B,)
        Class indices; -1 marks an example without a label, which is left out.
    groups : Tensor of int64, shape (B,)
        The group of each example, from 0; -1 where unknown: such examples are left out.
    positive : int
        The class that counts as a positive decision.
    group_count : int, optional
        The number of groups, if known: this saves searching for the largest code.

    Returns
    -------
    Tensor
        A scalar in [0, 1); float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the shapes do not fit or ``positive`` is not a class.

    Notes
    -----
    With p = σ(s)_positive at T = 1, μ_{g,k} its mean over the members of group g whose label is (k = 1) or is not
    (k = 0) the positive class, μ_k its mean over all such examples and G_k the number of groups that have one::

        loss = ½ Σ_k (1/G_k) Σ_g (μ_{g,k} − μ_k)²

    k = 1 is the soft version of the true-positive rate, k = 0 that of the false-positive rate: the quadratic penalty on
    the constraints of Agarwal et al. for equalized odds. More than two classes are reduced to two, positive and other,
    as in fairlearn. A half with one group or none in the batch is 0; so is a batch without labels.

    The notes of :func:`demographic_parity` on rare groups and other implementations apply here too, even more so as
    each group is split in two. FairTorch also sums over both halves.

    References
    ----------
    Hardt, Price, Srebro (2016), Equality of Opportunity in Supervised Learning, NeurIPS, arXiv:1610.02413. Agarwal et
    al. (2018), A Reductions Approach to Fair Classification, ICML, arXiv:1803.02453.

    Examples
    --------
    >>> logits = torch.tensor([[0.0, 0.0], [-9.0, 9.0], [9.0, -9.0], [9.0, -9.0]])
    >>> y, groups = torch.tensor([1, 1, 0, -1]), torch.tensor([0, 1, 0, 1])
    >>> round(equalized_odds(logits, y, groups).item(), 4)  # positives 1/2 and 1; one group alone has a negative
    0.0312
    """
    if y.shape != s.shape[:1]:
        raise ValueError(f"y must have shape ({len(s)},), one class per example, got {tuple(y.shape)}")
    p, members = _probability(s, positive), _members(s, groups, group_count)
    yes = y == positive
    no = ~yes & (y != UNLABELLED)
    return (_between(p, members * yes[:, None]) + _between(p, members * no[:, None])) / 2


def _probability(s: Tensor, positive: int) -> Tensor:
    """Return σ(s)_positive at T = 1, shape (B,)."""
    if s.ndim != 2:
        raise ValueError(f"student logits must have shape (batch, classes), got {tuple(s.shape)}")
    if not 0 <= positive < s.shape[1]:
        raise ValueError(f"positive must be one of the {s.shape[1]} classes, by index from 0, got {positive}")
    return at_least_float32(s).softmax(1)[:, positive]


def _members(s: Tensor, groups: Tensor, group_count: int | None) -> Tensor:
    """Return group membership, 0 or 1 in the dtype of the loss, shape (B, G); -1 belongs to no group."""
    if groups.shape != s.shape[:1]:
        raise ValueError(f"groups must have shape ({len(s)},), one code per example, got {tuple(groups.shape)}")
    if group_count is None:
        group_count = int(groups.max()) + 1 if len(groups) else 0
    dtype = at_least_float32(s[:0]).dtype
    return (groups[:, None] == torch.arange(group_count, device=groups.device)).to(dtype)  # (B, G)


def _between(p: Tensor, members: Tensor) -> Tensor:
    """Return the mean squared distance from the overall mean, over the groups that have a member."""
    n = members.sum(0)  # (G,)
    sums = p @ members  # (G,)
    occurs = n > 0
    overall = sums.sum() / n.sum().clamp(min=1)
    difference = (sums / n.clamp(min=1) - overall) * occurs  # (G,)
    return difference.square().sum() / occurs.sum().clamp(min=1)
