"""Tensors in temporary files: written one run of rows after the other, and read from there as they are used."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

import numpy as np
import torch
from torch import Tensor

CHUNK = 16 * 2**20  # bytes that are read at once


def chunks(tensor: Tensor, at: Tensor | None = None) -> Iterator[Tensor]:
    """Give rows (those at `at`, or all) one run after the other, at most 16 MB or one row at once."""
    count = len(tensor) if at is None else len(at)
    step = max(1, CHUNK * len(tensor) // max(1, tensor.nbytes))
    for start in range(0, count, step):
        part = slice(start, start + step)
        yield tensor[part] if at is None else tensor.index_select(0, at[part])


def filed(tensor: Tensor, at: Tensor) -> Tensor:
    """Copy the rows `at` of a tensor into a temporary file, and return them from there."""
    with tempfile.TemporaryFile(prefix="kdviz-") as file:
        for part in chunks(tensor, at):
            write(file, part)
        return mapped(file, tensor.dtype, (len(at), *tensor.shape[1:]))


def octets(tensor: Tensor) -> Tensor:
    """Give the bytes of a tensor in order, uint8, one axis."""
    flat = tensor.detach().cpu().contiguous().flatten()
    if flat.numel() == 1:  # torch keeps whatever stride it has
        flat = flat.clone(memory_format=torch.contiguous_format)
    return flat.view(torch.uint8)


def write(file: IO[bytes], x: Tensor) -> None:
    """Append the bytes of a tensor to a file."""
    file.write(octets(x).numpy().tobytes())


def mapped(file: IO[bytes], dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    """Return the tensor whose bytes a file holds; the file goes with the last use of it."""
    file.flush()
    there = torch.from_numpy(np.memmap(file, np.uint8, "r+"))
    return there.view(dtype).view(shape)
