"""Losses on the response, written out as loops in float64."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from kdviz.losses import (
    correlation,
    decoupled,
    jensen_shannon,
    logit_huber,
    logit_mse,
    reverse_kl,
    soft_targets,
    standardized_soft_targets,
)

sizes = st.tuples(st.integers(1, 6), st.integers(2, 7))
temperatures = st.floats(0.3, 50)


seeds = st.integers(0, 10**6)


def decoupled_by_choice(s: Tensor, t: Tensor, temperature: float = 4.0, **more) -> Tensor:
    """Take the teacher's first choice as the label: so the loss is a function of s and t, as the others are."""
    return decoupled(s, t, t.nan_to_num().argmax(-1), temperature=temperature, **more)


SOFTENED = {
    "soft targets": soft_targets,
    "reverse KL": reverse_kl,
    "Jensen-Shannon": jensen_shannon,
    "Jensen-Shannon 0.9": partial(jensen_shannon, beta=0.9),
    "decoupled": decoupled_by_choice,
    "standardized": standardized_soft_targets,
}


WITH_TEMPERATURE = {**SOFTENED, "correlation": lambda s, t, temperature: correlation(s, t, temperature=temperature)}


def each_of(losses: dict):
    return pytest.mark.parametrize("loss_of", losses.values(), ids=losses.keys())


def logits(shape: tuple[int, ...], seed: int, scale: float = 5.0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale


def softmax_by_hand(z: list[float], temperature: float) -> list[float]:
    top = max(z)
    powers = [math.exp((v - top) / temperature) for v in z]
    return [p / math.fsum(powers) for p in powers]


def kl_by_hand(p: list[float], q: list[float]) -> float:
    """Σ_c p_c log(p_c / q_c), one class at a time."""
    return math.fsum(pc * math.log(pc / qc) for pc, qc in zip(p, q, strict=True) if pc > 0)


def soft_targets_by_hand(s: list[float], t: list[float], temperature: float) -> float:
    return temperature**2 * kl_by_hand(softmax_by_hand(t, temperature), softmax_by_hand(s, temperature))


def agrees(loss_of, by_hand, shape: tuple[int, int], seed: int) -> None:
    """Compare value by value, and the mean, to 1e-9."""
    s, t = logits(shape, seed), logits(shape, seed + 1)
    expected = [by_hand(row_s, row_t) for row_s, row_t in zip(s.tolist(), t.tolist(), strict=True)]
    assert loss_of(s, t, reduction="none").tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert loss_of(s, t).item() == pytest.approx(math.fsum(expected) / shape[0], rel=1e-9, abs=1e-9)


BY_EXAMPLE = {**SOFTENED, "logit MSE": logit_mse, "logit Huber": logit_huber}


ALL = {**BY_EXAMPLE, "correlation": correlation}


def order(n: int, seed: int) -> Tensor:
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


def standardized_by_hand(z: list[float]) -> list[float]:
    mean = math.fsum(z) / len(z)
    sd = math.sqrt(math.fsum((v - mean) ** 2 for v in z) / (len(z) - 1))
    return [(v - mean) / (1e-7 + sd) for v in z]
