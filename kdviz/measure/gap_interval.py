"""Intervals for how far groups lie apart: the largest less the smallest of several rates, or the smallest over the largest.

Such a gap is not a mean. By chance alone the largest of eight rates lies high and the smallest low, so that the gap in a
sample is too large on average, the more so the more groups are alike; resampling the examples widens it once more.
Here each candidate for the true gap is asked whether it could have given the gap that was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .groups import share

HALVINGS = 12  # of the search for an end, to 1/4096 of its range
PLACES = 21  # tried for the lowest rate
LEVELS = 17  # tried for the gap of the second model
SLACK = 3.0  # squared standard errors by which rates may be moved together

Pvalues = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


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

    @property
    def rates(self) -> np.ndarray:
        return self.hits / self.of

    @property
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
    A candidate d belongs to the interval where both P(R* ≥ R) and P(R* ≤ R) are at least (1 − confidence)/2; R is the
    gap seen, R* that of a draw from the rates which have the gap d and lie nearest to those seen (least squares with
    weights 1/se²): rates too far apart are pulled in to the ends of a range of length d, which makes ties of them; where
    d > R the two that need least are pushed apart. Draws are normal, with the binomial variance of these rates. The
    interval is widened to hold R where it would not.

    References
    ----------
    Chuang, Lai (2000), Hybrid resampling methods for confidence intervals, Statistica Sinica 10.
    """
    parts = [part.there() for part in parts]
    seen = max(float(np.ptp(part.rates)) for part in parts)
    noise = [_normal(draws, len(part.of), seed, i) for i, part in enumerate(parts)]

    def tails(d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        nearest, _ = _nearest(parts, d)
        gaps = [np.ptp(_drawn(mu, part.of, z), axis=2) for mu, part, z in zip(nearest, parts, noise, strict=True)]
        return _both_tails(np.maximum.reduce(gaps), seen)

    return _inverted(tails, seen, (0.0, 1.0), confidence)


def of_ratio(parts: Sequence[Counts], confidence: float, draws: int, seed: int) -> tuple[float, float]:
    """Return the ends of an interval for the smallest, over the parts, of lowest rate / highest rate.

    As :func:`of_gap`, on the scale of ratios; a part whose rates are all 0 has no ratio and is left out.
    """
    parts = [part for part in (part.there() for part in parts) if part.hits.any()]
    seen = min(float(part.rates.min() / part.rates.max()) for part in parts)
    noise = [_normal(draws, len(part.of), seed, i) for i, part in enumerate(parts)]

    def tails(ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        drawn = [_drawn(mu, part.of, z) for mu, part, z in zip(_nearest_ratio(parts, ratio), parts, noise, strict=True)]
        rates = [r.clip(0, 1) for r in drawn]
        return _both_tails(np.fmin.reduce([share(r.min(2), r.max(2)) for r in rates]), seen)

    return _inverted(tails, seen, (0.0, 1.0), confidence)


def of_difference(
    first: Sequence[Counts],
    second: Sequence[Counts],
    both: Sequence[np.ndarray],
    confidence: float,
    draws: int,
    seed: int,
) -> tuple[float, float]:
    """Return the ends of an interval for the gap of the second model less that of the first, on the same examples.

    Parameters
    ----------
    first, second : sequence of Counts
        As of :func:`of_gap`, with the same members.
    both : sequence of ndarray, shape (G,)
        How often both models have the hit, part by part.
    confidence : float
    draws : int
    seed : int

    Notes
    -----
    As in :func:`of_gap`, but many pairs of gaps have the same difference. Of those whose rates lie nearest to the ones
    seen, up to 3 squared standard errors further than the nearest, the pair with the smallest gaps is taken: rates that
    may be ties are drawn as ties. Draws of the two models have the correlation, group by group, that their hits have
    (with half an example added to each of the four counts, so that models which never differed may still do so).
    """
    phi = [_correlation(a, b, c) for a, b, c in zip(first, second, both, strict=True)]
    phi = [p[a.of > 0] for p, a in zip(phi, first, strict=True)]
    first, second = [part.there() for part in first], [part.there() for part in second]
    gap_1, gap_2 = (max(float(np.ptp(part.rates)) for part in side) for side in (first, second))
    seen = gap_2 - gap_1
    noise = [[_normal(draws, len(p), seed, i, j) for j in (1, 2)] for i, p in enumerate(phi)]
    level = np.linspace(0, 1, LEVELS)

    def tails(d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        room = np.minimum(1 - np.abs(d), max(gap_1, gap_2) + np.abs(d))
        gaps = (np.maximum(0, -d) + level[:, None] * room).ravel()  # of the first model: level × candidate
        of_first, far_1 = _nearest(first, gaps)
        of_second, far_2 = _nearest(second, gaps + np.tile(d, LEVELS))
        far = (far_1 + far_2).reshape(LEVELS, -1)
        chosen = (far <= far.min(0) + SLACK).argmax(0) * len(d) + np.arange(len(d))
        apart: list[list[np.ndarray]] = [[], []]
        for i, p in enumerate(phi):
            z_1 = noise[i][0]
            z_2 = p * z_1 + np.sqrt(1 - p**2) * noise[i][1]
            for side, (mu, counts, z) in enumerate(((of_first, first, z_1), (of_second, second, z_2))):
                apart[side].append(np.ptp(_drawn(mu[i][chosen], counts[i].of, z), axis=2))
        return _both_tails(np.maximum.reduce(apart[1]) - np.maximum.reduce(apart[0]), seen)

    return _inverted(tails, seen, (-1.0, 1.0), confidence)


def _normal(draws: int, groups: int, *seed: int) -> np.ndarray:
    """Return standard normal numbers, shape (draws, G), each beside its negative."""
    half = np.random.default_rng(seed).standard_normal(((draws + 1) // 2, groups))
    return np.concatenate([half, -half])[:draws]


def _correlation(a: Counts, b: Counts, both: np.ndarray) -> np.ndarray:
    """Return the correlation of two models' hits in each group, half an example added to each of the four counts."""
    n = a.of + 2.0
    p, q = (a.hits + 1) / n, (b.hits + 1) / n
    return ((both + 0.5) / n - p * q) / np.sqrt(p * (1 - p) * q * (1 - q))


def _drawn(mu: np.ndarray, of: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return binomial shares of rates ``mu`` (K, G), shape (K, draws, G), from normal numbers ``z`` (draws, G).

    The binomial quantile by Cornish and Fisher's expansion to the skewness, rounded to whole hits.
    """
    mean, variance = (of * mu)[:, None, :], (of * mu * (1 - mu))[:, None, :]
    hits = np.rint(mean + z * np.sqrt(variance) + (1 - 2 * mu)[:, None, :] * (z**2 - 1) / 6 * (variance > 0))
    return hits.clip(0, of) / of


def _both_tails(drawn: np.ndarray, seen: float) -> tuple[np.ndarray, np.ndarray]:
    """Return how often what was drawn, (K, draws), is at least and at most what was seen, each (K,)."""
    return (drawn >= seen - 1e-12).mean(1), (drawn <= seen + 1e-12).mean(1)


def _inverted(tails: Pvalues, seen: float, limits: tuple[float, float], confidence: float) -> tuple[float, float]:
    """Return the smallest and largest candidate that neither tail excludes, found by halving on either side of ``seen``."""
    alpha = (1 - confidence) / 2
    inside, outside = np.array([seen, seen]), np.array(limits)
    above, below = tails(outside)
    inside = np.where([above[0] >= alpha, below[1] >= alpha], outside, inside)  # a limit may belong to the interval
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        above, below = tails(middle)
        belongs = np.array([above[0] >= alpha, below[1] >= alpha])
        inside, outside = np.where(belongs, middle, inside), np.where(belongs, outside, middle)
    return float(inside[0]), float(inside[1])


def _nearest(parts: Sequence[Counts], d: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the rates nearest to those seen whose largest gap is ``d`` (K,), each (K, G), and how far off they lie (K,)."""
    pulled = [_pulled(part, d) for part in parts]
    rates, far = [mu for mu, _ in pulled], np.sum([f for _, f in pulled], axis=0)
    wide = d > max(float(np.ptp(part.rates)) for part in parts)
    if wide.any():
        pushed = [_pushed(part, d) for part in parts]
        which = np.argmin([f for _, f in pushed], axis=0)
        for i, (mu, f) in enumerate(pushed):
            take = wide & (which == i)
            rates[i], far = np.where(take[:, None], mu, rates[i]), np.where(take, f, far)
    return [_fitted(mu) for mu in rates], far


def _pulled(part: Counts, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rates pulled into the best range of length d (K,), shape (K, G), and how far they went (K,)."""
    x, w = part.rates, part.weights
    length = np.minimum(d, np.ptp(x))
    lowest = x.min() + (np.ptp(x) - length)[:, None] * np.linspace(0, 1, PLACES)  # (K, PLACES)
    y = np.clip(x, lowest[..., None], (lowest + length[:, None])[..., None])  # (K, PLACES, G)
    far = ((y - x) ** 2) @ w
    best = far.argmin(1)
    each = np.arange(len(d))
    return y[each, best], far[each, best]


def _pushed(part: Counts, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rates with highest and lowest pushed apart to d (K,), and how far they went."""
    x, w = part.rates, part.weights
    high, low = _ends(x)
    more, each = d - np.ptp(x), 1 / w[high] + 1 / w[low]
    y = np.tile(x, (len(d), 1))
    y[:, high] += more / w[high] / each
    y[:, low] -= more / w[low] / each
    return y, more**2 / each


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
        r = np.maximum(ratio, own)[:, None, None]  # (K, 1, 1)
        lowest = np.geomspace(1e-9 + x.min(), x.max(), PLACES)[None, :, None] * np.ones_like(r)
        y = np.clip(x, lowest, lowest / np.maximum(r, 1e-9))
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
