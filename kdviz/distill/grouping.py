"""Groups as codes: a column of group names, converted to integers once for all batches."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..data import Examples
from ..data.missing import missing

MOST_GROUPS = 50  # with more, a batch holds too few members of each to be informative
UNKNOWN = -1


class Grouping(NamedTuple):
    """One group column as integer codes."""

    column: str
    names: tuple[str, ...]  # of the groups that occur, in order of their codes
    codes: Tensor  # (N,) int64, -1 where the group is not known

    def fingerprint(self) -> str:
        """Return the SHA-256 of names and codes, in hexadecimal."""
        names = "\n".join((self.column, *self.names)).encode()
        return hashlib.sha256(names + b"\0" + self.codes.numpy().tobytes()).hexdigest()


def grouping(examples: Examples, column: str, title: str = "the data") -> Grouping:
    """Return the groups of a column.

    Parameters
    ----------
    examples : Examples
        N examples with ``groups``.
    column : str
        A name in ``examples.groups``: strings, booleans, few distinct numbers or a pandas Categorical. None and NaN
        belong to no group.
    title : str
        The name of the data in an error.

    Returns
    -------
    Grouping
        Codes in the order of a Categorical's categories, else of the sorted values.

    Raises
    ------
    ValueError
        In one sentence, if there is no such column, or it has fewer than two groups or more than 50.

    Examples
    --------
    >>> some = Examples(torch.zeros(4, 1), torch.zeros(4).long(), {"sex": np.array(["Male", "Female", None, "Male"])})
    >>> sex = grouping(some, "sex")
    >>> sex.names, sex.codes.tolist()
    (('Female', 'Male'), [1, 0, -1, 1])
    """
    if column not in examples.groups:
        has = f"has {', '.join(map(repr, examples.groups))}" if examples.groups else "has no group column"
        raise ValueError(
            f"the penalty needs the group column {column!r} and the training part of {title} {has}; "
            "name one that it has, or pass kd.data.Examples(x, y, groups={...})"
        )
    entries: Any = examples.groups[column]
    values, categories = np.asarray(entries), getattr(getattr(entries, "cat", entries), "categories", None)
    known = _known(values)
    try:
        different, codes = np.unique(values[known], return_inverse=True)
    except TypeError as error:
        raise ValueError(f"the group column {column!r} must hold only strings or only numbers ({error})") from error
    _check_count(column, different, title)
    if categories is not None:
        rank = {category: i for i, category in enumerate(categories)}
        order = np.argsort([rank[value] for value in different.tolist()])
        different, codes = different[order], np.argsort(order)[codes]
    whole = np.full(len(values), UNKNOWN, dtype=np.int64)
    whole[known] = codes.reshape(-1)
    return Grouping(column, tuple(str(value) for value in different.tolist()), torch.from_numpy(whole))


def _known(values: np.ndarray) -> np.ndarray:
    """Return which entries name a group: those that are not missing."""
    if values.ndim != 1:
        raise ValueError(f"a group column must have one entry per example, got shape {values.shape}")
    return ~missing(values)


def _check_count(column: str, different: np.ndarray, title: str) -> None:
    if len(different) < 2:
        only = f"only {str(different[0])!r}" if len(different) else "none"
        raise ValueError(f"the group column {column!r} must hold at least two groups to compare, got {only} in {title}")
    if len(different) > MOST_GROUPS:
        advice = "join the rare ones"
        if different.dtype.kind in "iuf":
            advice = f"cut them into bands, kd.measure.groups.bands(groups[{column!r}]), and pass those as a column"
        raise ValueError(
            f"the group column {column!r} must hold at most {MOST_GROUPS} groups, got {len(different):,} different "
            f"values; {advice}"
        )
