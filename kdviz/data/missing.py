"""Which entries of a column are missing, in every spelling."""

from __future__ import annotations

from typing import Any

import numpy as np

FLOAT_AS_WORD = np.array(["", 0.5]).dtype


def missing(values: np.ndarray) -> np.ndarray:
    """Return which entries are missing: None, NaN, NaT and pandas' NA; shape (N,), bool.

    >>> missing(np.array(["a", None, float("nan"), "nan"], dtype=object)).tolist()
    [False, True, True, False]
    """
    if values.dtype.kind in "fc":
        return np.isnan(values)
    if values.dtype.kind in "mM":
        return np.isnat(values)
    if values.dtype.kind == "U" and values.size:
        # numpy makes a NaN among words the word "nan", and then the words as wide as a float may be written
        by_numpy = values.dtype == FLOAT_AS_WORD and np.strings.str_len(values).max() < FLOAT_AS_WORD.itemsize // 4
        return (values == "nan") & by_numpy
    if values.dtype.kind != "O":
        return np.zeros(values.shape, dtype=bool)
    return np.array([_is_missing(value) for value in values.ravel().tolist()], dtype=bool).reshape(values.shape)


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ == "NAType":
        return True
    try:
        return bool(value != value)  # NaN and NaT alone differ from themselves
    except (TypeError, ValueError):  # no single answer: an array, say
        return False
