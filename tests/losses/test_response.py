"""Losses on the response, held against loops written from the papers' formulas in float64."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from kdviz.losses import hard_labels, soft_targets

sizes = st.tuples(st.integers(1, 6), st.integers(2, 7))
temperatures = st.floats(0.3, 50)


def logits(shape: tuple[int, int], seed: int, scale: float = 5.0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale


def softmax_by_hand(z: list[float], temperature: float) -> list[float]:
    top = max(z)
    powers = [math.exp((v - top) / temperature) for v in z]
    return [p / math.fsum(powers) for p in powers]


def soft_targets_by_hand(s: Tensor, t: Tensor, temperature: float) -> list[float]:
    """T² Σ_c p_c log(p_c / q_c), one example and one class at a time."""
    values = []
    for row_s, row_t in zip(s.tolist(), t.tolist(), strict=True):
        q, p = softmax_by_hand(row_s, temperature), softmax_by_hand(row_t, temperature)
        values.append(temperature**2 * math.fsum(pc * math.log(pc / qc) for pc, qc in zip(p, q, strict=True) if pc > 0))
    return values


@given(sizes, temperatures, st.integers(0, 10**6))
def test_soft_targets_agree_with_the_formula_to_1e_9(shape, temperature, seed):
    s, t = logits(shape, seed), logits(shape, seed + 1)
    by_hand = soft_targets_by_hand(s, t, temperature)
    each = soft_targets(s, t, temperature, reduction="none")
    assert each.tolist() == pytest.approx(by_hand, rel=1e-9, abs=1e-9)
    assert soft_targets(s, t, temperature).item() == pytest.approx(math.fsum(by_hand) / shape[0], rel=1e-9, abs=1e-9)


@given(sizes, temperatures, st.integers(0, 10**6))
def test_soft_targets_gradient_is_t_times_the_difference_of_the_softened_answers(shape, temperature, seed):
    s, t = logits(shape, seed).requires_grad_(), logits(shape, seed + 1).requires_grad_()
    soft_targets(s, t, temperature).backward()
    q, p = (s / temperature).softmax(1), (t / temperature).softmax(1)
    expected = temperature * (q - p) / shape[0]
    torch.testing.assert_close(s.grad, expected.detach(), rtol=1e-9, atol=1e-9)
    assert t.grad is None


@given(sizes, temperatures, st.integers(0, 10**6))
def test_student_equal_to_teacher_costs_nothing_and_moves_nothing(shape, temperature, seed):
    t = logits(shape, seed)
    s = t.clone().requires_grad_()
    loss = soft_targets(s, t, temperature)
    loss.backward()
    assert loss.item() == 0
    assert s.grad.abs().max().item() < 1e-14 * temperature


@given(sizes, temperatures, st.integers(0, 10**6), st.floats(-100, 100))
def test_soft_targets_ignore_a_constant_added_to_a_row(shape, temperature, seed, constant):
    s, t = logits(shape, seed), logits(shape, seed + 1)
    moved = soft_targets(s + constant, t - 2 * constant, temperature)
    torch.testing.assert_close(moved, soft_targets(s, t, temperature), rtol=1e-9, atol=1e-9)


@given(sizes, st.integers(0, 10**6))
def test_soft_targets_do_not_depend_on_the_order_of_classes_or_examples(shape, seed):
    s, t = logits(shape, seed), logits(shape, seed + 1)
    rows, columns = torch.randperm(shape[0]), torch.randperm(shape[1])
    again = soft_targets(s[rows][:, columns], t[rows][:, columns])
    torch.testing.assert_close(again, soft_targets(s, t), rtol=1e-9, atol=1e-9)


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_soft_targets_tend_to_half_the_variance_of_the_logit_difference(seed):
    s, t = logits((4, 6), seed, 1.0), logits((4, 6), seed + 1, 1.0)
    half_variance = 0.5 * (s - t).var(dim=1, correction=0).mean()
    torch.testing.assert_close(soft_targets(s, t, temperature=1e4), half_variance, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("scale", [1e4, 1e6])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 20.0])
def test_soft_targets_stay_finite_for_extreme_logits(scale, dtype, temperature):
    s = torch.tensor([[scale, -scale, 0.0]], dtype=dtype, requires_grad=True)
    t = torch.tensor([[-scale, scale, 0.0]], dtype=dtype)
    loss = soft_targets(s, t, temperature)
    loss.backward()
    assert loss.isfinite() and s.grad.isfinite().all()


def test_torch_s_own_mean_is_smaller_by_the_number_of_classes():
    s, t = logits((8, 5), 0), logits((8, 5), 1)
    with pytest.warns(UserWarning, match="batchmean"):  # torch says so itself
        theirs = F.kl_div(F.log_softmax(s, 1), F.log_softmax(t, 1), log_target=True, reduction="mean")
    torch.testing.assert_close(soft_targets(s, t, 1.0), 5 * theirs)


def test_half_precision_is_computed_in_float32():
    s, t = logits((8, 5), 0).bfloat16(), logits((8, 5), 1).bfloat16()
    assert soft_targets(s, t).dtype == torch.float32
    torch.testing.assert_close(soft_targets(s, t), soft_targets(s.float(), t.float()))


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.inf, math.nan])
def test_a_temperature_out_of_range_is_named(temperature):
    with pytest.raises(ValueError, match=rf"temperature must be a finite number > 0, got {temperature}"):
        soft_targets(torch.zeros(1, 2), torch.zeros(1, 2), temperature)


def test_shapes_that_differ_are_named():
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(2, 4\)"):
        soft_targets(torch.zeros(2, 3), torch.zeros(2, 4))


@pytest.mark.parametrize(
    "loss",
    [
        lambda r: soft_targets(torch.zeros(1, 2), torch.zeros(1, 2), reduction=r),
        lambda r: hard_labels(torch.zeros(1, 2), torch.zeros(1, dtype=torch.long), reduction=r),
    ],
)
def test_an_unknown_reduction_is_named(loss):
    with pytest.raises(ValueError, match="sum"):
        loss("sum")


@given(sizes, st.integers(0, 10**6), st.data())
def test_hard_labels_average_over_the_labelled_examples_only(shape, seed, data):
    s = logits(shape, seed).requires_grad_()
    y = torch.tensor(data.draw(st.lists(st.integers(-1, shape[1] - 1), min_size=shape[0], max_size=shape[0])))
    each = [-math.log(softmax_by_hand(row, 1.0)[c]) for row, c in zip(s.tolist(), y.tolist(), strict=True) if c >= 0]
    expected = math.fsum(each) / len(each) if each else 0.0
    loss = hard_labels(s, y)
    loss.backward()
    assert loss.item() == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert s.grad.isfinite().all()
    assert (s.grad[y < 0] == 0).all()
    assert hard_labels(s, y, labelled=int((y >= 0).sum())).item() == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert hard_labels(s, y, reduction="none").sum().item() == pytest.approx(math.fsum(each), rel=1e-9, abs=1e-9)
