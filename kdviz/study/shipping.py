"""Data of your own on their way to the workers: as arrays, which joblib keeps in one file for all tasks."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..data import Examples, Splits

Packed = tuple[dict[str, Any], dict[str, tuple[np.ndarray, np.ndarray, dict[str, Any], str]]]
PARTS = ("train", "validation", "test")


def pack(data: Splits) -> Packed:
    """Return a data set as arrays, with its fingerprints, which a worker need not compute again.

    A tensor that is a part of a larger one would be pickled with all of it; an array is not.
    """
    told = {name: getattr(data, name) for name in ("name", "title", "classes", "draw", "features")}
    held = {}
    for name in PARTS:
        examples: Examples = getattr(data, name)
        held[name] = (_array(examples.x), _array(examples.y), dict(examples.groups), examples.fingerprint())
    return told, held


def unpack(packed: Packed) -> Splits:
    """Return the data set that `pack` was given."""
    told, held = packed
    parts: dict[str, Any] = {}
    for name, (x, y, groups, fingerprint) in held.items():
        examples = Examples(_tensor(x), _tensor(y), groups)
        examples.__dict__["_fingerprint"] = fingerprint  # where its cached property keeps it
        parts[name] = examples
    return Splits(**told, **parts)


def size(packed: Packed) -> int:
    """Return how many bytes the arrays hold."""
    return sum(x.nbytes + y.nbytes for x, y, _, _ in packed[1].values())


def _array(tensor: Tensor) -> np.ndarray:
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()  # numpy knows no bfloat16


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(array if array.flags.writeable else array.copy())
