"""Rows that occur in two parts of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..data import Examples, Splits

ROWS_AT_ONCE = 4096


def shared_rows(examples: Examples, others: Examples) -> np.ndarray:
    """Return which examples also occur among others, judged by their inputs alone.

    Parameters
    ----------
    examples, others : Examples
        N and M examples of one shape and dtype.

    Returns
    -------
    ndarray of bool, shape (N,)

    Notes
    -----
    Rows are compared by two 64-bit sums of their bytes with random odd weights: two different rows are taken for copies
    with a probability of about 1e-30 per pair.

    Examples
    --------
    >>> x = torch.arange(8.0).reshape(4, 2)
    >>> y = torch.zeros(4, dtype=torch.int64)
    >>> shared_rows(Examples(x, y), Examples(x[[2, 0]], y[:2])).tolist()
    [True, False, True, False]
    """
    return np.isin(row_keys(examples), row_keys(others))


def without_copies(data: Splits) -> Splits:
    """Return a data set whose validation and test parts hold no row of its training part.

    A copy is dropped from validation rather than training, and from the test part rather than either.

    Raises
    ------
    ValueError
        If a part would be empty.
    """
    kept: dict[str, Any] = {}
    for part in ("validation", "test"):
        examples: Examples = getattr(data, part)
        if not len(examples):
            continue
        copied = shared_rows(examples, data.train)
        if part == "test" and len(data.validation):
            copied |= shared_rows(examples, data.validation)
        if copied.all():
            raise ValueError(f"all {len(examples):,} {part} examples are copies; use other {part} data")
        kept[part] = examples.take(np.flatnonzero(~copied))
    return replace(data, **kept)


def row_keys(examples: Examples) -> np.ndarray:
    """Return a key of 16 bytes for the inputs of each example: equal rows have equal keys."""
    keys = []
    for start in range(0, len(examples), ROWS_AT_ONCE):
        rows = torch.cat([_bytes(t) for t in _tensors(examples.inputs(slice(start, start + ROWS_AT_ONCE)))], dim=1)
        keys.append(np.stack([(rows.numpy() * _weights(rows.shape[1], seed)).sum(1) for seed in (1, 2)], axis=1))
    if not keys:
        return np.empty(0, dtype="V16")
    return np.ascontiguousarray(np.concatenate(keys)).view("V16").ravel()


def _tensors(inputs: Any) -> list[Tensor]:
    if isinstance(inputs, Tensor):
        return [inputs]
    return list(inputs.values()) if isinstance(inputs, Mapping) else list(inputs)


def _bytes(tensor: Tensor) -> Tensor:
    """Return each row as whole numbers, (B, ...): its machine words, so that there are few to add."""
    rows = tensor.detach().cpu().reshape(len(tensor), -1).contiguous()
    if rows.is_floating_point():
        rows = rows + 0.0  # one zero
        rows = rows.view({8: torch.int64, 4: torch.int32, 2: torch.int16, 1: torch.uint8}[rows.element_size()])
    return rows.to(torch.int64)


def _weights(count: int, seed: int) -> np.ndarray:
    """Return odd 64-bit numbers; sums with them are taken modulo 2^64."""
    drawn = np.random.default_rng(seed).integers(-(2**63), 2**63 - 1, count, dtype=np.int64)
    return drawn | 1
