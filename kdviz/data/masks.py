"""Bytes that may be pixels, or the numbers 0 and 1: decided for all parts together."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import closing

import torch
from torch import Tensor

from kdviz.data.filed import chunks
from kdviz.data.found import Found
from kdviz.data.inputs import Inputs, named, rows
from kdviz.data.memory import Examples
from kdviz.data.redraw import DrawnAnew
from kdviz.data.spool import Spool

DARK = 32  # of 255, that pixels reach where nothing is doubtful


def read_masks(found: Sequence[Found | Examples]) -> None:
    """Read bytes of 0 and 1 as those numbers, with a warning; as pixels they would be divided by 255."""
    for name in dict(named(_held(found[0]))):
        given = [(one, dict(named(_held(one))).get(name)) for one in found]
        pixels = [(one, x) for one, x in given if x is not None and x.dtype == torch.uint8 and x.ndim >= 3]
        largest = max((_largest(x) for _, x in pixels), default=0)
        what = f"input {name!r}" if name else "X"
        if not 0 < largest < DARK:
            continue
        if largest > 1 or any(isinstance(one, Examples) for one, _ in pixels):
            warnings.warn(
                f"{what} is uint8 and reaches {largest} of 255: as pixels it is divided by 255; pass floats "
                "to keep the numbers",
                stacklevel=2,
            )
            continue
        for one, x in pixels:
            if isinstance(one, Found):
                one.x = _replaced(one.x, name, _converted(x, name))
                if isinstance(one.redraw, DrawnAnew):
                    one.redraw.like = rows(one.x, slice(0, 1))
        warnings.warn(
            f"{what} is uint8 and holds only 0 and 1: it was read as these numbers, not as pixels of 255; pass "
            "255 * X for black and white",
            stacklevel=2,
        )


def _held(one: Found | Examples) -> Inputs:
    return one.held()[0] if isinstance(one, Examples) else one.x


def _largest(x: Tensor) -> int:
    """Return the largest value, or one that is large enough."""
    largest = 0
    for part in chunks(x):
        largest = max(largest, int(part.max()) if part.numel() else 0)
        if largest >= DARK:
            break
    return largest


def _converted(x: Tensor, name: str) -> Tensor:
    """Give the bytes as floats where they are the only input, as whole numbers where a model is given them by name."""
    with closing(Spool(name)) as spool:
        for part in chunks(x):
            spool.add(part.to(torch.int64 if name else torch.float32))
        return spool.whole()


def _replaced(x: Inputs, name: str, tensor: Tensor) -> Inputs:
    if isinstance(x, dict):
        return {**x, name: tensor}
    if isinstance(x, tuple):
        return tuple(tensor if place == name else other for place, other in named(x))
    return tensor
