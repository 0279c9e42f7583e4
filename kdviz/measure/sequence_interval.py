"""Intervals for numbers that are counted token by token, and vary by sequence.

Tokens of one sequence are alike: a text that begins badly goes on badly. Counted as if each were an example of its own,
they give intervals that are far too narrow. Here the sequence is the unit: what varies is its sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .confidence import check_confidence, normal_quantile, student_quantile
from .wilson import wilson


@dataclass(frozen=True)
class Interval:
    """A number, with its interval.

    Attributes
    ----------
    value, low, high : float
        The ends are nan with a single sequence.
    confidence : float
    n : int
        How many sequences.
    """

    value: float
    low: float
    high: float
    confidence: float
    n: int

    def through(self, f: Callable[[float], float]) -> Interval:
        """Return the interval of a rising function of the number.

        >>> Interval(0.0, -1.0, 1.0, 0.95, 9).through(math.exp).value
        1.0
        """
        return Interval(f(self.value), f(self.low), f(self.high), self.confidence, self.n)


def ratio(totals: ArrayLike, counts: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return Σ totals / Σ counts with an interval by sequence.

    Parameters
    ----------
    totals, counts : array, shape (n,)
        Of each sequence, such as its surprise and its tokens; counts > 0.
    confidence : float
        In (0, 1).

    Notes
    -----
    The ratio estimator of cluster sampling, R = Σ T_i / Σ c_i, with the variance of its linearization,
    n/(n − 1) · Σ (T_i − R c_i)² / (Σ c_i)², and Student's quantile for n − 1 degrees of freedom.

    References
    ----------
    Cochran (1977), Sampling Techniques, chapter 6.

    Examples
    --------
    >>> found = ratio([2.0, 4.0, 3.0], [1, 2, 2])
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (1.8, 1.011, 2.589)
    """
    check_confidence(confidence)
    T, c = _pair(totals, counts)
    n, value = len(T), float(T.sum() / c.sum())
    if n == 1:
        return Interval(value, math.nan, math.nan, confidence, n)
    half = student_quantile(confidence, n - 1) * math.sqrt(_variance(T, c, value))
    return Interval(value, value - half, value + half, confidence, n)


def share(hits: ArrayLike, counts: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return Σ hits / Σ counts, a share of tokens, with an interval by sequence that stays within 0 and 1.

    Parameters
    ----------
    hits, counts : array, shape (n,)
        Of each sequence; 0 ≤ hits ≤ counts, counts > 0.
    confidence : float
        In (0, 1).

    Notes
    -----
    Wilson's interval for as many independent tokens as the spread between sequences is
    worth: n* = p (1 − p) / variance of :func:`ratio`, at most all tokens, times (z/t)² for the few degrees of freedom.
    Where all sequences have the same share there is no spread to tell, and each counts as one token.

    References
    ----------
    Korn, Graubard (1998), Confidence Intervals for Proportions with Small Expected Number of Positive Counts Estimated
    from Survey Data, Survey Methodology 24.

    Examples
    --------
    >>> found = share([5, 0, 5, 5], [5, 5, 5, 5])  # 20 tokens, but they come in four
    >>> round(found.low, 2), round(found.high, 2)
    (0.13, 0.98)
    """
    check_confidence(confidence)
    h, c = _pair(hits, counts)
    n, p = len(h), float(h.sum() / c.sum())
    if n == 1:
        return Interval(p, math.nan, math.nan, confidence, n)
    variance = _variance(h, c, p)
    worth = min(p * (1 - p) / variance, float(c.sum())) if variance > 1e-15 else float(n)
    worth *= (normal_quantile(confidence) / student_quantile(confidence, n - 1)) ** 2
    low, high = wilson(p * worth, worth, confidence)
    return Interval(p, low, high, confidence, n)


def _pair(totals: ArrayLike, counts: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    T, c = np.asarray(totals, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    if T.ndim != 1 or T.shape != c.shape or not len(T) or not bool((c > 0).all()):
        raise ValueError(
            "expected a sum and a count above 0 for each of one or more sequences, got shapes "
            f"{T.shape} and {c.shape}; leave out sequences in which nothing is counted"
        )
    return T, c


def _variance(T: np.ndarray, c: np.ndarray, ratio: float) -> float:
    n = len(T)
    return float(n / (n - 1) * ((T - ratio * c) ** 2).sum() / c.sum() ** 2)
