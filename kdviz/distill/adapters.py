"""Adapters: modules that map the output of a student's layer to the shape of a teacher's layer.

An adapter is trained with the student and discarded afterwards: it does not count as part of the student or its size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

import torch.nn.functional as F
from torch import Tensor, nn

Kind = Literal["auto", "linear", "mlp", "conv", "conv-bn"]
KINDS: tuple[str, ...] = get_args(Kind)


def adapter(given: Sequence[int], wanted: Sequence[int], kind: Kind = "auto") -> nn.Module:
    """Return a module that maps features of one shape to another.

    Parameters
    ----------
    given, wanted : sequence of int
        Shapes with the batch axis: (B, D) vectors, (B, L, D) tokens, or (B, C, H, W) maps; other shapes are flattened
        to vectors.
    kind : {"auto", "linear", "mlp", "conv", "conv-bn"}
        "linear" for vectors and tokens; "mlp" the same with a hidden layer of ReLUs, as wide as the wider side; "conv"
        (1×1) or "conv-bn" (with batch normalization and ReLU, as in the FitNets of CRD's code) for maps. "auto": the
        identity where the shapes are equal, else linear or conv by shape.

    Raises
    ------
    ValueError
        If ``kind`` is unknown, or is a convolution between features that are not maps.

    Notes
    -----
    Maps and tokens are resized to the wanted size after the channels: averaged down, or interpolated up (maps
    bilinearly, tokens linearly). A map that should become a vector is averaged over its positions first; a vector that
    should become a map, or tokens, is repeated at each position. Maps and tokens are converted row by row.

    Examples
    --------
    >>> import torch
    >>> adapter((2, 16, 14, 14), (2, 64, 7, 7))(torch.zeros(5, 16, 14, 14)).shape
    torch.Size([5, 64, 7, 7])
    >>> adapter((2, 16), (2, 16))
    Identity()
    """
    if kind not in KINDS:
        raise ValueError(f"adapter must be one of {', '.join(KINDS)}, got {kind!r}")
    if kind in ("conv", "conv-bn") and not len(given) == len(wanted) == 4:
        raise ValueError(
            f"a {kind} adapter needs maps (B, C, H, W) on both sides, got shapes {tuple(given)} and {tuple(wanted)}; "
            'use "linear" or "auto"'
        )
    if kind == "auto" and tuple(given[1:]) == tuple(wanted[1:]):
        return nn.Identity()
    maps = len(given) == len(wanted) == 4 and kind not in ("linear", "mlp")
    if maps:
        return _Maps(given, wanted, normalized=kind == "conv-bn")
    return _Linear(given, wanted, hidden=kind == "mlp")


class _Maps(nn.Module):
    """Maps to maps: a 1×1 convolution over channels, then the wanted size."""

    def __init__(self, given: Sequence[int], wanted: Sequence[int], *, normalized: bool) -> None:
        super().__init__()
        self.project = nn.Conv2d(given[1], wanted[1], 1, bias=not normalized)
        self.after = nn.Sequential(nn.BatchNorm2d(wanted[1]), nn.ReLU()) if normalized else nn.Identity()
        self.size = (wanted[2], wanted[3])

    def forward(self, x: Tensor) -> Tensor:
        return resized(self.after(self.project(x)), self.size)


class _Linear(nn.Module):
    """Vectors, tokens or maps to any of these: a linear map over the last axis, with maps read as tokens."""

    def __init__(self, given: Sequence[int], wanted: Sequence[int], *, hidden: bool = False) -> None:
        super().__init__()
        self.given, self.wanted = tuple(given), tuple(wanted)
        width = given[1] if len(given) == 4 else given[-1]
        if len(given) not in (2, 3, 4):
            width = math.prod(given[1:])
        out = wanted[1] if len(wanted) == 4 else wanted[-1]
        if len(wanted) not in (2, 3, 4):
            out = math.prod(wanted[1:])
        if hidden:
            wide = max(width, out)
            self.project: nn.Module = nn.Sequential(nn.Linear(width, wide), nn.ReLU(), nn.Linear(wide, out))
        else:
            self.project = nn.Linear(width, out)

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim == 4:
            x = x.flatten(2).transpose(1, 2)  # (B, HW, C)
        elif x.ndim != 3:
            x = x.flatten(1)  # (B, D)
        if len(self.wanted) not in (3, 4):
            x = x.mean(1) if x.ndim == 3 else x
            return self.project(x).unflatten(1, self.wanted[1:]) if len(self.wanted) != 2 else self.project(x)
        positions = self.wanted[1] if len(self.wanted) == 3 else self.wanted[2] * self.wanted[3]
        x = self.project(x if x.ndim == 3 else x.unsqueeze(1))  # (B, L, D)
        if len(self.wanted) == 4 and len(self.given) == 4:  # as maps, so that neighbors stay neighbors
            x = x.transpose(1, 2).unflatten(2, self.given[2:])
            return resized(x, (self.wanted[2], self.wanted[3]))
        if x.shape[1] != positions:
            x = F.interpolate(x.transpose(1, 2), size=positions, mode="linear", align_corners=False).transpose(1, 2)
        return x if len(self.wanted) == 3 else x.transpose(1, 2).unflatten(2, self.wanted[2:])


def resized(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Return maps (B, C, H, W) at another size: averaged where they shrink, interpolated where they grow."""
    if maps.shape[2:] == size:
        return maps
    if maps.shape[2] >= size[0] and maps.shape[3] >= size[1]:
        return F.adaptive_avg_pool2d(maps, size)
    return F.interpolate(maps, size=size, mode="bilinear", align_corners=False)
