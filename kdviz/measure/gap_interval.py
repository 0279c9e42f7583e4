"""Intervals for the gap between groups: the largest of several rates − the smallest, or their ratio.

Such a gap is not a mean. By chance alone the largest of eight rates is high and the smallest low, so the gap in a
sample is biased upwards, the more so the more alike the groups are; resampling the examples adds the same bias again.
Here each candidate for the true gap is tested for whether it could have produced the observed gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .groups import share
from .inverted_test import both_tails, inverted, normal, shares

PLACES = 21  # tried for the lowest rate
LEVELS = 17  # tried for the gap of the second model
SLACK = 1 / 6  # squared standard errors, a group beyond two, by which rates may be moved together


@dataclass(frozen=True)
class Counts:
    """How often each group has something.

    Attributes
    ----------
    hits, of : ndarray, shape (G,)
        ``hits`` of ``of`` members; groups with none are left out.
    """

    hits: np.ndarray
    of: np.ndarray

    def there(self) -> Counts:
        """Return the groups that have members."""
        return Counts(self.hits[self.of > 0], self.of[self.of > 0])

    @cached_property
    def rates(self) -> np.ndarray:
        return self.hits / self.of

    @cached_property
    def weights(self) -> np.ndarray:
        """1 / squared standard error, with one hit and one miss added so that no rate counts as certain."""
        p = (self.hits + 1) / (self.of + 2)
        return self.of / (p * (1 - p))


def of_gap(parts: Sequence[Counts], confidence: float, draws: int, seed: int) -> tuple[float, float]:
    """Return the ends of an interval for the largest, over the parts, of (highest rate − lowest rate).

    Parameters
    ----------
    parts : sequence of Counts
        One a rate, such as true-positive and false-positive rates, each of at least two groups with members.
    confidence : float
    draws : int
        For each candidate.
    seed : int

    Notes
    -----
    A candidate d belongs to the interval if both P(R* ≥ R) and P(R* ≤ R) are at least (1 − confidence)/2; R is the
    observed gap, R* that of a draw from the rates with the gap d that are nearest to the observed ones (least squares
    with weights 1/se²): rates too far apart are pulled in to the ends of a range of length d, which makes ties of them;
    if d > R the two that need least are pushed apart. Draws are binomial. R itself always belongs to the interval.

    References
    ----------
    Chuang, Lai (2000), Hybrid resampling methods for confidence intervals, Statistica Sinica 10.
    """
    parts = [part.there() for part in parts]
    seen = max(float(np.ptp(part.rates)) for part in parts)
    noise = [normal(draws, len(part.of), seed, i) for i, part in enumerate(parts)]

    def tails(d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        nearest = _nearest(parts, d)
        gaps = [np.ptp(shares(mu, part.of, z), axis=0) for mu, part, z in zip(nearest, parts, noise, strict=True)]
        return both_tails(np.maximum.reduce(gaps), seen)

    return inverted(tails, seen, (0.0, 1.0), confidence)


def of_ratio(parts: Sequence[Counts], confidence: float, draws: int, seed: int) -> tuple[float, float]:
    """Return the ends of an interval for the smallest, over the parts, of lowest rate / highest rate.

    As :func:`of_gap`, on the scale of ratios; a part whose rates are all 0 has no ratio and is left out.
    """
    parts = [part for part in (part.there() for part in parts) if part.hits.any()]
    seen = min(float(part.rates.min() / part.rates.max()) for part in parts)
    noise = [normal(draws, len(part.of), seed, i) for i, part in enumerate(parts)]

    def tails(ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        drawn = [shares(mu, part.of, z) for mu, part, z in zip(_nearest_ratio(parts, ratio), parts, noise, strict=True)]
        return both_tails(np.fmin.reduce([share(r.min(0), r.max(0)) for r in drawn]), seen)

    return inverted(tails, seen, (0.0, 1.0), confidence)


def of_difference(
    first: Sequence[Counts],
    second: Sequence[Counts],
    both: Sequence[np.ndarray],
    confidence: float,
    draws: int,
    seed: int,
) -> tuple[float, float]:
    """Return the ends of an interval for the gap of the second model − that of the first, on the same examples.

    Parameters
    ----------
    first, second : sequence of Counts
        See :func:`of_gap`; with the same members.
    both : sequence of ndarray, shape (G,)
        How often both models have the hit, part by part.
    confidence : float
    draws : int
    seed : int

    Notes
    -----
    As in :func:`of_gap`, but many pairs of gaps have the same difference. Among those with rates nearest to the
    observed ones, or a little further (a sixth of a squared standard error for each group beyond two), the pair with
    the smallest gaps is taken: rates that may be ties are drawn as ties. Distances and draws account for the
    correlation, group by group, of the two models' hits (with half an example added to each of the four counts, so that
    models which never differed may still do so). A candidate whose nearest rates are too far off (χ² at 0.99) is
    rejected as well: the difference of two gaps alone ignores that two models agree on nearly all examples.
    """
    there = [part.of > 0 for part in first]
    phi = [_correlation(a, b, c)[in_] for a, b, c, in_ in zip(first, second, both, there, strict=True)]
    first, second = [part.there() for part in first], [part.there() for part in second]
    gap_1, gap_2 = (max(float(np.ptp(part.rates)) for part in side) for side in (first, second))
    seen = gap_2 - gap_1
    noise = [[normal(draws, len(p), seed, i, j) for j in (1, 2)] for i, p in enumerate(phi)]
    level = np.linspace(0, 1, LEVELS)
    slack = SLACK * (max(len(p) for p in phi) - 2)
    furthest = _furthest(sum(len(p) for p in phi))

    def tails(d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        room = np.minimum(1 - np.abs(d), max(gap_1, gap_2) + np.abs(d))
        gaps = (np.maximum(0, -d) + level[:, None] * room).ravel()  # of the first model: level × candidate
        mu_1, mu_2, far = _nearest_of_two(first, second, phi, gaps, gaps + np.tile(d, LEVELS))
        far = far.reshape(LEVELS, -1)
        chosen = (far <= far.min(0) + slack).argmax(0) * len(d) + np.arange(len(d))
        apart: list[list[np.ndarray]] = [[], []]
        for i, p in enumerate(phi):
            z_1 = noise[i][0]
            z_2 = p[:, None] * z_1 + np.sqrt(1 - p**2)[:, None] * noise[i][1]
            apart[0].append(np.ptp(shares(mu_1[i][chosen], first[i].of, z_1), axis=0))
            apart[1].append(np.ptp(shares(mu_2[i][chosen], second[i].of, z_2), axis=0))
        above, below = both_tails(np.maximum.reduce(apart[1]) - np.maximum.reduce(apart[0]), seen)
        return above * (far.min(0) <= furthest), below * (far.min(0) <= furthest)

    return inverted(tails, seen, (-1.0, 1.0), confidence)


def _correlation(a: Counts, b: Counts, both: np.ndarray) -> np.ndarray:
    """Return the correlation of two models' hits in each group, half an example added to each of the four counts."""
    n = a.of + 2.0
    p, q = (a.hits + 1) / n, (b.hits + 1) / n
    return ((both + 0.5) / n - p * q) / np.sqrt(p * (1 - p) * q * (1 - q))


def _furthest(rates: int) -> float:
    """Return the squared distance, in standard errors, beyond which two models' rates are not those that were seen.

    χ² at 0.99; the degrees of freedom lie between the one of gaps between single groups and the one a rate of ties.
    """
    from scipy.special import chdtri

    return float(chdtri(1 + rates / 2, 0.01))


def _nearest(parts: Sequence[Counts], d: np.ndarray) -> list[np.ndarray]:
    """Return the rates nearest to those seen whose largest gap is ``d`` (K,), part by part (K, G)."""
    tried = _tried(parts, d)
    far = np.sum([((y - part.rates) ** 2) @ part.weights for y, part in zip(tried, parts, strict=True)], axis=0)
    best = [y[np.arange(len(d)), far.argmin(1)] for y in tried]
    wide = d[:, None] > max(float(np.ptp(part.rates)) for part in parts)
    return [_fitted(np.where(wide, _calmed(part, y), y)) for part, y in zip(parts, best, strict=True)]


def _nearest_of_two(
    first: Sequence[Counts], second: Sequence[Counts], phi: Sequence[np.ndarray], d_1: np.ndarray, d_2: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
    """Return the rates of two models with the largest gaps ``d_1`` and ``d_2``, and their squared distance (K,)."""
    tried_1, tried_2 = _tried(first, d_1), _tried(second, d_2)
    far = np.zeros((len(d_1), tried_1[0].shape[1], tried_2[0].shape[1]))
    for y_1, y_2, a, b, p in zip(tried_1, tried_2, first, second, phi, strict=True):
        u, v = (y_1 - a.rates) * np.sqrt(a.weights), (y_2 - b.rates) * np.sqrt(b.weights)  # (K, PLACES, G)
        own = 1 / (1 - p**2)
        far += ((u**2) @ own)[:, :, None] + ((v**2) @ own)[:, None, :] - 2 * (u * (p * own)) @ v.transpose(0, 2, 1)
    best = far.reshape(len(d_1), -1).argmin(1)
    each = np.arange(len(d_1))
    i, j = np.divmod(best, far.shape[2])
    return [_fitted(y[each, i]) for y in tried_1], [_fitted(y[each, j]) for y in tried_2], far[each, i, j]


def _tried(parts: Sequence[Counts], d: np.ndarray) -> list[np.ndarray]:
    """Return rates whose largest gap over the parts is ``d`` (K,), part by part (K, PLACES, G).

    Each part is pulled into ranges of length d from several places on; where none is as wide as d, one is pushed apart.
    """
    tried = [_pulled(part, d) for part in parts]
    wide = d > max(float(np.ptp(part.rates)) for part in parts)
    if wide.any():
        pushed = [_pushed(part, d) for part in parts]
        which = np.argmin([((y - p.rates) ** 2) @ p.weights for y, p in zip(pushed, parts, strict=True)], axis=0)
        for i, y in enumerate(pushed):
            tried[i] = np.where((wide & (which == i))[:, None, None], y[:, None, :], tried[i])
    return tried


def _pulled(part: Counts, d: np.ndarray) -> np.ndarray:
    """Return the rates pulled into ranges of length d (K,), shape (K, PLACES, G)."""
    x = part.rates
    length = np.minimum(d, np.ptp(x))
    lowest = x.min() + (np.ptp(x) - length)[:, None] * np.linspace(0, 1, PLACES)  # (K, PLACES)
    return np.clip(x, lowest[..., None], (lowest + length[:, None])[..., None])


def _pushed(part: Counts, d: np.ndarray) -> np.ndarray:
    """Return the rates with highest and lowest pushed apart to d (K,), shape (K, G)."""
    x, w = part.rates, part.weights
    high, low = _ends(x)
    more = d - np.ptp(x)
    y = np.tile(x, (len(d), 1))
    y[:, high] += more * w[low] / (w[high] + w[low])
    y[:, low] -= more * w[high] / (w[high] + w[low])
    return y


def _calmed(part: Counts, y: np.ndarray) -> np.ndarray:
    """Return rates (K, G) with all but highest and lowest drawn together by what of their spread is noise.

    The rates seen spread by their noise; drawn from as they are, they would spread by it twice.
    """
    x, w = part.rates, part.weights
    mean = float(w @ x / w.sum())
    spread = max(0.0, (float(w @ (x - mean) ** 2) - (len(x) - 1)) / float(w.sum() - (w @ w) / w.sum()))
    calm = mean + (x - mean) * np.sqrt(spread / (spread + 1 / w))
    high, low = _ends(x)
    calm = np.clip(calm, y[:, [low]], y[:, [high]])
    calm[:, high], calm[:, low] = y[:, high], y[:, low]
    return calm


def _ends(x: np.ndarray) -> tuple[int, int]:
    """Return the places of the highest and the lowest rate, two different ones where all are equal."""
    high, low = int(x.argmax()), int(x.argmin())
    return (high, low) if high != low else (high, (high + 1) % len(x))


def _fitted(mu: np.ndarray) -> np.ndarray:
    """Return rates (K, G) moved together into [0, 1]; their gap, at most 1, stays."""
    mu = mu - np.minimum(0, mu.min(1, keepdims=True))
    return (mu - np.maximum(0, mu.max(1, keepdims=True) - 1)).clip(0, 1)


def _nearest_ratio(parts: Sequence[Counts], ratio: np.ndarray) -> list[np.ndarray]:
    """Return the rates nearest to those seen whose smallest lowest / highest is ``ratio`` (K,), each (K, G)."""
    rates, cost = [], []
    for part in parts:
        x, w = part.rates, part.weights
        high, low = _ends(x)
        own = x[low] / x[high]
        r = np.maximum(ratio, own)[:, None]
        lowest = x.min() + (r * x.max() - x.min()) * np.linspace(0, 1, PLACES)  # (K, PLACES)
        y = np.clip(x, lowest[..., None], (lowest / np.maximum(r, 1e-9))[..., None])
        best = (((y - x) ** 2) @ w).argmin(1)
        pulled = y[np.arange(len(ratio)), best]
        pushed = np.tile(x, (len(ratio), 1))
        pushed[:, high] = (w[high] * x[high] + w[low] * ratio * x[low]) / (w[high] + w[low] * ratio**2)
        pushed[:, low] = ratio * pushed[:, high]
        rates.append((np.where((ratio < own)[:, None], x, pulled), pushed))
        cost.append(((pushed - x) ** 2) @ w)
    own_all = min(float(part.rates.min() / part.rates.max()) for part in parts)
    which = np.argmin(cost, axis=0)
    return [
        np.where(((ratio < own_all) & (which == i))[:, None], pushed, pulled).clip(0, 1)
        for i, (pulled, pushed) in enumerate(rates)
    ]
