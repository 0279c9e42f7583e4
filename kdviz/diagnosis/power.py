"""How many seeds, or test examples, it takes to show a difference: the power of the paired comparison."""

from __future__ import annotations

import math
from bisect import bisect_left
from statistics import NormalDist

from ..measure.confidence import check_confidence, student_quantile

MOST_SEEDS = 10_000


def power(seeds: int, difference: float, sd: float, confidence: float = 0.95) -> float:
    """Return the power of the paired comparison over seeds: how likely it shows a true difference.

    Parameters
    ----------
    seeds : int
        Pairs, at least 2.
    difference : float
        The true mean of the paired differences.
    sd : float
        Their standard deviation from seed to seed, > 0.
    confidence : float
        Level of the interval, which must exclude 0.

    Returns
    -------
    float
        In (0, 1).

    Notes
    -----
    The power of Student's two-sided test for normal differences: P(|T| > t), T of the non-central t distribution with
    n − 1 degrees of freedom and δ = difference · √n / sd, t the quantile of Student's.

    References
    ----------
    Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, chapter 2.

    Examples
    --------
    >>> round(power(10, 1.0, 1.0), 3), round(power(10, 0.0, 1.0), 3)
    (0.803, 0.05)
    """
    check_confidence(confidence)
    if seeds < 2:
        raise ValueError(f"seeds must be at least 2, got {seeds}")
    if not (sd > 0 and math.isfinite(sd) and math.isfinite(difference)):
        raise ValueError(f"sd must be finite and > 0 and the difference finite, got {sd} and {difference}")
    from scipy.special import nctdtr

    df = seeds - 1
    t, shift = student_quantile(confidence, df), abs(difference) * math.sqrt(seeds) / sd
    return float(1 - nctdtr(df, shift, t) + nctdtr(df, shift, -t))


def seeds_needed(difference: float, sd: float, power_wanted: float = 0.8, confidence: float = 0.95) -> int | None:
    """Return the fewest seeds (pairs) that show a difference with the desired power; None if 10,000 do not.

    Parameters
    ----------
    difference, sd, confidence
        As for :func:`power`.
    power_wanted : float
        In (0, 1).

    Examples
    --------
    >>> seeds_needed(20.0, 20.0), seeds_needed(20.0, 5.0)
    (10, 3)
    """
    check_confidence(power_wanted)
    if difference == 0 or power(MOST_SEEDS, difference, sd, confidence) < power_wanted:
        return None
    counts = range(2, MOST_SEEDS + 1)
    return counts[bisect_left(counts, power_wanted, key=lambda seeds: power(seeds, difference, sd, confidence))]


def examples_needed(
    share: float, *, error: float, apart: float, power_wanted: float = 0.8, confidence: float = 0.95
) -> int:
    """Return how many test examples show a difference between two models with the desired power.

    Parameters
    ----------
    share : float
        The difference in errors worth finding, as a share of the errors: 0.1 for a tenth fewer.
    error : float
        Error rate that it is a share of, in (0, 1].
    apart : float
        Share of examples that exactly one of the two models gets wrong, in (0, 1].

    Notes
    -----
    Normal approximation of McNemar's test: n = (z + z')² · apart / (share · error)², where z and z' are the normal
    quantiles of the confidence (two-sided) and of the power.

    References
    ----------
    Connor (1987), Sample size for testing differences in proportions for the paired-sample design, Biometrics 43.

    Examples
    --------
    >>> examples_needed(0.1, error=0.07, apart=0.06)
    9611
    """
    check_confidence(power_wanted)
    check_confidence(confidence)
    for name, value in (("share", share), ("error", error), ("apart", apart)):
        if not 0 < value <= 1:
            raise ValueError(f"{name} must lie in (0, 1], got {value}")
    z = NormalDist().inv_cdf((1 + confidence) / 2) + NormalDist().inv_cdf(power_wanted)
    return math.ceil(z**2 * apart / (share * error) ** 2)
