"""Standardised logits, held against the formula."""

from __future__ import annotations

from functools import partial

import torch
from hypothesis import given
from hypothesis import strategies as st

from kdviz.losses import standardized_soft_targets

from .by_hand import agrees, logits, seeds, sizes, soft_targets_by_hand, standardized_by_hand, temperatures


@given(sizes, temperatures, seeds)
def test_standardized_soft_targets_agree_with_the_formula_to_1e_9(shape, temperature, seed):
    def by_hand(s, t):
        return soft_targets_by_hand(standardized_by_hand(s), standardized_by_hand(t), temperature)

    agrees(partial(standardized_soft_targets, temperature=temperature), by_hand, shape, seed)


@given(sizes, seeds, st.floats(0.1, 10), st.floats(-10, 10))
def test_standardized_logits_have_no_range_and_no_offset(shape, seed, factor, offset):
    s, t = logits(shape, seed), logits(shape, seed + 1)
    s += torch.arange(shape[1])  # no row is constant
    moved = standardized_soft_targets(factor * s + offset, t)
    torch.testing.assert_close(moved, standardized_soft_targets(s, t), rtol=1e-4, atol=1e-5)
