"""How alike two maps of each example are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ...words import number, t, tn
from ..fidelity import Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class MapSimilarity:
    """How alike two maps of each example are.

    Attributes
    ----------
    rank : ndarray of float64, shape (N,)
        Spearman's correlation of the magnitudes |a| and |b|, ties averaged, in [-1, 1], over the positions where not
        both are 0 (an image's empty background would make any two maps alike); nan if either map is constant there.
    cosine : ndarray of float64, shape (N,)
        Cosine of the signed maps, in [-1, 1]; nan if either map is 0 throughout.
    overlap : ndarray of float64, shape (N,)
        Share of the ``top`` largest magnitudes that both maps have, in [0, 1]; nan if either map is constant.
    top : float
        The fraction of values that ``overlap`` is about.
    constant : ndarray of bool, shape (N,)
        Where either map has the same magnitude throughout, so that it singles out nothing.
    """

    rank: np.ndarray
    cosine: np.ndarray
    overlap: np.ndarray
    top: float
    constant: np.ndarray

    @property
    def n(self) -> int:
        """Number of examples."""
        return len(self.rank)

    def order(self) -> np.ndarray:
        """Return the examples' indices by similarity: lowest rank correlation first, constant maps last.

        >>> similarity([[1.0, 2.0, 3.0]] * 3, [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [3.0, 2.0, 1.0]]).order().tolist()
        [2, 0, 1]
        """
        return np.argsort(self.rank, kind="stable")  # nan last

    def frame(self) -> pd.DataFrame:
        """Return a table with a row for each example: ``example``, ``rank``, ``cosine``, ``overlap``, ``constant``."""
        import pandas as pd

        return pd.DataFrame({
            "example": np.arange(self.n),
            "rank": self.rank,
            "cosine": self.cosine,
            "overlap": self.overlap,
            "constant": self.constant,
        })  # fmt: skip

    def sentence(self) -> str:
        """Return the result in words.

        >>> print(similarity([[1.0, 2.0, 3.0]] * 2, [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]).sentence())
        Over 1 example the median rank correlation of the two maps is 1.00 (quartiles 1.00 to 1.00), and they share
        100 % of their top 10 % of values. 1 example has a constant map, and no number.
        """
        lost = int(np.isnan(self.rank).sum())
        if lost == self.n:
            return t(
                "Nothing can be said from {examples}: one of the two maps is constant.",
                examples=of_examples(self.n),
            )
        low, middle, high = np.nanquantile(self.rank, [0.25, 0.5, 0.75])
        sentences = [
            t(
                "Over {examples} the median rank correlation of the two maps is {median} (quartiles {low} to {high}), "
                "and they share {shared} of their top {top} of values.",
                examples=of_examples(self.n - lost),
                median=number(middle, ".2f"),
                low=number(low, ".2f"),
                high=number(high, ".2f"),
                top=f"{number(100 * self.top, '.3g')} %",
                shared=f"{number(100 * np.nanmean(self.overlap), '.0f')} %",
            )
        ]
        if lost:
            sentences.append(
                tn(
                    "{n} example has a constant map, and no number.",
                    "{n} examples have a constant map, and no number.",
                    lost,
                    n=number(lost),
                )
            )
        return " ".join(sentences)


def similarity(a: Array, b: Array, top: float = 0.1) -> MapSimilarity:
    """Compare two maps of each example, for instance a teacher's and its student's.

    Parameters
    ----------
    a, b : array of float, shape (N, ...)
        Maps of the same examples in the same order.
    top : float
        Fraction in (0, 1] of the values whose overlap is measured.

    Raises
    ------
    ValueError
        If the shapes differ, there is no example, a value is not finite or ``top`` is out of range.

    Notes
    -----
    The top of a map of M values are those of the ⌈top · M⌉ largest magnitudes, including all that tie with the last of
    them and none that is 0. The overlap is the number in both tops over the size of the larger.

    Examples
    --------
    >>> alike = similarity([[4.0, -3.0, 2.0, 1.0]], [[4.0, 3.0, 1.0, 2.0]], top=0.5)
    >>> alike.rank.round(2).tolist(), alike.cosine.round(2).tolist(), alike.overlap.tolist()
    ([0.8], [0.37], [1.0])
    """
    if not 0 < top <= 1:
        raise ValueError(f"top must be in (0, 1] (it is the fraction of values to compare), got {top}")
    first, second = checked_maps(a, "a"), checked_maps(b, "b")
    if first.shape != second.shape:
        raise ValueError(
            f"a and b must be maps of the same examples, got shapes {tuple(first.shape)} and {tuple(second.shape)}"
        )
    rows = [(u.reshape(-1).numpy(), v.reshape(-1).numpy()) for u, v in zip(first, second, strict=True)]
    constant = np.array([any(np.ptp(np.abs(m)) == 0 for m in pair) for pair in rows])
    rank, cosine, overlap = np.full((3, len(rows)), np.nan)
    for i, (u, v) in enumerate(rows):
        cosine[i] = _cosine(u, v)
        if not constant[i]:
            rank[i] = _rank_correlation(np.abs(u), np.abs(v))
            mine, theirs = _top(np.abs(u), top), _top(np.abs(v), top)
            overlap[i] = (mine & theirs).sum() / max(mine.sum(), theirs.sum())
    return MapSimilarity(rank, cosine, overlap, top, constant)


def checked_maps(maps: Array, what: str) -> Tensor:
    m = torch.as_tensor(maps).detach().to("cpu", torch.float64)
    if m.ndim < 2 or m.numel() == 0:
        raise ValueError(f"{what} must have shape (examples, ...) with at least one example, got {tuple(m.shape)}")
    if not bool(m.isfinite().all()):
        raise ValueError(f"{what} must be finite, got nan or inf")
    return m


def _rank_correlation(u: np.ndarray, v: np.ndarray) -> float:
    """Return Spearman's correlation over the positions where not both are 0; nan if one is constant there."""
    some = (u != 0) | (v != 0)
    p, q = _ranks(u[some]), _ranks(v[some])
    return _cosine(p - p.mean(), q - q.mean())


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks from 1, averaged over ties."""
    _, index, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[index]


def _cosine(u: np.ndarray, v: np.ndarray) -> float:
    large, larger = np.abs(u).max(), np.abs(v).max()
    if large == 0 or larger == 0:
        return math.nan
    u, v = u / large, v / larger  # squares neither vanish nor overflow
    return float(np.clip(u @ v / math.sqrt((u @ u) * (v @ v)), -1, 1))


def _top(size: np.ndarray, top: float) -> np.ndarray:
    k = max(1, math.ceil(top * len(size) - 1e-9))  # 0.1 · 30 is 3, not 4
    return (size >= np.partition(size, -k)[-k]) & (size > 0)


def of_examples(n: int) -> str:
    return tn("{n} example", "{n} examples", n, n=number(n))
