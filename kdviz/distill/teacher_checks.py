"""What a teacher's answers say about it: that it knows nothing, has its classes in another order, gives no logits.

Each check takes logits and labels and returns one sentence, or None where nothing is wrong or the examples are too few
to say. They are made so that an honest teacher is never blamed: a weak one that still knows something, one trained for
rare classes, one whose logits were divided by a temperature.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

HARDLY = 0.1  # of the way from knowing nothing to knowing all: less than this is hardly better
SURE = 1e-3  # how rarely a useful teacher may do as badly by bad luck
ENOUGH = 20  # examples below which no teacher is called useless
DECISIVE = 1e-4  # the same for another order of classes, of which there are many
LOOKED_AT = 5_000  # examples that an order of classes is found on: 1,000 classes take seconds then
SHOWN = 12  # classes named one by one in a sentence


def doubt(logits: Tensor, y: Tensor) -> str | None:
    """Return the first thing that is wrong with a teacher's answers, or None.

    Parameters
    ----------
    logits : Tensor, shape (N, C) or (B, L, C)
        What the teacher answers to labelled examples, best ones that it was not trained on.
    y : Tensor of int64, shape (N,) or (B, L)
        True classes; −1 where the class is not known.

    Returns
    -------
    str or None
        One sentence, with the way out.

    Examples
    --------
    >>> y = torch.arange(300) % 3
    >>> logits = 5 * torch.nn.functional.one_hot(y, 3).float()
    >>> doubt(logits, y) is None, doubt(logits / 20, y) is None
    (True, True)
    >>> print(doubt(logits[:, [1, 2, 0]], y))
    the teacher's classes are in another order than the labels: as they are it is right on 0.0% of 300 examples, \
and on 100.0% with its outputs put in the order [2, 0, 1]; pass kd.wrap(teacher, classes=[2, 0, 1])
    """
    for check in CHECKS:
        said = check(logits, y)
        if said is not None:
            return said
    return None


def constant(logits: Tensor, y: Tensor) -> str | None:
    """Return a sentence on a teacher that answers at least 10 examples alike, else None."""
    logits, _ = _flat(logits, y)
    if len(logits) < 10:
        return None
    scale = logits.abs().nan_to_num(posinf=0).amax()
    if not bool(((logits == logits[:1]) | ((logits - logits[:1]).abs() <= 1e-6 * scale)).all()):
        return None
    return (
        f"the teacher answers all of {len(logits):,} examples alike, so it has nothing to teach; look whether its "
        "weights were loaded and its inputs are scaled as in its training"
    )


def ends_in_softmax(logits: Tensor, y: Tensor) -> str | None:
    """Return a sentence on a teacher that answers with probabilities: each row in [0, 1], with sum 1; else None."""
    logits, _ = _flat(logits, y)
    if len(logits) < 5 or logits.shape[1] < 2 or not _within_0_and_1(logits):
        return None
    if bool((logits.sum(1) - 1).abs().amax() > 0.01):  # the sums of probabilities in bfloat16 are 1 to within that
        return None
    return (
        f"the teacher ends in a softmax: each of its {len(logits):,} answers lies between 0 and 1 and sums to 1, and a "
        "second softmax makes them nearly equal; give it without its last layer, or pass "
        "kd.wrap(teacher, probabilities=True), whose answers are the logarithm of these"
    )


def ends_in_sigmoid(logits: Tensor, y: Tensor) -> str | None:
    """Return a sentence on a teacher whose outputs were each sent through a sigmoid, else None.

    Seen as numbers between 0 and 1 that come near both ends in at least 50 examples, or as one such number beside a 0,
    which is how one output for two classes is read.
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
            "and as a logit it names the second class each time; give it without its last layer, or pass "
            f"{sigmoid_fixed(logits)}"
        )
    if float(logits.max()) < 0.9 or float(logits.min()) > 0.1:
        return None
    return (
        f"the teacher seems to end in a sigmoid: all of its {len(logits):,} answers lie between 0 and 1, where their "
        f"softmax is nearly flat; give it without its last layer, or pass {sigmoid_fixed(logits)}"
    )


def sigmoid_fixed(logits: Tensor, teacher: str = "teacher") -> str:
    """Return the code that reads a teacher which ends in a sigmoid: one output for two classes, or one for each."""
    one = logits.shape[-1] == 2 and bool((logits[..., 0] == 0).all())
    return f"kd.wrap({teacher}, probabilities={True if one else 'each'!r})"


def ends_in_log_softmax(logits: Tensor, y: Tensor) -> str | None:
    """Return a sentence on a teacher that answers with log-probabilities, else None.

    That does no harm to losses of probabilities, whose softmax gives them back. It does to losses of the logits
    themselves (LogitMSE, LogitHuber), so :func:`doubt` leaves it out.
    """
    logits, _ = _flat(logits, y)
    if len(logits) < 5 or logits.shape[1] < 2 or bool((logits > 1e-6).any()):
        return None
    if bool(logits.logsumexp(1).abs().amax() > 0.01):
        return None
    return (
        f"the teacher ends in a log-softmax: each of its {len(logits):,} answers is a row of log-probabilities; soft "
        "targets are what they would be, but a loss of the logits themselves (LogitMSE, LogitHuber) needs those before "
        "it; give the teacher without its last layer, or use kd.SoftTargets"
    )


def fitting_order(logits: Tensor, y: Tensor) -> list[int] | None:
    """Return the order of a teacher's outputs that fits the labels, where that is clearly not the one they have.

    Parameters
    ----------
    logits : Tensor, shape (N, C) or (B, L, C)
    y : Tensor of int64, shape (N,) or (B, L)
        −1 where the class is not known.

    Returns
    -------
    list of int, length C, or None
        ``logits[:, order]`` fits the labels. None where the order in place is as good, or nothing can be said.

    Notes
    -----
    The order is the linear assignment of outputs to classes with most right answers. Since the best of C! orders looks
    better than it is, it is found on one half of the examples and judged on the other, and the other way round. It must
    be right at least three times as often as the order in place where they differ (sign test, p < 1e-4), and be that of
    a teacher that knows the classes it moves.

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
    says = logits.argmax(1)
    table = _table(says, y, classes)
    if int(table.max(axis=1).sum()) == int(table.diagonal().sum()):  # no order could do better
        return None
    means = _assigned(table)  # by output, the class it means
    fold = torch.randperm(len(y), generator=torch.Generator().manual_seed(0)) % 2 == 0
    judged = torch.empty_like(y)
    for part in (fold, ~fold):
        judged[~part] = torch.from_numpy(_assigned(_table(says[part], y[part], classes)))[says[~part]]
    gained, lost = int(((judged == y) & (says != y)).sum()), int(((judged != y) & (says == y)).sum())
    if gained < 3 * lost or not gained or 1 - _at_most(gained - 1, gained + lost, 0.5) > DECISIVE:
        return None
    moved = torch.from_numpy(np.flatnonzero(means != np.arange(classes)))
    if _informedness(judged, y, moved) < min(0.5, 15 / len(y.unique())):  # chance finds some order too
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
        what, mend = f"the order {order}", f"kd.wrap(teacher, classes={order})"
    else:
        some = ", ".join(f"{order[c]} for class {c}" for c in moved[:3])
        what = f"another order (output {some}, {len(moved)} moved in all)"
        mend = "kd.wrap(teacher, classes=order), where order = kd.distill.teacher_checks.fitting_order(logits, labels)"
    return (
        "the teacher's classes are in another order than the labels: as they are it is right on "
        f"{before:.1%} of {len(y):,} examples, and on {after:.1%} with its outputs put in {what}; pass {mend}"
    )


def no_better_than_commonest(logits: Tensor, y: Tensor) -> str | None:
    """Return a sentence on a teacher that is hardly better than always naming the commonest class, else None.

    Notes
    -----
    Said only of a teacher that is hardly better both in all (accuracy less than a tenth of the way from the share of
    the commonest class to 1, and less than twice that share) and class by class (mean recall, so that a teacher of rare
    classes is not blamed), on at least 20 examples, enough that one halfway to 1 would do as badly in less than 0.1 %
    (binomial).
    """
    logits, y = _labelled(logits, y)
    if len(y) < ENOUGH:
        return None
    share = torch.bincount(y).max().item() / len(y)
    says = logits.argmax(1)
    right = int((says == y).sum())
    accuracy = right / len(y)
    if share == 1 or accuracy > min(share + HARDLY * (1 - share), 2 * share):
        return None
    if _informedness(says, y) > HARDLY or _at_most(right, len(y), (1 + share) / 2) > SURE:
        return None
    how = "no" if accuracy <= share else "hardly"
    return (
        f"the teacher is {how} better than always naming the commonest class: right on {accuracy:.1%} of {len(y):,} "
        f"examples, against {share:.1%}; look whether its weights were loaded, its inputs are scaled as in its "
        "training, and its classes are those of the labels"
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
    """Return those rows that have a label which the teacher has an output for."""
    logits, y = _flat(logits, y)
    known = (y >= 0) & (y < logits.shape[1])
    return logits[known], y[known]


def _within_0_and_1(logits: Tensor) -> bool:
    return bool((logits >= 0).all() and (logits <= 1 + 1e-6).all())


def _table(says: Tensor, y: Tensor, classes: int) -> np.ndarray:
    """Return how often each output (row) was the first choice for each class (column), (C, C)."""
    return torch.bincount(says * classes + y, minlength=classes**2).reshape(classes, classes).numpy()


def _informedness(says: Tensor, y: Tensor, classes: Tensor | None = None) -> float:
    """Return the mean recall over the classes there are, or those given, scaled so that a guess has 0 and a perfect
    teacher 1; −1 where there is none to look at."""
    total = torch.bincount(y)
    right = torch.bincount(y[says == y], minlength=len(total))
    there = total > 0
    guess = 1 / int(there.sum())
    if classes is not None:
        there &= torch.isin(torch.arange(len(total)), classes)
    if guess == 1 or not bool(there.any()):
        return -1.0
    return ((right[there] / total[there]).double().mean().item() - guess) / (1 - guess)


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
    """Return for each row of a square table of counts the column that it gets, so that the sum is largest.

    Of equals the diagonal is kept. Shortest augmenting paths with potentials (Kuhn 1955; Jonker, Volgenant 1987), over
    the rows that count anything; the others share what is left.

    >>> _assigned(np.array([[1, 5, 0], [4, 6, 0], [0, 0, 2]])).tolist()
    [1, 0, 2]
    """
    size = len(table)
    cost = -(table.astype(np.float64) + np.eye(size) / (2 * size))  # (C, C)
    row_potential, column_potential = np.zeros(size), np.zeros(size + 1)
    row_of = np.full(size + 1, -1)  # of each column; the last one is where a path begins
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
    for c in [c for c in left if assigned[c] < 0]:  # an output that was never named stays where it is, if it can
        assigned[c] = c
        left.remove(c)
    assigned[assigned < 0] = left
    return assigned
