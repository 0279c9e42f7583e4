"""Intervals by inverted tests: all values whose draws are compatible with what was seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

QUARTERINGS = 6  # of the search for an end, to 1/4096 of its range

Tails = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def normal(draws: int, rows: int, *seed: int) -> np.ndarray:
    """Return standard normal numbers, shape (rows, draws), each beside its negative."""
    half = np.random.default_rng(seed).standard_normal((rows, (draws + 1) // 2))
    return np.concatenate([half, -half], axis=1)[:, :draws]


def shares(p: np.ndarray, of: np.ndarray, z: np.ndarray, spread: np.ndarray | float = 0.0) -> np.ndarray:
    """Return shares of hits drawn with probabilities ``p``, from normal numbers.

    Parameters
    ----------
    p : ndarray, shape (K, G)
        Mean probability of each of ``of`` members, K candidates of it.
    of : ndarray, shape (G,)
    z : ndarray, shape (G, draws)
    spread : ndarray, shape (G,), or float
        Variance of the probabilities within a group, which makes its number of hits the surer.

    Returns
    -------
    ndarray, shape (G, K, draws)
        By the binomial quantile in Cornish and Fisher's expansion to the skewness, rounded to whole hits.
    """
    p, n = p.T[:, :, None], of[:, None, None]
    variance = n * np.maximum(p * (1 - p) - np.reshape(spread, (-1, 1, 1)), 0)
    skew = np.where(variance > 0, (1 - 2 * p) / 6, 0.0)
    hits = np.rint(n * p + np.sqrt(variance) * z[:, None, :] + skew * (z**2 - 1)[:, None, :])
    return np.minimum(np.maximum(hits, 0, out=hits), n, out=hits) / n


def both_tails(drawn: np.ndarray, seen: float) -> tuple[np.ndarray, np.ndarray]:
    """Return how often what was drawn, (K, draws), is at least and at most what was seen, each (K,)."""
    return (drawn >= seen - 1e-12).mean(1), (drawn <= seen + 1e-12).mean(1)


def inverted(tails: Tails, seen: float, limits: tuple[float, float], confidence: float) -> tuple[float, float]:
    """Return the smallest and largest candidate that neither tail excludes.

    Parameters
    ----------
    tails : callable
        Of candidates (K,), how often draws are at least, and at most, what was seen, each (K,).
    seen : float
        Belongs to the interval.
    limits : tuple of float
        The smallest and the largest candidate there is.
    confidence : float
    """
    alpha = (1 - confidence) / 2
    inside, outside = np.array([seen, seen]), np.array(limits)
    above, below = tails(outside)
    inside = np.where([above[0] >= alpha, below[1] >= alpha], outside, inside)  # a limit may belong to the interval
    for _ in range(QUARTERINGS):
        steps = inside + (outside - inside) * np.array([[0.25], [0.5], [0.75], [1.0]])  # (4, 2), the last is outside
        above, below = (p.reshape(3, 2) for p in tails(steps[:3].ravel()))
        belongs = np.stack([above[:, 0] >= alpha, below[:, 1] >= alpha], axis=1)
        first_out = np.append(belongs, [[False, False]], axis=0).argmin(0)
        each = np.arange(2)
        inside, outside = np.where(first_out > 0, steps[first_out - 1, each], inside), steps[first_out, each]
    return float(inside[0]), float(inside[1])
