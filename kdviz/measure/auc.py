"""AUC: how well a score tells one sample from another, with its interval, and of two scores beside each other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .confidence import check_confidence, normal_quantile

FEWEST = 2  # scores of each kind

Pair = tuple[np.ndarray, np.ndarray]  # scores of the positives, and of the negatives


@dataclass(frozen=True)
class AUC:
    """The probability that a positive has a higher score than a negative, ties counted half.

    Attributes
    ----------
    value, low, high : float
        With its interval. 0.5 is guessing.
    positives, negatives : int
        How many of each.
    confidence : float
    """

    value: float
    low: float
    high: float
    positives: int
    negatives: int
    confidence: float = 0.95


def auc(positives: np.ndarray, negatives: np.ndarray, confidence: float = 0.95) -> AUC:
    """Return the area under the ROC curve of two samples of scores, with its interval.

    Parameters
    ----------
    positives, negatives : array, shape (M,) and (N,)
        Scores; those of the positives should be higher. At least two of each.
    confidence : float

    Raises
    ------
    ValueError
        If there are too few scores, or one is not a number.

    Notes
    -----
    The area is Mann and Whitney's statistic. Of two intervals the wider end is taken: DeLong's on the scale of the
    logit, and Newcombe's method 5, whose variance is a function of the area alone, so that it has a width where the
    samples do not overlap. Simulated with normal scores, one sample as wide as the other or twice, at areas of 0.5 to
    0.995 and 50 to 400 scores each, 92.5 to 99.7 of 100 intervals at 95 % hold the truth (600 draws each).

    References
    ----------
    DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44. Newcombe (2006), Confidence intervals for an effect size
    measure based on the Mann-Whitney statistic, part 2, Statistics in Medicine 25.

    Examples
    --------
    >>> auc(np.array([0.9, 0.8, 0.7, 0.4]), np.array([0.1, 0.2, 0.3, 0.5])).value
    0.9375
    """
    check_confidence(confidence)
    a, b = checked(positives, "positives"), checked(negatives, "negatives")
    own, theirs = placements(a, b)
    value, z = float(own.mean()), normal_quantile(confidence)
    low, high = _newcombe(value, len(a), len(b), z)
    if 0 < value < 1:
        half = z * math.sqrt(_variance(own) + _variance(theirs)) / (value * (1 - value))
        middle = math.log(value / (1 - value))
        low, high = min(low, _expit(middle - half)), max(high, _expit(middle + half))
    return AUC(value, low, high, len(a), len(b), confidence)


def auc_difference(first: Pair, second: Pair, confidence: float = 0.95) -> tuple[float, float, float]:
    """Return the AUC of one score − that of another on the same examples, and the ends of its interval.

    Parameters
    ----------
    first, second : pair of arrays, shapes (M,) and (N,)
        Scores of the positives and of the negatives, the same examples in the same order.
    confidence : float

    Raises
    ------
    ValueError
        As for :func:`auc`, or if the numbers of examples differ.

    Notes
    -----
    DeLong's paired interval. Two more of each kind, that differ by a half either way, are added to its variance, so
    that scores which order the examples alike keep an interval.
    """
    check_confidence(confidence)
    a, b = ((checked(p, "positives"), checked(n, "negatives")) for p, n in (first, second))
    if (len(a[0]), len(a[1])) != (len(b[0]), len(b[1])):
        counts = " and ".join(f"{len(p)} positives and {len(n)} negatives" for p, n in (a, b))
        raise ValueError(f"both scores must be of the same examples, got {counts}")
    mine, theirs = placements(*a), placements(*b)
    value = float(mine[0].mean() - theirs[0].mean())
    variance = sum(_variance(np.append(p - q, [-0.5, 0.5])) for p, q in zip(mine, theirs, strict=True))
    half = normal_quantile(confidence) * math.sqrt(variance)
    return value, max(-1.0, value - half), min(1.0, value + half)


def checked(scores: np.ndarray, what: str) -> np.ndarray:
    """Return scores as float64, shape (n,).

    Raises
    ------
    ValueError
        In one sentence that names ``what``, if there are too few or one is not a number.
    """
    found = np.asarray(scores, dtype=np.float64)
    if found.ndim != 1 or len(found) < FEWEST or bool(np.isnan(found).any()):
        raise ValueError(
            f"{what} must be scores of shape (n,), n ≥ {FEWEST} and none of them nan, got shape {found.shape}"
        )
    return found


def placements(positives: np.ndarray, negatives: np.ndarray) -> Pair:
    """Return DeLong's components: of each positive the share of negatives below it, of each negative that above it.

    Ties count half; the mean of either is the area.
    """
    a, b = np.sort(positives), np.sort(negatives)
    below = (np.searchsorted(b, positives, "left") + np.searchsorted(b, positives, "right")) / (2 * len(b))
    above = 1 - (np.searchsorted(a, negatives, "left") + np.searchsorted(a, negatives, "right")) / (2 * len(a))
    return below, above


def _expit(v: float) -> float:
    return 1 / (1 + math.exp(min(700.0, -v)))


def _variance(components: np.ndarray) -> float:
    return float(components.var(ddof=1)) / len(components)


def _newcombe(value: float, m: int, n: int, z: float) -> tuple[float, float]:
    """Return the areas θ from which the observed one is z standard deviations of θ away."""
    half = (m + n) / 2 - 1

    def apart(theta: float) -> float:
        spread = theta * (1 - theta) * (1 + half * ((1 - theta) / (2 - theta) + theta / (1 + theta))) / (m * n)
        return abs(theta - value) - z * math.sqrt(max(spread, 0.0))

    def border(inner: float, outer: float) -> float:
        for _ in range(60):
            middle = (inner + outer) / 2
            inner, outer = (inner, middle) if apart(middle) > 0 else (middle, outer)
        return (inner + outer) / 2

    return (0.0 if value == 0 else border(value, 0.0)), (1.0 if value == 1 else border(value, 1.0))
