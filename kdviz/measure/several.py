"""Several comparisons at once: p-values from paired differences, and Holm's correction for their number."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .confidence import check_confidence, student_quantile
from .paired import paired

LEAST, MOST = 1e-15, 1 - 1e-9  # no p beyond these is told apart from 0 and 1
HALVINGS = 60


def p_value(differences: Sequence[float], step: float | None = None) -> float:
    """Return the level at which the interval of paired differences just reaches 0; nan for one pair.

    It agrees with :func:`kdviz.measure.paired`: p < 0.05 where the 95 % interval leaves 0 out. For continuous values
    (``step=0``) it is that of Student's paired t test, two-sided.

    Parameters
    ----------
    differences, step
        As for :func:`kdviz.measure.paired`.

    Examples
    --------
    >>> p_value([-200, -209, -203, -168, -128]) < 0.001, round(p_value([-200, 10]), 2), p_value([0, 0, 0])
    (True, 0.53, 1.0)
    """
    if len(differences) < 2:
        return math.nan

    def leaves_out_0(p: float) -> bool:
        found = paired(differences, 1 - p, step)
        return found.low > 0 or found.high < 0

    low, high = math.log(LEAST), math.log(MOST)
    if not leaves_out_0(MOST):
        return 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if leaves_out_0(math.exp(middle)) else (middle, high)
    return math.exp(high)


def p_value_of_interval(mean: float, low: float, high: float, n: int, confidence: float = 0.95) -> float:
    """Return the two-sided p of Student's test from a mean and its interval, where the differences are not known.

    Parameters
    ----------
    mean, low, high : float
        With the interval mean ± t · sd / √n.
    n : int
        How many pairs, at least two.
    confidence : float
        Of the interval.

    Raises
    ------
    ValueError
        If there are fewer than two pairs, the ends do not enclose the mean, or ``confidence`` is out of range.

    Examples
    --------
    >>> round(p_value_of_interval(-181.6, -223.9, -139.3, n=5), 4)
    0.0003
    """
    check_confidence(confidence)
    if n < 2 or not low <= mean <= high:
        raise ValueError(f"expected low <= mean <= high over at least 2 pairs, got {low}, {mean}, {high} over {n}")
    from scipy.special import stdtr

    half = (high - low) / 2
    if half == 0:
        return 1.0 if mean == 0 else LEAST
    t = abs(mean) / half * student_quantile(confidence, n - 1)
    return float(2 * stdtr(n - 1, -t))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values: those below α hold together, with a chance of α at most for one false.

    Parameters
    ----------
    p_values : sequence of float
        Of all comparisons that were made, in any order.

    Returns
    -------
    list of float
        In the same order.

    Raises
    ------
    ValueError
        If one is no number from 0 to 1.

    Notes
    -----
    With p₍₁₎ ≤ ... ≤ p₍ₘ₎ the k-th smallest becomes max over j ≤ k of min(1, (m − j + 1) · p₍ⱼ₎). It holds whatever the
    comparisons have in common (here the same twin), and is never weaker than Bonferroni's m · p.

    References
    ----------
    Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, 0.005])
    [0.03, 0.06, 0.06, 0.02]
    """
    for p in p_values:
        if not 0 <= p <= 1:
            raise ValueError(f"p_values must be numbers from 0 to 1, got {p}")
    adjusted, highest, count = [0.0] * len(p_values), 0.0, len(p_values)
    for rank, index in enumerate(sorted(range(count), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (count - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
