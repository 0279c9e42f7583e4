"""Orders in which examples are drawn: by class, in turns or in proportion."""

from __future__ import annotations

import numpy as np


def balanced_order(y: np.ndarray, seed: int) -> np.ndarray:
    """Shuffle the labelled examples so that each beginning of the order holds the classes in equal numbers.

    Parameters
    ----------
    y : ndarray of int, shape (N,)
        Labels; examples below 0 are left out.
    seed : int
        Fixes the order, for all versions of numpy.

    Returns
    -------
    ndarray of int64
        Indices into `y`.
    """
    order, rank, _ = _ranks_within_class(y, seed)
    return order[np.argsort(rank, kind="stable")]


def proportional_order(y: np.ndarray, seed: int) -> np.ndarray:
    """Shuffle all examples so that each beginning of the order holds the classes in their overall
    proportions.

    Takes and returns what `balanced_order` does, but examples without a label (-1) stay, as one more class.
    """
    order, rank, size = _ranks_within_class(y - y.min(initial=0), seed)
    return order[np.argsort((rank + 0.5) / size, kind="stable")]


def _ranks_within_class(y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give a random order of the labelled examples, the place of each in its class, and the class's size."""
    order = np.random.RandomState(seed).permutation(len(y))  # RandomState: its stream is frozen for good
    order = order[y[order] >= 0]
    _, place, sizes = np.unique(y[order], return_inverse=True, return_counts=True)  # a label may be any number
    starts = np.cumsum(sizes) - sizes
    by_class = np.argsort(place, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[by_class] = np.arange(len(order)) - starts[place[by_class]]
    return order, rank, sizes[place]
