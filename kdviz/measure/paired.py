"""Paired differences between two models: over seeds, and over the examples of one test set.

Both runs of a pair share everything but the teacher (seed, batches, budget), so the difference within each pair is
measured: the luck of a seed, which both share, cancels out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .confidence import check_confidence, normal_quantile, student_quantile

Verdict = Literal["fewer", "more", "within the noise", "one run"]


@dataclass(frozen=True)
class Paired:
    """The mean of paired differences, with its interval.

    Attributes
    ----------
    differences : tuple of float
        One per pair, for instance errors of student − twin, seed by seed.
    mean : float
    sd : float
        Standard deviation of the differences, n − 1 in the denominator; nan if n = 1.
    low, high : float
        Ends of the interval for the mean, wider than Student's to allow for rounding to steps; nan if n = 1.
    confidence : float
        The share of such intervals that contain the true mean.
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
        """The verdict on differences in errors: "fewer", "more", "within the noise" or "one run"."""
        return "one run" if self.n == 1 else verdict_of(self.low, self.high)


@dataclass(frozen=True)
class PairedErrors:
    """The difference in errors of two models on the same test examples, with its interval.

    The interval covers sampling noise alone: what another test set of this size might have shown for these two models.
    It says nothing about models trained with another seed.

    Attributes
    ----------
    only_a, only_b : int
        Examples that only a, or only b, gets wrong. All others say nothing about the difference.
    mean : float
        Errors of a − errors of b on these n examples, only_a − only_b.
    sd : float
        Standard deviation of that difference over test sets of n examples, one added to each of only_a and only_b.
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
        return verdict_of(self.low, self.high)


def verdict_of(low: float, high: float) -> Verdict:
    """Return what an interval of a difference says, of which less is better; ends that are nan say nothing.

    >>> verdict_of(-3, -1), verdict_of(-3, 1)
    ('fewer', 'within the noise')
    """
    if high < 0:
        return "fewer"
    return "more" if low > 0 else "within the noise"


def paired(differences: Sequence[float] | np.ndarray, confidence: float = 0.95, step: float | None = None) -> Paired:
    """Return the mean of paired differences with Student's interval, widened for rounding to whole steps.

    Parameters
    ----------
    differences : sequence of float, shape (n,)
        One per pair, n ≥ 1; with one pair there is no interval.
    confidence : float
        In (0, 1).
    step : float, optional
        The step that all differences are whole multiples of: 1 for errors, 1/N for accuracies on N examples, 0 for
        continuous values. By default 1 if all are whole numbers, else the largest step that fits all.

    Raises
    ------
    ValueError
        If there is no difference, one is not finite, or ``confidence`` or ``step`` is out of range.

    Notes
    -----
    Student's interval, mean ± t · sd / √n with t of n − 1 degrees of freedom, is exact for normal differences. Errors
    are whole numbers: two seeds with the same difference have sd = 0, which says nothing about the spread between
    seeds, and for equal recipes some 10 in 100 pairs of seeds would be called different. The differences are therefore
    treated as normal numbers rounded to ``step``, and the interval is the union of those of all numbers that round to
    the observed ones: its coverage is at least ``confidence``. If all differences are equal, the step, unless given,
    is their own size: two seeds with −200 and −200 show no difference, as the spread between seeds is unknown.

    A few seeds give a wide interval (t = 12.7 for two, 4.3 for three, 2.8 for five), and that is what a few seeds are
    worth.

    References
    ----------
    Student (1908), The Probable Error of a Mean, Biometrika 6.

    Examples
    --------
    >>> gain = paired([-200, -209, -203, -168, -128])
    >>> gain.verdict, round(gain.mean, 1), round(gain.low, 1), round(gain.high, 1)
    ('fewer', -181.6, -224.4, -138.8)
    >>> paired([-200]).verdict, paired([-200, 10]).verdict, paired([-1, -1]).verdict
    ('one run', 'within the noise', 'within the noise')
    """
    check_confidence(confidence)
    d = np.asarray(differences, dtype=np.float64)
    if d.ndim != 1 or d.size == 0 or not np.isfinite(d).all():
        raise ValueError(f"differences must be one or more finite numbers, one per pair, got {differences!r}")
    if step is not None and not 0 <= step < math.inf:
        raise ValueError(f"step must be 0 or a finite number above it, such as 1 for errors, got {step}")
    each, n = tuple(d.tolist()), d.size
    mean = math.fsum(each) / n
    if n == 1:
        return Paired(each, mean, math.nan, math.nan, math.nan, confidence, n)
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in each) / (n - 1))
    t = student_quantile(confidence, n - 1) / math.sqrt(n)
    step = _step_of(d) if step is None else step
    low, high = -_highest(-d, t, step), _highest(d, t, step)
    return Paired(each, mean, sd, low, high, confidence, n)


def _highest(d: np.ndarray, t: float, step: float) -> float:
    """Return the largest mean + t · sd of numbers that round to ``d``, to whole steps.

    It is convex in the numbers, so the maximum has each at one end of its rounding interval; for a given count at
    their upper ends the sd is largest if those are the largest numbers.
    """
    ordered, n = np.sort(d), d.size
    up = np.arange(n)[None, :] >= np.arange(n + 1)[:, None]  # (n + 1, n): from all at their upper ends to none
    numbers = ordered + step * (up - 0.5)
    return float((numbers.mean(1) + t * numbers.std(1, ddof=1)).max())


def _step_of(d: np.ndarray) -> float:
    """Return 1 for whole numbers, else the largest number that all are multiples of; for equal ones their size."""
    sizes = np.abs(d)
    if (d == d[0]).all():
        return float(sizes[0]) or 1.0
    if (d == np.rint(d)).all():
        return 1.0
    step = 0.0
    for value in sizes.tolist():  # Euclid's algorithm, to rounding
        step, rest = value, step
        while rest > 1e-9 * sizes.max():
            step, rest = rest, abs(math.remainder(step, rest))
    return step


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
        If the shapes differ, there is no example, an array is not of bool, or ``confidence`` is out of range.

    Notes
    -----
    Each example adds d in {−1, 0, 1}. With b the examples that only a gets wrong, c those that only b does, and one
    example added to each of the two (Laplace), p = (b + 1)/(N + 2) and q = (c + 1)/(N + 2), the interval is::

        N · (p − q ± z √((p + q − (p − q)²) / (N + 2)))

    clipped at ±N, which no difference can exceed. Without the added examples, models that never differ would have an
    interval of zero width, and four examples against none would count as a difference. Simulated, 93 to 100 of 100
    intervals at 95 % cover the truth, near 95 once some ten examples are wrong in only one of the models.

    This is the noise of the test examples only. Two runs of one recipe with different seeds can differ by more; for the
    noise between seeds use :func:`paired` over several of them.

    References
    ----------
    McNemar (1947), Psychometrika 12. Bonett, Price (2012), Adjusted Wald Confidence Interval for a Difference of
    Binomial Proportions Based on Paired Data, J. Educational and Behavioral Statistics 37. Fagerland, Lydersen, Laake
    (2014), Recommended tests and confidence intervals for paired binomial proportions, Statistics in Medicine 33.

    Examples
    --------
    >>> student = np.array([True] * 30 + [False] * 970)
    >>> twin = np.array([False] * 10 + [True] * 60 + [False] * 930)  # 40 wrong only in the twin, 10 only in the student
    >>> difference = paired_errors(student, twin)
    >>> difference.mean, round(difference.low, 1), round(difference.high, 1), difference.verdict
    (-30.0, -43.9, -16.0, 'fewer')
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
    p, q = (only_a + 1) / (n + 2), (only_b + 1) / (n + 2)
    sd = n * math.sqrt((p + q - (p - q) ** 2) / (n + 2))
    middle, half = n * (p - q), normal_quantile(confidence) * sd
    low, high = max(-float(n), middle - half), min(float(n), middle + half)
    return PairedErrors(only_a, only_b, float(only_a - only_b), sd, low, high, confidence, n)
