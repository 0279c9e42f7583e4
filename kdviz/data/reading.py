"""One door for whatever people call their data: which kind it is, and how that kind is read."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset

from kdviz.data.arrays import to_inputs
from kdviz.data.found import Found
from kdviz.data.inputs import each, tensors
from kdviz.data.pairs import ALONE, LABELS, find_label
from kdviz.data.streams import Items, Reading, from_dataset, from_loader, from_stream, names_of
from kdviz.data.tables import column, is_frame

ROWS_AT_ONCE = 1000  # of a Hugging Face data set
PARTS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "eval"),
    "test": ("test", "testing"),
}


def read(anything: Any, how: Reading) -> Found:
    """Find inputs and labels in data of any kind that is known.

    Raises
    ------
    TypeError
        If the kind is not known.
    ValueError
        If the data are, but cannot be used; the sentence says why, and what to do.
    """
    if isinstance(anything, DataLoader):
        return from_loader(anything, how)
    if _is_hugging_face(anything):
        return _from_hugging_face(anything, how)
    if isinstance(anything, Dataset):
        stream: Any = anything
        sized = hasattr(anything, "__len__") and not isinstance(anything, IterableDataset)
        return from_dataset(Items(anything), how) if sized else from_stream(stream, how, collate=None, batch=None)
    if is_frame(anything):
        return _limited(_from_frame(anything, how), how)
    if isinstance(anything, Mapping):
        return _limited(_from_mapping(anything, how), how)
    if isinstance(anything, list) and len(anything) != 2 and _are_items(anything):
        return from_dataset(Items(anything), how)
    if isinstance(anything, tuple | list) and len(anything) == 2:
        return _limited(_from_pair(*anything), how)
    if isinstance(anything, Tensor | np.ndarray) or (hasattr(anything, "toarray") and hasattr(anything, "nnz")):
        return _limited(_from_pair(anything, None), how)
    if isinstance(anything, Iterator) or (
        isinstance(anything, Iterable) and not isinstance(anything, str | bytes | tuple | list | set | range)
    ):
        if hasattr(anything, "__getitem__") and hasattr(anything, "__len__"):
            return from_dataset(Items(anything), how)
        return from_stream(anything, how, collate=None, batch=None)
    if hasattr(type(anything), "__getitem__") and hasattr(type(anything), "__len__") and not _is_plain(anything):
        return from_dataset(Items(anything), how)
    raise _unknown(anything)


def _is_plain(anything: Any) -> bool:
    return isinstance(anything, str | bytes | tuple | list | set | range)


def _unknown(anything: Any) -> TypeError:
    if isinstance(anything, str):
        return TypeError(f"data must be (X, y), a Dataset or a DataLoader, got {anything!r}: kd.data.load takes names")
    if isinstance(anything, tuple | list) and len(anything) > 2:
        return TypeError(
            f"data must be (X, y), a Dataset, a DataLoader, Examples or Splits, got {len(anything)} parts: where "
            "several inputs belong together write ((X1, X2), y)"
        )
    return TypeError(f"data must be (X, y), a Dataset, a DataLoader, Examples or Splits, got {type(anything).__name__}")


def _are_items(anything: list[Any]) -> bool:
    """Whether a list holds one example after the other, as a data set does."""
    return bool(anything) and all(isinstance(item, tuple | Mapping) for item in anything[:8])


def _from_pair(x: Any, y: Any) -> Found:
    if isinstance(x, Mapping):
        labels = [name for name in LABELS if name in x]
        if y is not None and "labels" in labels:
            raise ValueError("X holds labels too: give them once, as y, and X without them")
    count = len(y) if hasattr(y, "__len__") and getattr(y, "ndim", 1) != 0 else None
    inputs, features = to_inputs(x, count)
    _check_alignment(x, y)
    return Found(inputs, y, features=features)


def _check_alignment(x: Any, y: Any) -> None:
    """Warn where a frame and its labels name their rows alike, but in another order."""
    one, other = getattr(x, "index", None), getattr(y, "index", None)
    if one is None or other is None or not hasattr(one, "equals") or not hasattr(other, "equals"):
        return
    if len(one) == len(other) and not one.equals(other) and set(one) == set(other):
        warnings.warn(
            "X and y name the same rows in another order, and were put together by position, not by name; if the names "
            "are right pass y.loc[X.index]",
            stacklevel=2,
        )


def _from_frame(frame: Any, how: Reading) -> Found:
    names = list(frame.column_names if hasattr(frame, "column_names") else frame.columns)
    key = how.label if how.label in names else find_label(names, how.label)
    if key is None:
        try:
            found = _from_pair(frame, None)
        except ValueError as error:  # perhaps the labels, in words
            raise ValueError(f'{error}; if it is the column of labels, name it, label="..."') from None
        found.advice = 'name the column of labels, label="..."'
        return found
    y, rest = column(frame, key)
    return _from_pair(rest, y)


def _from_mapping(given: Mapping[str, Any], how: Reading) -> Found:
    if how.label is None and "data" in given and "target" in given:  # scikit-learn's Bunch
        found = _from_pair(given["data"], given["target"])
        found.features = found.features or tuple(map(str, given.get("feature_names") or ()))
        names = given.get("target_names")
        if names is not None and np.ndim(names) == 1 and _are_numbers(given["target"]):
            found.classes = tuple(map(str, names))
        return found
    key = find_label(given, how.label)
    x = {name: value for name, value in given.items() if name != key}
    if not x:
        raise ValueError(f"data must hold inputs beside the label {key!r}, got none")
    only = next(iter(x))
    found = _from_pair(x[only] if len(x) == 1 and only in ALONE else x, given[key] if key is not None else None)
    if key is None:
        found.advice = f"none of {', '.join(LABELS)} is among {', '.join(map(str, x))}: name the label with label="
    return found


def _are_numbers(values: Any) -> bool:
    return getattr(np.asarray(values), "dtype", np.dtype(object)).kind in "biu"


def _limited(found: Found, how: Reading) -> Found:
    count = len(tensors(found.x)[0])
    if how.limit is not None and how.limit < count:
        at = slice(0, how.limit)
        found.x = each(found.x, lambda x: x[at].clone())
        y = found.y
        cut = y.iloc if hasattr(y, "iloc") else y
        several = hasattr(cut, "__getitem__") and not isinstance(cut, Mapping) and getattr(cut, "ndim", 1) != 0
        found.y = cut[at] if several else y
    return found


def _is_hugging_face(anything: Any) -> bool:
    """Whether it is a data set of the `datasets` package, which need not be installed."""
    return any(kind.__module__.startswith("datasets.") for kind in type(anything).__mro__) and not isinstance(
        anything, Mapping
    )


def _from_hugging_face(dataset: Any, how: Reading) -> Found:
    if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        found = from_stream(dataset, how, collate=None, batch=1)
        found.classes = names_of(dataset, find_label(getattr(dataset, "features", None) or (), how.label))
        return found
    return from_dataset(Items(dataset, slices=True), how, batch=ROWS_AT_ONCE)


def parts_of(anything: Any) -> dict[str, Any] | None:
    """Give the parts of data that bring their own: a mapping of "train", "test" and so on to data; None for others."""
    if not isinstance(anything, Mapping):
        return None
    names = {str(name).lower(): name for name in anything}
    found = {
        part: next((anything[names[name]] for name in known if name in names), None) for part, known in PARTS.items()
    }
    known = {name for some in PARTS.values() for name in some}
    if found["train"] is None or isinstance(found["train"], Tensor | np.ndarray | int | float | str):
        return None
    left = [str(names[name]) for name in names if name not in known]
    if left:
        warnings.warn(
            f"the parts {', '.join(left)} were left out; those read are train, validation and test", stacklevel=2
        )
    return found
