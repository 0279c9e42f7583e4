"""Groups as codes: a column of words about the examples, turned into whole numbers once for all batches."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..data import Examples
from ..data.missing import missing

MOST_GROUPS = 50  # of more, a batch holds too few members to say anything
UNKNOWN = -1


class Grouping(NamedTuple):
    """One group column in codes."""

    column: str
    names: tuple[str, ...]  # of the groups that occur, in order of their codes
    codes: Tensor  # (N,) int64, -1 where the group is not known

    def fingerprint(self) -> str:
        """Return the SHA-256 of names and codes, in hexadecimal."""
        told = "\n".join((self.column, *self.names)).encode()
        return hashlib.sha256(told + b"\0" + self.codes.numpy().tobytes()).hexdigest()


def grouping(examples: Examples, column: str, title: str = "the data") -> Grouping:
    """Return the groups of a column.

    Parameters
    ----------
    examples : Examples
        N examples with ``groups``.
    column : str
        A name of ``examples.groups``: words, truth values, few different numbers or a pandas Categorical. None and NaN
        belong to no group.
    title : str
        What the data are called in an error.

    Returns
    -------
    Grouping
        Codes in the order of the categories of a Categorical, else of the sorted values.

    Raises
    ------
    ValueError
        In one sentence, if there is no such column, or it holds fewer than two groups or more than 50.

    Examples
    --------
    >>> some = Examples(torch.zeros(4, 1), torch.zeros(4).long(), {"sex": np.array(["Male", "Female", None, "Male"])})
    >>> found = grouping(some, "sex")
    >>> found.names, found.codes.tolist()
    (('Female', 'Male'), [1, 0, -1, 1])
    """
    if column not in examples.groups:
        there = f"has {', '.join(map(repr, examples.groups))}" if examples.groups else "has no group column"
        raise ValueError(
            f"the penalty needs the group column {column!r} and the training part of {title} {there}; "
            "name one that it has, or give kd.data.Examples(x, y, groups={...})"
        )
    given: Any = examples.groups[column]
    values, categories = np.asarray(given), getattr(getattr(given, "cat", given), "categories", None)
    known = _known(values)
    try:
        different, codes = np.unique(values[known], return_inverse=True)
    except TypeError as error:
        raise ValueError(f"the group column {column!r} must hold words, or numbers, alone ({error})") from error
    _check_count(column, different, title)
    if categories is not None:
        place = {category: i for i, category in enumerate(categories)}
        order = np.argsort([place[value] for value in different.tolist()])
        different, codes = different[order], np.argsort(order)[codes]
    whole = np.full(len(values), UNKNOWN, dtype=np.int64)
    whole[known] = codes.reshape(-1)
    return Grouping(column, tuple(str(value) for value in different.tolist()), torch.from_numpy(whole))


def _known(values: np.ndarray) -> np.ndarray:
    """Return which entries name a group: all that are not missing."""
    if values.ndim != 1:
        raise ValueError(f"a group column must have one entry an example, got shape {values.shape}")
    return ~missing(values)


def _check_count(column: str, different: np.ndarray, title: str) -> None:
    if len(different) < 2:
        only = repr(str(different[0])) if len(different) else "none"
        raise ValueError(
            f"the group column {column!r} must hold at least two groups to compare, got {only} alone in {title}"
        )
    if len(different) > MOST_GROUPS:
        words = "join the rare ones"
        if different.dtype.kind in "iuf":
            words = f"cut them into bands, kd.measure.groups.bands(groups[{column!r}]), and give those as a column"
        raise ValueError(
            f"the group column {column!r} must hold at most {MOST_GROUPS} groups, got {len(different):,} different "
            f"values; {words}"
        )
