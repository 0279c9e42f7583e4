"""What a data set or loader gives for one example or batch, taken apart into inputs and label."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kdviz.data.arrays import TEXT, is_picture, of_one
from kdviz.data.inputs import Inputs, tensors

LABELS = ("labels", "label", "y", "target")  # names by which a label is known
ALONE = ("x", "X", "image", "images", "img", "input", "inputs", "feature", "features", "data", "pixels")
NUMBERS = ("idx", "id", "ids_of_rows", "__index_level_0__")  # columns that number the rows


class Pairing:
    """Takes items apart, all in the same way, and says once what it leaves out.

    Parameters
    ----------
    label : str or int, optional
        Which part is the label: a name in a mapping, a place in a tuple.
    batched : bool
        Whether items are batches.
    """

    def __init__(self, label: str | int | None, *, batched: bool = False) -> None:
        self.label, self.batched = label, batched
        self.advice = ""  # how a label could have been found, where there was none
        self.key: str | None = None  # under which the label was found
        self._left_out: dict[str, None] | None = None

    def __call__(self, item: Any) -> tuple[Any, Any]:
        """Give the inputs, as they came, and the label or None."""
        if isinstance(item, Mapping):
            return self._named(dict(item))
        if isinstance(item, tuple | list) and not _numbers(item):
            return self._ordered(list(item))
        if isinstance(item, str | bytes):
            raise ValueError(f"inputs hold text such as {item[:40]!r}: {TEXT}")
        return item, None

    def _named(self, item: dict[str, Any]) -> tuple[Any, Any]:
        key = find_label(item, self.label)
        y = item.pop(key) if key is not None else None
        self.key = key
        if key is None:
            self.advice = (
                f"none of {', '.join(LABELS)} is among {', '.join(map(str, item))}: name the label with label="
            )
        if self._left_out is None:
            self._left_out = self._find_left_out(item)
        for name in self._left_out:
            item.pop(name, None)
        if len(item) == 1 and next(iter(item)) in ALONE:
            return next(iter(item.values())), y
        return item, y

    def _find_left_out(self, item: dict[str, Any]) -> dict[str, None]:
        text = [name for name, value in item.items() if _is_text(value)]
        counts = [name for name in item if name in NUMBERS]
        if len(text) + len(counts) == len(item):
            some = (
                f"inputs hold text alone ({', '.join(text)}): {TEXT}" if text else "there is no input beside the label"
            )
            raise ValueError(some)
        if text or counts:
            what = [f"{', '.join(text)} (text)"] if text else []
            what += [f"{', '.join(counts)} (numbers the rows)"] if counts else []
            warnings.warn(
                f"{' and '.join(what)} was left out of the inputs, which are "
                f"{', '.join(str(n) for n in item if n not in text and n not in counts)}",
                stacklevel=2,
            )
        return dict.fromkeys([*text, *counts])

    def _ordered(self, item: list[Any]) -> tuple[Any, Any]:
        if self.label is not None:
            if not isinstance(self.label, int) or not -len(item) <= self.label < len(item):
                raise ValueError(
                    f"label must be a place below {len(item)}, the parts of an example, got {self.label!r}"
                )
            y = item.pop(self.label)
        elif len(item) == 1:
            y = None
        elif len(item) == 2:
            y = item.pop()
        else:
            places = [i for i, part in enumerate(item) if self._like_label(part)]
            if len(places) != 1:
                raise ValueError(
                    f"a Dataset or DataLoader that gives {len(item)} parts must say which is the label: pass label=-1 "
                    "for the last"
                )
            y = item.pop(places[0])
        return (item[0] if len(item) == 1 else tuple(item)), y

    def _like_label(self, part: Any) -> bool:
        if isinstance(part, str | int | np.integer):
            return True
        axes = 1 if self.batched else 0
        if isinstance(part, Tensor | np.ndarray):
            return part.ndim == axes
        return self.batched and isinstance(part, list | tuple) and _is_text(part)


def find_label(names: Any, label: str | int | None) -> str | None:
    """Give the name under which the label stands, None if there is none.

    Raises
    ------
    ValueError
        If `label` is no such name, or several names would do.
    """
    names = [str(name) for name in names]
    if label is not None:
        if label not in names:
            raise ValueError(f"label must be one of {', '.join(names)}, got {label!r}")
        return str(label)
    found = [name for name in LABELS if name in names]
    if len(found) > 1:
        raise ValueError(f"the label may be {' or '.join(found)}: name it, label={found[0]!r}")
    return found[0] if found else None


def one(x: Any) -> Inputs:
    """Turn the inputs of one example into tensors, with an axis for the example in front."""
    _check_some(x)
    if isinstance(x, Mapping):
        return {str(name): of_one(value, str(name))[None] for name, value in x.items()}
    if isinstance(x, tuple):
        return tuple(of_one(value, f"input {i}")[None] for i, value in enumerate(x))
    return of_one(x)[None]


def several(x: Any) -> Inputs:
    """Turn the inputs of a batch into tensors."""
    _check_some(x)
    found: Inputs
    if isinstance(x, Mapping):
        found = {str(name): of_one(value, str(name)) for name, value in x.items()}
    elif isinstance(x, tuple):
        found = tuple(of_one(value, f"input {i}") for i, value in enumerate(x))
    else:
        found = of_one(x)
    if not all(tensor.ndim for tensor in tensors(found)):
        raise ValueError("the inputs of a batch must have shape (B, ...), got a single number")
    return found


def _check_some(x: Any) -> None:
    if isinstance(x, Mapping | tuple) and not len(x):
        raise ValueError("an example must hold at least 1 input, got 0")


def joined_labels(labels: list[Any], *, batched: bool) -> Any:
    """Put labels that came one after the other together; None if there were none."""
    if all(y is None for y in labels):
        return None
    if any(isinstance(y, Mapping) for y in labels):
        keys = ", ".join(map(str, next(y for y in labels if isinstance(y, Mapping))))
        raise ValueError(f"the label of an example must be its class, got a dict ({keys}): take the class out of it")
    if batched:
        labels = [one for y in labels for one in (y if not isinstance(y, Tensor) or y.ndim else y[None])]
    plain = [y.detach().cpu().numpy() if isinstance(y, Tensor) else y for y in labels]
    if any(isinstance(y, list | tuple) or getattr(y, "ndim", 0) for y in plain):
        try:
            return np.stack([np.asarray(y) for y in plain])
        except ValueError as error:
            raise ValueError(
                "labels must be equally many for each example, got several lengths: pad them with -100, which is taken "
                "for unknown"
            ) from error
    out = np.empty(len(plain), dtype=object)
    out[:] = [y.item() if isinstance(y, np.ndarray | np.generic) else y for y in plain]
    return out


def same(one_item: Any, other: Any) -> bool:
    """Whether two items hold the same, to the last bit; NaN is the same as NaN."""
    if isinstance(one_item, Mapping) and isinstance(other, Mapping):
        return one_item.keys() == other.keys() and all(same(one_item[k], other[k]) for k in one_item)
    if isinstance(one_item, tuple | list) and isinstance(other, tuple | list):
        return len(one_item) == len(other) and all(same(a, b) for a, b in zip(one_item, other, strict=True))
    if is_picture(one_item) and is_picture(other):
        return bool(np.array_equal(np.array(one_item), np.array(other)))
    if isinstance(one_item, Tensor) and isinstance(other, Tensor):
        return one_item.shape == other.shape and bool(
            torch.equal(one_item, other)
            or (one_item.isnan() == other.isnan()).logical_and((one_item == other) | one_item.isnan()).all()
        )
    if isinstance(one_item, np.ndarray) and isinstance(other, np.ndarray):
        numbers = one_item.dtype.kind == "f" and other.dtype.kind == "f"
        return bool(np.array_equal(one_item, other, equal_nan=numbers))
    if type(one_item) is not type(other):
        return False
    if isinstance(one_item, str | bytes | int | float | complex | None):
        return one_item == other or (one_item != one_item and other != other)
    if getattr(one_item, "ndim", 0):
        return str(one_item) == str(other)
    try:
        return bool(one_item == other)
    except (TypeError, ValueError):
        return False


def _numbers(item: Any) -> bool:
    """Whether a list is one example's numbers rather than its parts."""
    return isinstance(item, list) and len(item) > 2 and all(isinstance(value, int | float) for value in item)


def _is_text(value: Any) -> bool:
    if isinstance(value, list | tuple | np.ndarray) and len(value):
        value = value[0]
    return isinstance(value, str | bytes)
