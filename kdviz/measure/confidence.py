"""Confidence levels, and the quantiles that intervals are made with."""

from __future__ import annotations


def check_confidence(confidence: float) -> None:
    """Raise a one-sentence ``ValueError`` unless ``confidence`` lies strictly between 0 and 1.

    >>> check_confidence(95)
    Traceback (most recent call last):
        ...
    ValueError: confidence must lie between 0 and 1, such as 0.95, got 95
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, such as 0.95, got {confidence}")


def normal_quantile(confidence: float) -> float:
    """Return the z > 0 with P(|Z| ≤ z) = ``confidence`` for the standard normal distribution.

    >>> round(normal_quantile(0.95), 4)
    1.96
    """
    from scipy.special import ndtri

    return float(-ndtri((1 - confidence) / 2))


def student_quantile(confidence: float, df: float) -> float:
    """Return the t > 0 with P(|T| ≤ t) = ``confidence`` for Student's distribution with ``df`` degrees of freedom.

    >>> round(student_quantile(0.95, 4), 4)
    2.7764
    """
    from scipy.special import stdtrit

    return float(-stdtrit(df, (1 - confidence) / 2))


def poisson_mean(count: int, level: float) -> float:
    """Return the mean λ of a Poisson distribution with P(X ≥ ``count``) = ``level``.

    >>> round(poisson_mean(1, 0.05), 4)
    0.0513
    """
    from scipy.special import gammaincinv

    return float(gammaincinv(count, level))
