"""Nearest neighbours by Euclid's distance, wherever the points lie.

|a − b|² = |a|² + |b|² − 2 a·b is one matrix product, and loses all digits where the points are nearer to one another
than to the origin. Here it only finds who may be nearest; these few are then compared by their very differences.
"""

from __future__ import annotations

import numpy as np

AT_ONCE = 1024  # rows of a matrix of distances held at a time


class Points:
    """Points of which some may move, each asked for its nearest neighbour.

    Parameters
    ----------
    rows : ndarray, shape (N, D), float32 or float64
        N ≥ 2 of them; copied.

    Examples
    --------
    >>> points = Points(1e9 + np.array([[0.0], [1.0], [3.0]]))
    >>> points.nearest(2)
    1
    >>> points.move(0, np.array([1e9 + 4.0]))
    >>> points.nearest(2)
    0
    """

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = rows.copy()
        self._centre = rows.mean(0, dtype=np.float64).astype(rows.dtype)
        self._about = self.rows - self._centre
        self._squares = (self._about**2).sum(1)
        self._slack = 4 * (rows.shape[1] + 4) * np.finfo(rows.dtype).eps  # of a sum of D products, at its worst

    def nearest(self, i: int) -> int:
        """Return which other point lies nearest to point ``i``, the first of equals."""
        return self._first(i, self._squares - 2 * (self._about @ self._about[i]))

    def all_nearest(self) -> np.ndarray:
        """Return for each point which other one lies nearest, shape (N,)."""
        found = []
        for start in range(0, len(self.rows), AT_ONCE):
            near = self._squares - 2 * (self._about[start : start + AT_ONCE] @ self._about.T)
            found += [self._first(start + k, row) for k, row in enumerate(near)]
        return np.array(found)

    def move(self, i: int, row: np.ndarray) -> None:
        """Put point ``i`` elsewhere."""
        self.rows[i] = row
        self._about[i] = self.rows[i] - self._centre
        self._squares[i] = (self._about[i] ** 2).sum()

    def _first(self, i: int, near: np.ndarray) -> int:
        """Return the nearest, given |b|² − 2 a·b as rounded, shape (N,), with a point ``i``."""
        near[i] = np.inf
        unsure = self._slack * (self._squares + self._squares[i])  # of each
        unsure[i] = 0
        may_be = np.flatnonzero(near - unsure <= (near + unsure).min())
        if len(may_be) == 1:
            return int(may_be[0])
        apart = self.rows[may_be].astype(np.float64) - self.rows[i]
        return int(may_be[(apart**2).sum(1).argmin()])
