"""Intervals for calibration errors, and the errors of a perfectly calibrated model.

A calibration error sums absolute values, or takes the largest: in a sample it is biased upwards, the more so the better
the model is calibrated. Resampling the examples adds the same bias again; here each candidate for the true error is
tested for whether it could have produced the observed one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .confidence import normal_quantile, student_quantile
from .inverted_test import both_tails, inverted, normal, shares
from .wilson import wilson

STEPS = 50  # of the search for how far all bins move


@dataclass(frozen=True)
class Bins:
    """The bins that hold examples, each (B,).

    Attributes
    ----------
    count : ndarray
        Examples.
    confidence, accuracy : ndarray
        Means over them.
    spread : ndarray
        Variance of the confidences within the bin.
    """

    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    spread: np.ndarray

    @property
    def gaps(self) -> np.ndarray:
        return self.confidence - self.accuracy

    @property
    def weights(self) -> np.ndarray:
        return self.count / self.count.sum()

    @property
    def variance(self) -> np.ndarray:
        """Squared standard error of the accuracies, with one right and one wrong answer added."""
        a = (self.count * self.accuracy + 1) / (self.count + 2)
        return a * (1 - a) / self.count

    @property
    def sides(self) -> np.ndarray:
        """1 where a bin is rather over-confident, else −1; a few right answers alone do not make it under-confident."""
        return np.where(self.confidence >= (self.count * self.accuracy + 1) / (self.count + 2), 1.0, -1.0)

    def room(self, sides: np.ndarray) -> np.ndarray:
        """Return how large a gap can be on these sides: no accuracy lies outside [0, 1]."""
        return np.where(sides > 0, self.confidence, 1 - self.confidence)


def of_ece(bins: Bins, confidence: float, draws: int, seed: int) -> tuple[float, float]:
    """Return the ends of an interval for Σ_b w_b |acc_b − conf_b| with the true accuracies of the bins.

    Notes
    -----
    A candidate e belongs to the interval if both P(E* ≥ E) and P(E* ≤ E) are at least (1 − confidence)/2; E is the
    observed error, E* that of a draw with the accuracies with the error e that are nearest to the observed ones, by
    least squares with weights 1/se²: all gaps shrink towards 0, which many of them reach, or grow. E itself always
    belongs to the interval.

    References
    ----------
    Chuang, Lai (2000), Hybrid resampling methods for confidence intervals, Statistica Sinica 10.
    """
    z, weights, sides = normal(draws, len(bins.count), seed, 0), bins.weights, bins.sides
    size, pull, room = sides * bins.gaps, weights * bins.variance, bins.room(sides)

    def moved(by: np.ndarray) -> np.ndarray:  # (K,) to (K, B)
        return np.clip(size - by[:, None] * pull, 0, room)

    def tails(e: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        low, high = np.full(len(e), -2 / pull.min()), np.full(len(e), 2 / pull.min())
        for _ in range(STEPS):
            middle = (low + high) / 2
            above = moved(middle) @ weights > e
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        gaps = sides * moved(high)
        return both_tails(np.einsum("b,bkr->kr", weights, np.abs(_drawn(bins, gaps, z))), seen)

    seen = float(np.abs(bins.gaps) @ weights)
    return inverted(tails, seen, (0.0, max(seen, float(room @ weights))), confidence)


def of_mce(bins: Bins, confidence: float, draws: int, seed: int) -> tuple[float, float]:
    """Return the ends of an interval for max_b |acc_b − conf_b| with the true accuracies of the bins.

    As :func:`of_ece`, but gaps larger than the candidate are cut to it; where none is as large, that of the bin which
    needs least for it grows.
    """
    z, x = normal(draws, len(bins.count), seed, 1), bins.gaps
    seen, deviation = float(np.abs(x).max()), np.sqrt(bins.variance)

    def tails(e: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        to = np.concatenate([np.ones_like(x), -np.ones_like(x)]) * e[:, None]  # (K, 2 B): grown to either side
        room = np.concatenate([bins.room(np.ones_like(x)), bins.room(-np.ones_like(x))])
        far = np.where(room >= e[:, None] - 1e-12, np.abs(to - np.tile(x, 2)) / np.tile(deviation, 2), np.inf)
        side, bin_ = np.divmod(far.argmin(1), len(x))
        grown = (e[:, None] > seen) & (np.arange(len(x)) == bin_[:, None])
        gaps = np.where(grown, np.where(side == 0, e, -e)[:, None], np.clip(x, -e[:, None], e[:, None]))
        return both_tails(np.abs(_drawn(bins, gaps, z)).max(0), seen)

    return inverted(tails, seen, (0.0, float(np.maximum(bins.confidence, 1 - bins.confidence).max())), confidence)


def mce_if_calibrated(bins: Bins, draws: int, seed: int) -> float:
    """Return the mean MCE that a perfectly calibrated model would show with these confidences."""
    gaps = _drawn(bins, np.zeros((1, len(bins.count))), normal(draws, len(bins.count), seed, 2))
    return float(np.abs(gaps).max(0).mean())


def mean_deviation(n: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return E|k − n p| of a binomial number k of hits in ``n``, by De Moivre's formula.

    >>> mean_deviation(np.array([2, 100]), np.array([0.5, 0.1])).round(4)
    array([0.5   , 2.3736])
    """
    from scipy.special import gammaln, xlog1py, xlogy

    m = np.minimum(np.floor(n * p) + 1, n)
    choose = gammaln(n + 1) - gammaln(m + 1) - gammaln(n - m + 1)
    return 2 * m * np.exp(choose + xlogy(m, p) + xlog1py(n - m + 1, -p))


def of_overconfidence(confidence: np.ndarray, right: np.ndarray, level: float) -> tuple[float, float]:
    """Return the ends of an interval for mean confidence − accuracy over examples (N,).

    The two means' own intervals, the normal one and Wilson's, are joined with the correlation that confidence and
    being right have (MOVER): where all answers are right, Wilson's still has a width.

    References
    ----------
    Zou (2008), On the estimation of additive interaction by use of the four-by-two table and beyond, American J.
    Epidemiology 168. Newcombe (1998), Statistics in Medicine 17, method 10.
    """
    n, mean, accuracy = len(right), float(confidence.mean()), float(right.mean())
    low, high = wilson(int(right.sum()), n, level)
    half = normal_quantile(level) * float(confidence.std(ddof=1)) / math.sqrt(n)
    spread = float(confidence.std() * right.std())
    together = float(((confidence - mean) * (right - accuracy)).mean()) / spread if spread > 0 else 0.0

    def joined(of_accuracy: float) -> float:
        return math.sqrt(max(0.0, half**2 - 2 * together * half * of_accuracy + of_accuracy**2))

    return mean - accuracy - joined(high - accuracy), mean - accuracy + joined(accuracy - low)


def of_skewed_mean(values: np.ndarray, level: float) -> tuple[float, float]:
    """Return the ends of an interval for the mean of skewed values (N,), such as losses, by Hall's transformation.

    References
    ----------
    Hall (1992), On the Removal of Skewness by Transformation, J. Royal Statistical Society B 54.
    """
    n, mean, sd = len(values), float(values.mean()), float(values.std())
    if sd <= 1e-12 * abs(mean):
        return mean, mean
    skew = float(((values - mean) ** 3).mean()) / sd**3
    skew = math.copysign(max(abs(skew), 1e-4), skew)  # towards 0 the transformation is the identity
    t = student_quantile(level, n - 1)

    def back(quantile: float) -> float:
        inner = 1 + skew * (quantile / math.sqrt(n) - skew / (6 * n))
        return 3 * math.sqrt(n) / skew * (math.cbrt(inner) - 1)

    return mean - sd / math.sqrt(n) * back(t), mean - sd / math.sqrt(n) * back(-t)


def _drawn(bins: Bins, gaps: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return gaps (B, K, draws) of answers drawn with true gaps (K, B)."""
    accuracy = np.clip(bins.confidence - gaps, 0, 1)
    return bins.confidence[:, None, None] - shares(accuracy, bins.count, z, bins.spread)
