"""Wilson's interval for a share, modified where hits or misses are few."""

from __future__ import annotations

import math

from .confidence import normal_quantile, poisson_mean


def wilson(hits: float, n: float, confidence: float) -> tuple[float, float]:
    """Return the ends of Wilson's interval for a share of ``hits`` in ``n``, modified near 0 and 1; nan where n = 0.

    Notes
    -----
    Of true shares of about 0.2/n, Wilson's (1927) interval holds only 84 in 100 at 95 %: a single hit already excludes
    them. For 1 to 3 hits (1 or 2 where n ≤ 50) the lower end is therefore that of Poisson's distribution, λ/n with
    P(X ≥ hits; λ) = 1 − confidence, and the same from above for 1 to 3 misses. Then at least 91 of 100 intervals hold
    the truth at every share and every n from 10 on.

    References
    ----------
    Wilson (1927), Probable Inference, JASA 22. Brown, Cai, DasGupta (2001), Interval Estimation for a Binomial
    Proportion, Statistical Science 16, section 4.1.1.

    Examples
    --------
    >>> tuple(round(end, 4) for end in wilson(8, 10, 0.95))
    (0.4902, 0.9645)
    >>> tuple(round(end, 4) for end in wilson(60, 100, 0.95))
    (0.502, 0.6906)
    """
    if n == 0:
        return math.nan, math.nan
    z = normal_quantile(confidence)
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # at the ends the formula is 0 or 1 but for rounding
    low, high = (0.0 if hits == 0 else middle - half), (1.0 if hits == n else middle + half)
    few = 2 if n <= 50 else 3
    if 1 <= hits <= few:
        low = min(low, poisson_mean(int(hits), 1 - confidence) / n)
    if 1 <= n - hits <= few:
        high = max(high, 1 - poisson_mean(int(n - hits), 1 - confidence) / n)
    return low, high
