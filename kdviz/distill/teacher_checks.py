"""Faults of a teacher that its outputs show: it knows nothing, has permuted classes, or does not output logits.

Each check takes logits and labels and returns one sentence, or None where nothing is wrong or there are too few
examples to tell. They never blame an honest teacher: a weak one that still knows something, one trained for rare
classes, one whose logits were divided by a temperature.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

HARDLY = 0.1  # of the way from chance to perfect: less than this is hardly better
SURE = 1e-3  # probability that a useful teacher does as badly by chance
ENOUGH = 20  # with fewer examples no teacher is called useless
DECISIVE = 1e-4  # the same for a permutation of classes, since there are many
LOOKED_AT = 5_000  # examples to find a permutation with: 1,000 classes then take seconds
SHOWN = 12  # most classes listed in a sentence


def doubt(logits: Tensor, y: Tensor) -> str | None:
    """Return the first fault found in a teacher's outputs, or None.

    Parameters
    ----------
    logits : Tensor, shape (N, C) or (B, L, C)
        The teacher's outputs for labelled examples, ideally ones that it was not trained on.
    y : Tensor of int64, shape (N,) or (B, L)
        True classes; −1 where unknown.

    Returns
    -------
    str or None
        One sentence, with the remedy.

    Examples
    --------
    >>> y = torch.arange(300) % 3
    >>> logits = 5 * torch.nn.functional.one_hot(y, 3).float()
    >>> doubt(logits, y) is None, doubt(logits / 20, y) is None
    (True, True)
    >>> print(doubt(logits[:, [1, 2, 0]], y))
    the teacher's classes are in another order than the labels: it is right on 0.0% of 300 examples, \
and on 100.0% with its outputs in the order [2, 0, 1]; pass kd.wrap(teacher, classes=[2, 0, 1])
    """
    for check in CHECKS:
        sentence = check(logits, y)
        if sentence is not None:
            return sentence
    return None


def constant(logits: Tensor, y: Tensor) -> str | None:
    """Return a sentence on a teacher with the same output for at least 10 examples, else None."""
    logits, _ = _flat(logits, y)
    if len(logits) < 10:
        return None
    scale = logits.abs().nan_to_num(posinf=0).amax()
    if not bool(((logits == logits[:1]) | ((logits - logits[:1]).abs() <= 1e-6 * scale)).all()):
        return None
    return (
        f"the teacher gives the same output for all of {len(logits):,} examples, so it has nothing to teach; check "
        "that its weights were loaded and its inputs are scaled as in its training"
    )


def ends_in_softmax(logits: Tensor, y: Tensor) -> str | None:
    """Return a sentence on a teacher that outputs probabilities: each row in [0, 1], with sum 1; else None."""
    logits, _ = _flat(logits, y)
    if len(logits) < 5 or logits.shape[1] < 2 or not _within_0_and_1(logits):
        return None
    if bool((logits.sum(1) - 1).abs().amax() > 0.01):  # the precision of sums in bfloat16
        return None
    return (
        f"the teacher ends in a softmax: each of its {len(logits):,} outputs lies between 0 and 1 and sums to 1, and a "
        "second softmax makes them nearly equal; pass it without its last layer, or as "
        "kd.wrap(teacher, probabilities=True), which outputs their logarithms"
    )


def ends_in_sigmoid(logits: Tensor, y: Tensor) -> str | None:
    """Return a sentence on a teacher whose outputs each went through a sigmoid, else None.

    The signs are numbers between 0 and 1 that come near both ends in at least 50 examples, or one such number beside a
    0, which is how one output for two classes is represented.
    """
    logits, y = _flat(logits, y)
    if len(logits) < 50 or logits.shape[1] < 2 or not _within_0_and_1(logits):
        return None
    if ends_in_softmax(logits, y) is not None:
        return None
    if logits.shape[1] == 2 and bool((logits[:, 0] == 0).all()):
        one = logits[:, 1]
        if float(one.min()) >= 0.25 or float(one.max()) <= 0.75:
            return None
        return (
            f"the teacher ends in a sigmoid: its one output lies between 0 and 1 on all of {len(logits):,} examples, "
            "and as a logit it always predicts the second class; pass it without its last layer, or as "
            f"{sigmoid_corrected(logits)}"
        )
    if float(logits.max()) < 0.9 or float(logits.min()) > 0.1:
        return None
    return (
        f"the teacher seems to end in a sigmoid: all of its {len(logits):,} outputs lie between 0 and 1, where their "
        f"softmax is nearly flat; pass it without its last layer, or as {sigmoid_corrected(logits)}"
    )


def sigmoid_corrected(logits: Tensor, teacher: str = "teacher") -> str:
    """Return the code to wrap a teacher that ends in a sigmoid: one output for two classes, or one for each."""
    one = logits.shape[-1] == 2 and bool((logits[..., 0] == 0).all())
    return f"kd.wrap({teacher}, probabilities={True if one else 'each'!r})"


def ends_in_log_softmax(logits: Tensor, y: Tensor) -> str | None:
    """Return a sentence on a teacher that outputs log-probabilities, else None.

    That is harmless for losses on probabilities, whose softmax recovers them. It matters for losses on the logits
    themselves (LogitMSE, LogitHuber), so :func:`doubt` omits it.
    """
    logits, _ = _flat(logits, y)
    if len(logits) < 5 or logits.shape[1] < 2 or bool((logits > 1e-6).any()):
        return None
    if bool(logits.logsumexp(1).abs().amax() > 0.01):
        return None
    return (
        f"the teacher ends in a log-softmax: each of its {len(logits):,} outputs is a row of log-probabilities; soft "
        "targets are unaffected, but a loss on the logits themselves (LogitMSE, LogitHuber) needs the logits; pass the "
        "teacher without its last layer, or use kd.SoftTargets"
    )


def fitting_order(logits: Tensor, y: Tensor) -> list[int] | None:
    """Return the order of a teacher's outputs that fits the labels, if it clearly differs from the present one.

    Parameters
    ----------
    logits : Tensor, shape (N, C) or (B, L, C)
    y : Tensor of int64, shape (N,) or (B, L)
        −1 where the class is unknown.

    Returns
    -------
    list of int, length C, or None
        ``logits[:, order]`` fits the labels. None where the present order is as good, or the data are inconclusive.

    Notes
    -----
    The order is the linear assignment of outputs to classes with most correct predictions. Since the best of C! orders
    looks better than it is, it is found on one half of the examples and judged on the other, and vice versa. It must be
    right at least three times as often as the present order where they differ (sign test, p < 1e-4), and the teacher
    must be better than chance on the classes that it moves.

    References
    ----------
    Kuhn (1955), The Hungarian method for the assignment problem, Naval Research Logistics Quarterly 2.
    """
    logits, y = _labelled(logits, y)
    classes = logits.shape[1]
    if len(y) < 14 or classes < 2:
        return None
    if len(y) > LOOKED_AT:
        some = torch.randperm(len(y), generator=torch.Generator().manual_seed(1))[:LOOKED_AT]
        logits, y = logits[some], y[some]
    predicted = logits.argmax(1)
    table = _table(predicted, y, classes)
    if int(table.max(axis=1).sum()) == int(table.diagonal().sum()):  # no order is better
        return None
    means = _assigned(table)  # the class that each output means
    fold = torch.randperm(len(y), generator=torch.Generator().manual_seed(0)) % 2 == 0
    judged = torch.empty_like(y)
    for part in (fold, ~fold):
        judged[~part] = torch.from_numpy(_assigned(_table(predicted[part], y[part], classes)))[predicted[~part]]
    gained, lost = int(((judged == y) & (predicted != y)).sum()), int(((judged != y) & (predicted == y)).sum())
    if gained < 3 * lost or not gained or 1 - _at_most(gained - 1, gained + lost, 0.5) > DECISIVE:
        return None
    moved = torch.from_numpy(np.flatnonzero(means != np.arange(classes)))
    if _informedness(judged, y, moved) < min(0.5, 15 / len(y.unique())):  # chance also finds some order
        return None
    order = [0] * classes
    for output, meant in enumerate(means.tolist()):
        order[meant] = output
    return order


def permuted_classes(logits: Tensor, y: Tensor) -> str | None:
    """Return a sentence on a teacher whose classes are in another order than the labels, else None."""
    order = fitting_order(logits, y)
    if order is None:
        return None
    logits, y = _labelled(logits, y)
    before = (logits.argmax(1) == y).double().mean().item()
    after = (logits[:, order].argmax(1) == y).double().mean().item()
    moved = [c for c, output in enumerate(order) if c != output]
    if len(order) <= SHOWN:
        what, remedy = f"the order {order}", f"kd.wrap(teacher, classes={order})"
    else:
        some = ", ".join(f"{order[c]} for class {c}" for c in moved[:3])
        what = f"another order (output {some}, {len(moved)} moved in all)"
        remedy = "kd.wrap(teacher, classes=order), order = kd.distill.teacher_checks.fitting_order(logits, labels)"
    return (
        "the teacher's classes are in another order than the labels: it is right on "
        f"{before:.1%} of {len(y):,} examples, and on {after:.1%} with its outputs in {what}; pass {remedy}"
    )


def no_better_than_commonest(logits: Tensor, y: Tensor) -> str | None:
    """Return a sentence on a teacher that is hardly better than always predicting the most common class, else None.

    Notes
    -----
    Only for a teacher that is hardly better both overall (accuracy less than a tenth of the way from the share of the
    most common class to 1, and less than twice that share) and class by class (mean recall, so that a teacher of rare
    classes is not blamed), on at least 20 examples, enough that one halfway to 1 would do as badly with a probability
    below 0.1 % (binomial).
    """
    logits, y = _labelled(logits, y)
    if len(y) < ENOUGH:
        return None
    share = torch.bincount(y).max().item() / len(y)
    predicted = logits.argmax(1)
    right = int((predicted == y).sum())
    accuracy = right / len(y)
    if share == 1 or accuracy > min(share + HARDLY * (1 - share), 2 * share):
        return None
    if _informedness(predicted, y) > HARDLY or _at_most(right, len(y), (1 + share) / 2) > SURE:
        return None
    how = "no" if accuracy <= share else "hardly"
    return (
        f"the teacher is {how} better than always predicting the most common class: right on {accuracy:.1%} of "
        f"{len(y):,} examples, against {share:.1%}; check that its weights were loaded, its inputs are scaled as in "
        "its training, and its classes are those of the labels"
    )


CHECKS: tuple[Callable[[Tensor, Tensor], str | None], ...] = (
    constant,
    ends_in_softmax,
    ends_in_sigmoid,
    permuted_classes,
    no_better_than_commonest,
)


def _flat(logits: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return logits (N, C) in float64 and labels (N,) on the CPU, tokens one after the other."""
    return logits.detach().reshape(-1, logits.shape[-1]).double().cpu(), y.detach().reshape(-1).cpu()


def _labelled(logits: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows whose label is one of the teacher's outputs."""
    logits, y = _flat(logits, y)
    labelled = (y >= 0) & (y < logits.shape[1])
    return logits[labelled], y[labelled]


def _within_0_and_1(logits: Tensor) -> bool:
    return bool((logits >= 0).all() and (logits <= 1 + 1e-6).all())


def _table(predicted: Tensor, y: Tensor, classes: int) -> np.ndarray:
    """Return how often each output (row) was the first choice for each class (column), (C, C)."""
    return torch.bincount(predicted * classes + y, minlength=classes**2).reshape(classes, classes).numpy()


def _informedness(predicted: Tensor, y: Tensor, classes: Tensor | None = None) -> float:
    """Return the mean recall over the occurring classes, or those given, scaled so that chance is 0 and a perfect
    teacher 1; −1 where there are none."""
    total = torch.bincount(y)
    right = torch.bincount(y[predicted == y], minlength=len(total))
    occurs = total > 0
    guess = 1 / int(occurs.sum())
    if classes is not None:
        occurs &= torch.isin(torch.arange(len(total)), classes)
    if guess == 1 or not bool(occurs.any()):
        return -1.0
    return ((right[occurs] / total[occurs]).double().mean().item() - guess) / (1 - guess)


def _at_most(k: int, n: int, p: float) -> float:
    """Return P(X ≤ k) of a binomial X of n draws with probability 0 < p < 1.

    >>> round(_at_most(3, 10, 0.5), 6)
    0.171875
    """
    if k < 0:
        return 0.0
    i = torch.arange(min(k, n) + 1, dtype=torch.float64)
    whole = math.lgamma(n + 1) - torch.lgamma(i + 1) - torch.lgamma(n - i + 1)
    return min(1.0, (whole + i * math.log(p) + (n - i) * math.log1p(-p)).logsumexp(0).exp().item())


def _assigned(table: np.ndarray) -> np.ndarray:
    """Return the column assigned to each row of a square table of counts, so that the sum is largest.

    Ties keep the diagonal. Shortest augmenting paths with potentials (Kuhn 1955; Jonker, Volgenant 1987), over the rows
    with counts; the others share the remaining columns.

    >>> _assigned(np.array([[1, 5, 0], [4, 6, 0], [0, 0, 2]])).tolist()
    [1, 0, 2]
    """
    size = len(table)
    cost = -(table.astype(np.float64) + np.eye(size) / (2 * size))  # (C, C)
    row_potential, column_potential = np.zeros(size), np.zeros(size + 1)
    row_of = np.full(size + 1, -1)  # of each column; a path begins at the last one
    for row in np.flatnonzero(table.any(axis=1)):
        row_of[size], column = row, size
        slack, came_from = np.full(size, np.inf), np.full(size, size)
        reached = np.zeros(size + 1, dtype=bool)
        while row_of[column] >= 0:
            reached[column] = True
            current = row_of[column]
            reduced = cost[current] - row_potential[current] - column_potential[:size]
            closer = ~reached[:size] & (reduced < slack)
            slack[closer], came_from[closer] = reduced[closer], column
            nearest = int(np.where(reached[:size], np.inf, slack).argmin())
            step = slack[nearest]
            row_potential[row_of[reached]] += step
            column_potential[reached] -= step
            slack[~reached[:size]] -= step
            column = nearest
        while column != size:  # turn the path around
            row_of[column] = row_of[came_from[column]]
            column = int(came_from[column])
    assigned = np.full(size, -1)
    taken = np.flatnonzero(row_of[:size] >= 0)
    assigned[row_of[taken]] = taken
    left = [c for c in range(size) if row_of[c] < 0]
    for c in [c for c in left if assigned[c] < 0]:  # an output that was never predicted keeps its class, if it can
        assigned[c] = c
        left.remove(c)
    assigned[assigned < 0] = left
    return assigned
