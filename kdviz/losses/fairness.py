"""Penalties on unequal treatment: how far groups lie apart in the student's probability of one class."""

from __future__ import annotations

import torch
from torch import Tensor

from .labels import UNLABELLED
from .precision import at_least_float32, outside_autocast


@outside_autocast
def demographic_parity(s: Tensor, groups: Tensor, *, positive: int = 1, group_count: int | None = None) -> Tensor:
    """Mean squared distance of the groups' mean probability of the positive class from that of all.

    Parameters
    ----------
    s : Tensor, shape (B, C)
        Student logits.
    groups : Tensor of int64, shape (B,)
        The group of each example, from 0 up; -1 where it is not known, which leaves the example out.
    positive : int
        The class that counts as chosen.
    group_count : int, optional
        How many groups there are, when the caller knows: it saves looking for the largest code.

    Returns
    -------
    Tensor
        A scalar in [0, 1); float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the shapes do not fit or ``positive`` is no class.

    Notes
    -----
    With p = σ(s)_positive at T = 1, μ_g its mean over the members of group g, μ its mean over the members of all groups
    and G the number of groups that occur in the batch::

        loss = (1/G) Σ_g (μ_g − μ)²

    It is the quadratic penalty on the constraints of Agarwal et al., E[h(X) | A = a] = E[h(X)] for all a, with the
    probability p in place of the decision h. For two groups that are equally large it is a quarter of (μ_0 − μ_1)², the
    squared mean difference.

    It is 0, with a gradient of 0, where all groups have one mean: so in a batch of one group, of one example, or
    without any known group. A group that is missing from the batch adds nothing.

    Groups have equal weight however small they are. A batch holds few members of a rare group, and the chance in their
    mean counts as distance: of equally treated groups the loss is above 0 on average, by about Var(p) · (1/n_g − 1/n)
    for each group. Use large batches, or join rare groups.

    Public implementations differ. FairTorch adds the squares up, which makes the penalty as many times larger, and
    gives NaN when a group is missing from the batch. Zemel et al. take the absolute difference, which does not fade
    near 0; Zafar et al. the covariance of group and distance to the decision boundary, of logits instead of
    probabilities.

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
    """Demographic parity among the examples of the positive class and among the others, averaged over both.

    Parameters
    ----------
    s : Tensor, shape (B, C)
        Student logits.
    y : Tensor of int64, shape (B,)
        Class indices; -1 marks an example without a label, which is left out.
    groups : Tensor of int64, shape (B,)
        The group of each example, from 0 up; -1 where it is not known, which leaves the example out.
    positive : int
        The class that counts as chosen.
    group_count : int, optional
        How many groups there are, when the caller knows: it saves looking for the largest code.

    Returns
    -------
    Tensor
        A scalar in [0, 1); float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the shapes do not fit or ``positive`` is no class.

    Notes
    -----
    With p = σ(s)_positive at T = 1, μ_{g,k} its mean over the members of group g whose label is (k = 1) or is not
    (k = 0) the positive class, μ_k its mean over all such examples and G_k the number of groups that have one::

        loss = ½ Σ_k (1/G_k) Σ_g (μ_{g,k} − μ_k)²

    k = 1 is the soft version of the true-positive rate, k = 0 that of the false-positive rate: the quadratic penalty on
    the constraints of Agarwal et al. for equalized odds. More than two classes are two here, positive and not, as
    fairlearn has them. A half of which the batch holds one group or none is 0; so is a batch without labels.

    What :func:`demographic_parity` says of rare groups and of other implementations holds here, the more so as each
    group is cut in two. FairTorch adds up over both halves as well.

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
        raise ValueError(f"y must have shape ({len(s)},), one class an example, got {tuple(y.shape)}")
    p, members = _probability(s, positive), _members(s, groups, group_count)
    yes = y == positive
    no = ~yes & (y != UNLABELLED)
    return (_between(p, members * yes[:, None]) + _between(p, members * no[:, None])) / 2


def _probability(s: Tensor, positive: int) -> Tensor:
    """Return σ(s)_positive at T = 1, shape (B,)."""
    if s.ndim != 2:
        raise ValueError(f"student logits must have shape (batch, classes), got {tuple(s.shape)}")
    if not 0 <= positive < s.shape[1]:
        raise ValueError(f"positive must be one of the {s.shape[1]} classes, from 0 up, got {positive}")
    return at_least_float32(s).softmax(1)[:, positive]


def _members(s: Tensor, groups: Tensor, group_count: int | None) -> Tensor:
    """Return who belongs to which group, 0 or 1 in the dtype of the loss, shape (B, G); -1 belongs to none."""
    if groups.shape != s.shape[:1]:
        raise ValueError(f"groups must have shape ({len(s)},), one code an example, got {tuple(groups.shape)}")
    if group_count is None:
        group_count = int(groups.max()) + 1 if len(groups) else 0
    dtype = at_least_float32(s[:0]).dtype
    return (groups[:, None] == torch.arange(group_count, device=groups.device)).to(dtype)  # (B, G)


def _between(p: Tensor, members: Tensor) -> Tensor:
    """Return the mean over groups that have a member of the squared distance of their mean from that of all."""
    n = members.sum(0)  # (G,)
    sums = p @ members  # (G,)
    there = n > 0
    overall = sums.sum() / n.sum().clamp(min=1)
    apart = (sums / n.clamp(min=1) - overall) * there  # (G,)
    return apart.square().sum() / there.sum().clamp(min=1)
