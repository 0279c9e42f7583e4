"""Columns far from 0."""

from __future__ import annotations

import numpy as np


def columns_far_from_0() -> dict[str, np.ndarray]:
    """Columns as people have them, each beside the numbers that it was made of, which lie in [0, 1]."""
    unit = np.random.RandomState(0).random_sample((300, 3))
    return {
        "a 0.1° square of coordinates": np.array([52.5, 13.4, 47.3]) + 0.1 * unit,
        "time stamps of 12 days": 1.7e9 + 12 * 86400 * unit,
        "years": 2000 + 24 * unit,
        "far and small": 1e6 + 1e-3 * unit,
        "one far away": np.concatenate((unit[:-1], [[1e7] * 3])),
        "a constant column": np.concatenate((unit[:, :2], np.full((300, 1), 7e8)), 1),
    }
