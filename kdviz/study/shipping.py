"""Data of your own on their way to the workers: as arrays, which joblib keeps in one file for all tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..data import Examples, Splits
from ..data.inputs import Inputs

Arrays = np.ndarray | dict[str, np.ndarray] | tuple[np.ndarray, ...]
Packed = tuple[dict[str, Any], dict[str, tuple[Any, ...]]]
PARTS = ("train", "validation", "test")


def pack(data: Splits) -> Packed:
    """Return a data set as arrays, with its fingerprints, which a worker need not compute again.

    A tensor that is a part of a larger one would be pickled with all of it; an array is not. What draws examples anew
    is pickled as it is, with its data set.
    """
    fields = {name: getattr(data, name) for name in ("name", "title", "classes", "draw", "features", "batch_size")}
    held: dict[str, tuple[Any, ...]] = {}
    for name in PARTS:
        examples: Examples = getattr(data, name)
        soft = None if examples.soft is None else _array(examples.soft)
        more = dict(examples.groups), examples.fingerprint(), soft, examples.redraw
        held[name] = (_arrays(examples.x), _array(examples.y), *more)
    return fields, held


def unpack(packed: Packed) -> Splits:
    """Return the data set that `pack` was given."""
    fields, held = packed
    parts: dict[str, Any] = {}
    for name, (x, y, groups, fingerprint, soft, redraw) in held.items():
        examples = Examples(_tensors(x), _tensor(y), groups, None if soft is None else _tensor(soft), redraw)
        examples.__dict__["_fingerprint"] = fingerprint  # where its cached property keeps it
        parts[name] = examples
    return Splits(**fields, **parts)


def size(packed: Packed) -> int:
    """Return how many bytes the arrays hold."""
    arrays = [array for x, y, *_ in packed[1].values() for array in (*_each(x), y)]
    return sum(array.nbytes for array in arrays)


def _each(x: Arrays) -> tuple[np.ndarray, ...]:
    if isinstance(x, dict):
        return tuple(x.values())
    return x if isinstance(x, tuple) else (x,)


def _arrays(x: Inputs) -> Arrays:
    if isinstance(x, Mapping):
        return {name: _array(tensor) for name, tensor in x.items()}
    return tuple(_array(tensor) for tensor in x) if isinstance(x, tuple) else _array(x)


def _tensors(x: Arrays) -> Inputs:
    if isinstance(x, dict):
        return {name: _tensor(array) for name, array in x.items()}
    return tuple(_tensor(array) for array in x) if isinstance(x, tuple) else _tensor(x)


def _array(tensor: Tensor) -> np.ndarray:
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()  # numpy knows no bfloat16


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(array if array.flags.writeable else array.copy())
