"""Wilson's interval for a share."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson(hits: float, n: int, confidence: float) -> tuple[float, float]:
    """Return the ends of Wilson's (1927) interval for a share of ``hits`` in ``n``; nan where n = 0.

    >>> tuple(round(end, 4) for end in wilson(8, 10, 0.95))
    (0.4902, 0.9433)
    """
    if n == 0:
        return math.nan, math.nan
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # at the ends the formula is 0 or 1 but for rounding
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == n else middle + half)
