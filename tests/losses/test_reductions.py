"""What losses do around their formulas: what they compare, average over and leave out."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from .by_hand import ALL, BY_EXAMPLE, each_of, logits, seeds, sizes


@each_of(BY_EXAMPLE)
@given(sizes, seeds)
def test_one_value_an_example_averages_to_the_mean(loss_of, shape, seed):
    s, t = logits(shape, seed), logits(shape, seed + 1)
    each = loss_of(s, t, reduction="none")
    assert each.shape == shape[:1]
    torch.testing.assert_close(each.mean(), loss_of(s, t), rtol=1e-12, atol=1e-12)


@each_of(BY_EXAMPLE)
def test_more_dimensions_are_more_positions(loss_of):
    s, t = logits((2, 3, 4), 0), logits((2, 3, 4), 1)
    each = loss_of(s, t, reduction="none")
    torch.testing.assert_close(each.flatten(), loss_of(s.flatten(0, 1), t.flatten(0, 1), reduction="none"))
    torch.testing.assert_close(loss_of(s, t), each.mean())


@each_of(ALL)
@given(sizes, seeds, st.data())
def test_what_is_masked_out_reaches_neither_value_nor_gradient(loss_of, shape, seed, data):
    s, t = logits(shape, seed), logits(shape, seed + 1)
    mask = torch.tensor(data.draw(st.lists(st.booleans(), min_size=shape[0], max_size=shape[0])))
    s[~mask], t[~mask] = math.nan, math.inf
    alone = s[mask].requires_grad_()
    expected = loss_of(alone, t[mask]) if mask.any() else torch.zeros((), dtype=torch.float64)
    s.requires_grad_()
    loss = loss_of(s, t, mask=mask)
    loss.backward()
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-9)
    assert (s.grad[~mask] == 0).all()
    if mask.any():
        expected.backward()
        torch.testing.assert_close(s.grad[mask], alone.grad, rtol=1e-9, atol=1e-9)


@each_of(BY_EXAMPLE)
def test_positions_that_do_not_count_have_the_value_0(loss_of):
    s, t, mask = logits((2, 3, 4), 0), logits((2, 3, 4), 1), torch.tensor([[True, False, True], [False, False, True]])
    each = loss_of(s, t, mask=mask, reduction="none")
    assert (each[~mask] == 0).all() and (each[mask] > 0).all()
    torch.testing.assert_close(each.sum() / 3, loss_of(s, t, mask=mask))


@each_of(ALL)
@pytest.mark.parametrize("mask", [torch.ones(2, 3, dtype=torch.bool), torch.ones(2)])
def test_a_mask_that_does_not_fit_is_named(loss_of, mask):
    with pytest.raises(ValueError, match=r"mask must be bool of shape \(2,\).* got"):
        loss_of(torch.zeros(2, 3), torch.zeros(2, 3), mask=mask)


@each_of(BY_EXAMPLE)
def test_vmap_over_examples_gives_one_value_an_example(loss_of):
    s, t = logits((5, 4), 0), logits((5, 4), 1)
    torch.testing.assert_close(torch.func.vmap(loss_of)(s, t), loss_of(s, t, reduction="none"))
    stacked = torch.func.vmap(torch.func.grad(loss_of))(s.unflatten(0, (1, 5)), t.unflatten(0, (1, 5)))
    (alone,) = torch.autograd.grad(loss_of(s.requires_grad_(), t), s)
    torch.testing.assert_close(stacked[0], alone)


@each_of(ALL)
def test_no_number_is_read_back_from_the_device(loss_of):
    s, t = torch.zeros(4, 3, device="meta", requires_grad=True), torch.zeros(4, 3, device="meta")  # has no numbers
    loss_of(s, t, mask=torch.ones(4, dtype=torch.bool, device="meta")).backward()
    loss_of(s, t).backward()
    assert s.grad.is_meta


@each_of(ALL)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(loss_of, dtype):
    s, t = logits((8, 5), 0).to(dtype), logits((8, 5), 1).to(dtype)
    assert loss_of(s, t).dtype == torch.float32
    assert loss_of(s.double(), t.double()).dtype == torch.float64
    torch.testing.assert_close(loss_of(s, t), loss_of(s.float(), t.float()))


@each_of(ALL)
def test_shapes_that_differ_are_named(loss_of):
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(2, 4\)"):
        loss_of(torch.zeros(2, 3), torch.zeros(2, 4))


@each_of(BY_EXAMPLE)
@pytest.mark.parametrize("mask", [None, torch.ones(1, dtype=torch.bool)])
def test_an_unknown_reduction_is_named(loss_of, mask):
    with pytest.raises(ValueError, match='reduction must be "mean" or "none", got \'sum\''):
        loss_of(torch.zeros(1, 2), torch.zeros(1, 2), reduction="sum", mask=mask)
