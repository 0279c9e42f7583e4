"""Correlation in place of a match, held against the formula."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kdviz.losses import correlation, soft_targets

from .by_hand import logits, seeds, sizes, softmax_by_hand


def pearson_by_hand(u: list[float], v: list[float]) -> float:
    u_mean, v_mean = math.fsum(u) / len(u), math.fsum(v) / len(v)
    cross = math.fsum((a - u_mean) * (b - v_mean) for a, b in zip(u, v, strict=True))
    return cross / math.sqrt(math.fsum((a - u_mean) ** 2 for a in u) * math.fsum((b - v_mean) ** 2 for b in v))


@given(st.tuples(st.integers(2, 6), st.integers(2, 7)), st.floats(1, 50), seeds, st.floats(0, 3), st.floats(0, 3))
def test_correlation_agrees_with_the_formula_to_1e_9(shape, temperature, seed, beta, gamma):
    s, t = logits(shape, seed, 2.0), logits(shape, seed + 1, 2.0)
    q = [softmax_by_hand(row, temperature) for row in s.tolist()]
    p = [softmax_by_hand(row, temperature) for row in t.tolist()]
    rows = 1 - math.fsum(map(pearson_by_hand, q, p)) / shape[0]
    columns = 1 - math.fsum(map(pearson_by_hand, zip(*q, strict=True), zip(*p, strict=True))) / shape[1]
    expected = temperature**2 * (beta * rows + gamma * columns)
    assert correlation(s, t, beta, gamma, temperature).item() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(sizes, seeds, st.floats(0.05, 0.95))
def test_correlation_is_content_with_a_paler_copy_of_the_teacher(shape, seed, mixed):
    t = logits(shape, seed, 2.0)
    paler = ((1 - mixed) * t.softmax(1) + mixed / shape[1]).log()  # rows and columns a p + b, a > 0
    assert correlation(paler, t).item() < 1e-20
    moved = mixed * (t.softmax(1) - 1 / shape[1])
    pinsker = moved.abs().sum(1).square().mean() / 2  # 0 for an even teacher, which has no paler copy
    assert soft_targets(paler, t, 1.0) >= pinsker * (1 - 1e-6) - 1e-14


@given(sizes, seeds)
def test_correlation_ends_at_twice_its_weights(shape, seed):
    s, t = logits(shape, seed), logits(shape, seed + 1)
    assert -1e-9 <= correlation(s, t, 1.0, 2.0, 3.0) <= 2 * 3**2 * (1 + 2) + 1e-9


@pytest.mark.parametrize("gamma", [0.0, 1.0, 5.0])
def test_a_batch_of_one_has_no_columns(gamma):
    s, t = logits((1, 4), 0).requires_grad_(), logits((1, 4), 1)
    loss = correlation(s, t, gamma=gamma)
    loss.backward()
    assert loss == correlation(s, t, gamma=0.0) and s.grad.isfinite().all()


def test_a_class_that_both_hold_for_impossible_costs_nothing():
    s, t = logits((6, 3), 0), logits((6, 3), 1)
    with_fourth = [torch.cat([z, torch.full((6, 1), -1e4, dtype=torch.float64)], 1) for z in (s, t)]
    columns = partial(correlation, beta=0.0)
    torch.testing.assert_close(columns(*with_fourth) * 4, columns(s, t) * 3)
