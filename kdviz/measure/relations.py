"""Relations: how a model sets the examples of a batch to one another, and whose neighbors are whose.

Everything here takes features, one row an example, and looks at no model. Methods that teach relations (RKD, similarity
preserving, PKT) compare such matrices; retrieval asks who is nearest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Kind = Literal["similarity", "distance"]
KINDS: tuple[str, ...] = ("similarity", "distance")


@dataclass(frozen=True, eq=False)
class Relations:
    """The relations of B examples, sorted by class, as two models see them.

    Attributes
    ----------
    order : ndarray of int64, shape (B,)
        The examples' places in what was given, class by class.
    labels : ndarray of int64, shape (B,)
        Their classes, in that order.
    teacher, student : ndarray of float64, shape (B, B)
        Similarities, or distances.
    kind : {"similarity", "distance"}
    """

    order: np.ndarray
    labels: np.ndarray
    teacher: np.ndarray = field(repr=False)
    student: np.ndarray = field(repr=False)
    kind: str = "similarity"

    @property
    def difference(self) -> np.ndarray:
        """Student minus teacher, shape (B, B)."""
        return self.student - self.teacher

    @property
    def agreement(self) -> float:
        """The correlation of both matrices over pairs of different examples; nan where one of them is constant."""
        upper = np.triu_indices(len(self.order), 1)
        one, other = self.teacher[upper], self.student[upper]
        if len(one) < 2 or one.std() == 0 or other.std() == 0:
            return float("nan")
        return float(np.corrcoef(one, other)[0, 1])

    def means(self) -> dict[str, tuple[float, float]]:
        """Return for "teacher" and "student" the mean over pairs of one class, and over pairs of two; nan for none."""
        same = self.labels[:, None] == self.labels[None]
        others = ~np.eye(len(self.order), dtype=bool)
        return {
            who: (_mean(matrix[same & others]), _mean(matrix[~same]))
            for who, matrix in (("teacher", self.teacher), ("student", self.student))
        }


def relations(student: np.ndarray, teacher: np.ndarray, labels: np.ndarray, kind: Kind = "similarity") -> Relations:
    """Return the relations of a batch as both models see them, sorted by class.

    Parameters
    ----------
    student, teacher : array-like, shape (B, D) and (B, E)
        Features of the same examples.
    labels : array-like of int, shape (B,)
    kind : {"similarity", "distance"}
        See :func:`matrix`.

    Raises
    ------
    ValueError
        If the numbers of examples differ, features are not finite, or the kind is unknown.

    Examples
    --------
    >>> found = relations([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0]], [[1.0], [-1.0], [1.0]], [0, 1, 0])
    >>> found.order.tolist(), found.student[0].tolist(), found.teacher[0].tolist()
    ([0, 2, 1], [1.0, 1.0, 0.0], [1.0, 1.0, -1.0])
    """
    y = np.asarray(labels)
    ours, theirs = checked(student, "student"), checked(teacher, "teacher")
    if not len(ours) == len(theirs) == len(y):
        raise ValueError(
            f"features and labels must be of the same examples, got {len(ours)} of the student, {len(theirs)} of the "
            f"teacher and {len(y)} labels"
        )
    order = np.argsort(y, kind="stable")
    return Relations(order, y[order], matrix(theirs[order], kind), matrix(ours[order], kind), kind)


def matrix(features: np.ndarray, kind: Kind = "similarity") -> np.ndarray:
    """Return how every two examples are related, shape (B, B).

    Parameters
    ----------
    features : array-like, shape (B, D)
    kind : {"similarity", "distance"}
        The cosine of both; or their distance, divided by the mean of all distances above 0, as RKD does, so that the
        widths of two models do not matter.

    Raises
    ------
    ValueError
        If features are not finite, or the kind is unknown.
    """
    rows = checked(features, "features")
    if kind == "similarity":
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        unit = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
        return np.clip(unit @ unit.T, -1.0, 1.0)
    if kind != "distance":
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    apart = np.sqrt(_squared_distances(rows))
    mean = _mean(apart[apart > 0])
    return apart / mean if mean > 0 else apart


def neighbors(features: np.ndarray, k: int) -> np.ndarray:
    """Return the k nearest other examples of each, nearest first, shape (N, k); of equally near ones, the first.

    Parameters
    ----------
    features : array-like, shape (N, D)
        By Euclidean distance.
    k : int
        From 1 to N − 1.

    Raises
    ------
    ValueError
        If there are too few examples, or features are not finite.

    Examples
    --------
    >>> neighbors([[0.0], [1.0], [3.0], [3.5]], 1).ravel().tolist()
    [1, 0, 3, 2]
    """
    rows = checked(features, "features")
    if not 1 <= k < len(rows):
        raise ValueError(f"k must lie between 1 and {len(rows) - 1} for {len(rows)} examples, got {k}")
    squared = _squared_distances(rows)
    np.fill_diagonal(squared, np.inf)  # nobody is a neighbor of itself
    return np.argsort(squared, axis=1, kind="stable")[:, :k]


def recall(near: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Return recall@k: the share of examples with one of their own class among their k nearest.

    An example whose class nobody else has cannot be found, and is not counted.

    Parameters
    ----------
    near : array-like of int, shape (N, k or more)
        As of :func:`neighbors`.
    labels : array-like of int, shape (N,)
    k : int

    Returns
    -------
    float
        In [0, 1]; nan where every class has one example.

    Examples
    --------
    >>> recall(neighbors([[0.0], [0.1], [1.0], [0.9]], 1), [0, 0, 1, 1], 1)
    1.0
    """
    y, nearest = np.asarray(labels), _as_many(near, k)
    if len(nearest) != len(y):
        raise ValueError(f"there must be a label for each of {len(nearest)} examples, got {len(y)}")
    found = (y[nearest] == y[:, None]).any(1)
    return _mean(found[(y[:, None] == y[None]).sum(1) > 1].astype(float))


def kept(student: np.ndarray, teacher: np.ndarray, k: int) -> float:
    """Return how many of the teacher's k nearest are among the student's k nearest, as a share, over all examples.

    By chance it is k / (N − 1).

    Parameters
    ----------
    student, teacher : array-like of int, shape (N, k or more)
        As of :func:`neighbors`, of the same examples.
    k : int

    Examples
    --------
    >>> kept(neighbors([[0.0], [1.0], [3.0]], 1), neighbors([[0.0], [5.0], [6.0]], 1), 1)
    0.6666666666666666
    """
    ours, theirs = _as_many(student, k), _as_many(teacher, k)
    if len(ours) != len(theirs):
        raise ValueError(f"both must be of the same examples, got {len(ours)} and {len(theirs)}")
    return float((ours[:, :, None] == theirs[:, None]).any(2).mean())


def checked(features: np.ndarray, what: str) -> np.ndarray:
    """Return features as float64 of shape (N, D), once they are known to be finite."""
    rows = np.asarray(features, dtype=np.float64)
    if rows.ndim < 2 or not len(rows):
        raise ValueError(f"{what} must be features of shape (examples, numbers), got shape {rows.shape}")
    if not np.isfinite(rows).all():
        raise ValueError(f"{what} must be finite, got nan or inf")
    return rows.reshape(len(rows), -1)


def _as_many(near: np.ndarray, k: int) -> np.ndarray:
    """Return the k nearest of those given, once there are so many."""
    found = np.asarray(near)
    if found.ndim != 2 or not 1 <= k <= found.shape[1]:
        raise ValueError(f"there must be {k} neighbors of each example or more, got shape {found.shape}")
    return found[:, :k]


def _squared_distances(rows: np.ndarray) -> np.ndarray:
    """Return the squared distance of every two rows, 0 on the diagonal.

    Centered first: |a|² + |b|² − 2 a·b loses digits where all rows are far from 0.
    """
    rows = rows - rows.mean(0)
    squares = np.square(rows).sum(1)
    squared = np.maximum(squares[:, None] + squares[None] - 2 * rows @ rows.T, 0.0)
    np.fill_diagonal(squared, 0.0)
    return squared


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
