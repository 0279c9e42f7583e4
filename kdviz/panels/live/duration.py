"""Seconds before a run: how an estimate is told."""

from __future__ import annotations

from ...measure.latency import shortest as shortest


def rounded(seconds: float) -> float:
    """Return an estimate without digits that it does not have: whole seconds, fives from 10 on, tens from a minute.

    >>> rounded(3.4), rounded(17.0), rounded(81.0)
    (3.0, 15.0, 80.0)
    """
    unit = 1 if seconds < 10 else 5 if seconds < 60 else 10 if seconds < 600 else 60
    return float(max(1, round(seconds / unit)) * unit)
