"""Features and losses on them, written out as loops in float64."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from torch import Tensor

from kdviz.losses.feature import attention_transfer

few = settings(max_examples=30)


seeds = st.integers(0, 10**6)


Maps = list[list[list[float]]]  # example, channel, position


paper = partial(attention_transfer, form="paper")


def features(shape: tuple[int, ...], seed: int, scale: float = 2.0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale


def maps_of(x: Tensor) -> Maps:
    """Channels over positions, one index at a time."""
    if x.ndim == 2:
        return [[[value] for value in row] for row in x.tolist()]
    if x.ndim == 3:
        return [[[token[d] for token in tokens] for d in range(x.shape[2])] for tokens in x.tolist()]
    return [[[value for row in channel for value in row] for channel in example] for example in x.tolist()]


def dot(a: list[float], b: list[float]) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def gram_by_hand(s: Tensor, t: Tensor) -> list[float]:
    values = []
    for A_s, A_t in zip(maps_of(s), maps_of(t), strict=True):
        errors = [
            (dot(A_s[c], A_s[k]) / len(A_s[c]) - dot(A_t[c], A_t[k]) / len(A_t[c])) ** 2
            for c in range(len(A_s))
            for k in range(len(A_s))
        ]
        values.append(math.fsum(errors) / len(errors))
    return values


def agrees(each: Tensor, mean: Tensor, by_hand: list[float]) -> None:
    assert each.flatten().tolist() == pytest.approx(by_hand, rel=1e-9, abs=1e-9)
    assert mean.item() == pytest.approx(math.fsum(by_hand) / len(by_hand), rel=1e-9, abs=1e-9)
