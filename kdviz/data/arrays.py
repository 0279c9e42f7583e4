"""Arrays, frames and pictures in their usual forms, converted to the tensors that a model receives."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kdviz.data.filed import chunks
from kdviz.data.inputs import Inputs
from kdviz.data.memory import GATHERED, MOST_IN_MEMORY
from kdviz.data.tables import advice_for, columns_of, is_frame, matrix, say_lost_differences

MANY = 3  # most axes with which integers count as ids; with more they are pictures
TEXT = 'turn it into numbers first, tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt")'


def to_inputs(values: Any, count: int | None = None) -> tuple[Inputs, tuple[str, ...]]:
    """Convert X to tensors, and return the column names of a table.

    Parameters
    ----------
    values : array, Tensor, frame, mapping of names to arrays, or tuple of arrays
        A tuple whose members are `count` single examples, rather than inputs of `count` examples each, is stacked.
    count : int, optional
        The number of labels.
    """
    if is_frame(values):
        columns = columns_of(values)
        return matrix(columns, advice_for(values)), tuple(str(name) for name, _, _ in columns)
    if isinstance(values, np.ndarray) and values.dtype.names:
        columns = [(name, values[name], "") for name in values.dtype.names]
        return matrix(columns), values.dtype.names
    if isinstance(values, Mapping | tuple) and not len(values):
        raise ValueError("data must hold at least 1 input, got 0")
    if isinstance(values, Mapping):
        return {str(name): to_tensor(value, str(name)) for name, value in values.items()}, ()
    if isinstance(values, tuple) and _are_inputs(values, count):
        return tuple(to_tensor(value, f"input {i}") for i, value in enumerate(values)), ()
    return to_tensor(values), ()


def _are_inputs(values: tuple[Any, ...], count: int | None) -> bool:
    """Whether the members are inputs with one example per row, rather than one example each."""
    if not values or not all(isinstance(value, Tensor | np.ndarray) and value.ndim for value in values):
        return False
    return {len(value) for value in values} == {count} or len(values) != count


def to_tensor(values: Any, name: str = "") -> Tensor:
    """Convert an array to the tensor that is stored.

    Parameters
    ----------
    values : array, Tensor or nested list
        A Tensor keeps integers of 32 or 64 bits, which are ids; those of an array are a table and become float32.
    name : str
        Its name among several inputs; there integers and booleans are kept.
    """
    if isinstance(values, Tensor):
        x = _of_tensor(values)
        ids = x.dtype in (torch.int32, torch.int64) and x.ndim <= MANY
    else:
        x = _from_array(_plain_array(values, name), name)
        ids = False
    return held(x, name, ids=ids)


def _of_tensor(values: Tensor) -> Tensor:
    x = values.detach().cpu()
    x = x.to_dense() if x.layout != torch.strided else x
    return x.to(torch.int64) if x.dtype in (torch.uint16, torch.uint32, torch.uint64) else x


def held(x: Tensor, name: str = "", *, ids: bool = True) -> Tensor:
    """Check a tensor and return it in the form in which it is stored.

    Parameters
    ----------
    x : Tensor
    name : str
        "" where it is the only input.
    ids : bool
        Whether integers are kept although it is the only input.
    """
    what = f"input {name!r}" if name else "inputs"
    if x.is_complex() or x.is_quantized:
        raise ValueError(f"{what} must hold floating-point or whole numbers, got {x.dtype}: pass x.abs()")
    if name and x.ndim < 1:
        raise ValueError(f"{what} must have shape (N, ...), got a single number")
    if not name and x.ndim < 2:
        raise ValueError(
            f"inputs must have shape (N, ...) with at least two axes, got {tuple(x.shape)}: for one number per example "
            "use X[:, None]"
        )
    if x.ndim == 4 and x.shape[3] in (1, 3) and x.shape[1] not in (1, 3):
        raise ValueError(
            f"images must have shape (N, channels, height, width), got {tuple(x.shape)}: use X.transpose(0, 3, 1, 2), "
            "or X.permute(0, 3, 1, 2) for a tensor"
        )
    if x.dtype == torch.uint8 and x.ndim in (3, 4):
        return x[:, None] if x.ndim == 3 and not name else x
    if x.is_floating_point():
        x = x.to(torch.float32)
        _check_finite(x, what)
        return x
    return x if name or (ids and x.dtype in (torch.int32, torch.int64) and x.ndim <= MANY) else x.to(torch.float32)


def _check_finite(x: Tensor, what: str) -> None:
    if all(bool(torch.isfinite(part).all()) for part in chunks(x)):
        return
    where = ""
    if x.ndim == 2:
        broken = ~torch.isfinite(x)
        columns = torch.nonzero(broken.any(0)).flatten().tolist()
        some = ", ".join(map(str, columns[:5])) + (" ..." if len(columns) > 5 else "")
        where = f" in column {some} ({int(broken.any(1).sum()):,} of {len(x):,} rows)"
    raise ValueError(f"{what} must be finite, got NaN or infinity{where}: remove or fill those values")


def _plain_array(values: Any, name: str) -> np.ndarray:
    """Return values as an array of numbers."""
    what = f"input {name!r}" if name else "inputs"
    if hasattr(values, "toarray") and hasattr(values, "nnz"):  # scipy's sparse matrices
        size = int(np.prod(values.shape)) * 4
        if size > MOST_IN_MEMORY:
            raise ValueError(
                f"{what} are a sparse matrix of {values.shape[0]:,} × {values.shape[1]:,}, which would take "
                f"{size / 2**30:.1f} GB: keep fewer columns, X[:, columns].toarray()"
            )
        return np.asarray(values.astype(np.float32).toarray())
    if isinstance(values, np.ma.MaskedArray):
        if np.ma.getmaskarray(values).any():
            raise ValueError(f"{what} have masked values, which are not numbers: remove or fill them, X.filled(0)")
        return np.asarray(values.data)
    if isinstance(values, list | tuple) and values and all(isinstance(one, Tensor) for one in values):
        values = [one.detach().cpu().numpy() for one in values]
    try:
        array = values if isinstance(values, np.ndarray) else np.asarray(values)
    except ValueError as error:
        raise ragged(what) from error
    if array.dtype.kind == "O":
        array = _numbers(array, what)
    if array.dtype.kind in "USO" and not array.size:
        raise ValueError(f"{what} must hold numbers, got nothing")
    if array.dtype.kind in "USO":
        raise ValueError(f"{what} hold text such as {str(array.flat[0])!r:.40}: {TEXT}")
    if array.dtype.kind in "Mm":
        raise ValueError(f"{what} hold dates or times ({array.dtype}): turn them into numbers first, such as days")
    if array.dtype.kind not in "biufc":
        raise ValueError(f"{what} must hold numbers, got {array.dtype}")
    return array


def _numbers(array: np.ndarray, what: str) -> np.ndarray:
    """Convert an array of objects to numbers, if they are numbers."""
    if array.size and any(isinstance(one, str | bytes) for one in array.flat):
        return array
    if array.size and isinstance(array.flat[0], list | tuple | np.ndarray | Tensor):
        try:
            return np.stack([np.asarray(one) for one in array.flat])
        except (TypeError, ValueError) as error:
            raise ragged(what) from error
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        kinds = sorted({type(one).__name__ for one in array.flat})[:4]
        raise ValueError(f"{what} must hold numbers, got {', '.join(kinds)}") from error


def ragged(what: str) -> ValueError:
    """Return the error for examples of different length."""
    return ValueError(
        f'{what} must all have the same length, got several: pad them, tokenizer(texts, padding="max_length", '
        "truncation=True), or torch.nn.utils.rnn.pad_sequence(list_of_tensors, batch_first=True)"
    )


def _from_array(array: np.ndarray, name: str) -> Tensor:
    """Convert an array to a tensor: a view for a large one, a copy for a small one."""
    if not name and array.ndim == 2 and array.dtype.kind in "iuf" and array.dtype.itemsize > 4:
        say_lost_differences([(f"column {i}", array[:, i]) for i in range(min(array.shape[1], 1000))])
    if array.dtype.kind in "uif":
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype in (np.uint16, np.uint32, np.uint64):
        array = array.astype(np.int64)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    if any(step < 0 for step in array.strides):
        array = np.ascontiguousarray(array)
    if isinstance(array, np.memmap) or array.nbytes > GATHERED:
        with warnings.catch_warnings():  # nobody writes to the tensors of `Examples`
            warnings.filterwarnings("ignore", "The given NumPy array is not writable")
            return torch.from_numpy(np.asarray(array))
    return torch.from_numpy(np.array(array))


def is_picture(value: Any) -> bool:
    """Whether a value is a Pillow image."""
    return type(value).__module__.startswith("PIL.") and hasattr(value, "getbands")


def from_picture(picture: Any) -> Tensor:
    """Convert a Pillow image to channels, rows and columns of bytes."""
    if picture.mode in ("1", "P", "LA", "PA", "La"):
        picture = picture.convert("L" if picture.mode in ("1", "LA", "La") else "RGB")
    pixels = np.array(picture)
    if pixels.dtype.kind == "i" or pixels.dtype == np.uint16:
        pixels = pixels.astype(np.float32)
    return torch.from_numpy(pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def of_one(value: Any, name: str = "") -> Tensor:
    """Convert one example's value from a data set to a tensor."""
    if isinstance(value, Tensor):
        return _of_tensor(value)
    if is_picture(value):
        return from_picture(value)
    if isinstance(value, list | tuple) and value and is_picture(value[0]):
        return torch.stack([from_picture(one) for one in value])
    return _from_array(_plain_array(value, name), name or "one")
