"""What a difference between two models is worth: over seeds, and over the examples of one test.

Both runs of a pair share everything but the teacher (seed, batches, budget), so it is the difference within each pair
that is looked at: what a lucky seed gives to both of them cancels out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .student_t import check_confidence, two_sided

Verdict = Literal["fewer", "more", "within the noise", "one run"]


@dataclass(frozen=True)
class Paired:
    """The mean of paired differences, with its interval.

    Attributes
    ----------
    differences : tuple of float
        One a pair, for instance errors of the student less errors of its twin, seed by seed.
    mean : float
    sd : float
        Standard deviation of the differences, n − 1 in the denominator; nan where n = 1.
    low, high : float
        Ends of the interval for the mean; nan where n = 1.
    confidence : float
        The share of such intervals that hold the true mean.
    n : int
        How many pairs.
    """

    differences: tuple[float, ...]
    mean: float
    sd: float
    low: float
    high: float
    confidence: float
    n: int

    @property
    def verdict(self) -> Verdict:
        """What may be said of differences in errors: "fewer", "more", "within the noise" or "one run"."""
        return "one run" if self.n == 1 else _verdict(self.low, self.high)


@dataclass(frozen=True)
class PairedErrors:
    """The difference in errors of two models on the same test examples, with its interval.

    The interval is about the examples alone: what another test set of this size might have shown of these two models.
    It says nothing of what another seed would have trained.

    Attributes
    ----------
    only_a, only_b : int
        Examples that only a, or only b, gets wrong. All others say nothing about the difference.
    mean : float
        Errors of a less errors of b on these n examples, only_a − only_b.
    sd : float
        Standard deviation of that difference over test sets of n examples.
    low, high : float
        Ends of the interval for the difference.
    confidence : float
    n : int
        How many examples.
    """

    only_a: int
    only_b: int
    mean: float
    sd: float
    low: float
    high: float
    confidence: float
    n: int

    @property
    def verdict(self) -> Verdict:
        """Whether a makes "fewer" or "more" errors than b, or the difference is "within the noise" of the examples."""
        return _verdict(self.low, self.high)


def _verdict(low: float, high: float) -> Verdict:
    if high < 0:
        return "fewer"
    return "more" if low > 0 else "within the noise"


def paired(differences: Sequence[float] | np.ndarray, confidence: float = 0.95) -> Paired:
    """Return the mean of paired differences with Student's interval.

    Parameters
    ----------
    differences : sequence of float, shape (n,)
        One a pair, n ≥ 1; with one pair there is no interval.
    confidence : float
        In (0, 1).

    Raises
    ------
    ValueError
        If there is no difference, one is not finite, or ``confidence`` is out of range.

    Notes
    -----
    mean ± t · sd / √n, with t of n − 1 degrees of freedom: exact for normal differences. A few seeds give a wide
    interval (t = 12.7 for two, 4.3 for three, 2.8 for five), and that is what a few seeds are worth.

    References
    ----------
    Student (1908), The Probable Error of a Mean, Biometrika 6.

    Examples
    --------
    >>> gain = paired([-200, -209, -203, -168, -128])
    >>> gain.verdict, round(gain.mean, 1), round(gain.low, 1), round(gain.high, 1)
    ('fewer', -181.6, -223.7, -139.5)
    >>> paired([-200]).verdict, paired([-200, 10]).verdict
    ('one run', 'within the noise')
    """
    check_confidence(confidence)
    d = np.asarray(differences, dtype=np.float64)
    if d.ndim != 1 or d.size == 0 or not np.isfinite(d).all():
        raise ValueError(f"differences must be one or more finite numbers, one a pair, got {differences!r}")
    each, n = tuple(d.tolist()), d.size
    mean = math.fsum(each) / n
    if n == 1:
        return Paired(each, mean, math.nan, math.nan, math.nan, confidence, n)
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in each) / (n - 1))
    half = two_sided(confidence, n - 1) * sd / math.sqrt(n)
    return Paired(each, mean, sd, mean - half, mean + half, confidence, n)


def paired_errors(wrong_a: ArrayLike, wrong_b: ArrayLike, confidence: float = 0.95) -> PairedErrors:
    """Return the difference in errors (a − b) of two models on the same examples, with its interval.

    Parameters
    ----------
    wrong_a, wrong_b : array of bool, shape (N,)
        Whether each model gets each example wrong; the same examples in the same order.
    confidence : float
        In (0, 1).

    Raises
    ------
    ValueError
        If the shapes differ, there is no example, something else than bool is given, or ``confidence`` is out of range.

    Notes
    -----
    Each example adds d in {−1, 0, 1}. With b the examples that only a gets wrong, and c those that only b does, the
    difference is b − c and, over draws of N examples, has the standard deviation √(b + c + 1 − (b − c)²/N). That is
    McNemar's setting: √N times the sd of d, but for the 1, half an example for each of b and c (Agresti and Min 2005).
    Without it, models that never differ would have an interval of no width, and four examples against none would count
    as a difference. The interval is b − c ± z · sd with the normal quantile z.

    This is the noise of the test examples only. Two runs of one recipe with other seeds can lie further apart than
    that; what another seed would give is a matter for :func:`paired` over several seeds.

    References
    ----------
    McNemar (1947), Psychometrika 12. Agresti, Min (2005), Simple improved confidence intervals for comparing matched
    proportions, Statistics in Medicine 24.

    Examples
    --------
    >>> student = np.array([True] * 30 + [False] * 970)
    >>> twin = np.array([False] * 10 + [True] * 60 + [False] * 930)  # 40 that only the twin gets wrong, 10 the student
    >>> difference = paired_errors(student, twin)
    >>> difference.mean, round(difference.low, 1), round(difference.high, 1), difference.verdict
    (-30.0, -43.9, -16.1, 'fewer')
    """
    check_confidence(confidence)
    a, b = np.asarray(wrong_a), np.asarray(wrong_b)
    if a.dtype != bool or b.dtype != bool:
        raise ValueError(f"wrong_a and wrong_b must be arrays of bool, got {a.dtype} and {b.dtype}")
    if a.shape != b.shape or a.ndim != 1 or a.size == 0:
        raise ValueError(
            "wrong_a and wrong_b must have the same shape (N,), one entry for each of the same examples, "
            f"got {a.shape} and {b.shape}"
        )
    only_a, only_b, n = int((a & ~b).sum()), int((b & ~a).sum()), a.size
    difference = float(only_a - only_b)
    sd = math.sqrt(only_a + only_b + 1 - difference**2 / n)
    half = NormalDist().inv_cdf((1 + confidence) / 2) * sd
    return PairedErrors(only_a, only_b, difference, sd, difference - half, difference + half, confidence, n)
