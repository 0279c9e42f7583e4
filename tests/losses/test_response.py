"""Losses on the response, held against loops written from the papers' formulas in float64."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from kdviz.losses import hard_labels, label_smoothing, reverse_kl, soft_targets

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
def test_without_t_squared_the_loss_is_smaller_by_just_that(shape, temperature, seed):
    s, t = logits(shape, seed), logits(shape, seed + 1)
    by_hand = [value / temperature**2 for value in soft_targets_by_hand(s, t, temperature)]
    each = soft_targets(s, t, temperature, reduction="none", times_t_squared=False)
    assert each.tolist() == pytest.approx(by_hand, rel=1e-9, abs=1e-9)
    mean = soft_targets(s, t, temperature, times_t_squared=False)
    assert mean.item() == pytest.approx(math.fsum(by_hand) / shape[0], rel=1e-9, abs=1e-9)


def test_without_t_squared_the_gradient_fades_and_with_it_it_does_not():
    def gradient(temperature: float, times_t_squared: bool) -> float:
        s, t = logits((4, 6), 0, 1.0).requires_grad_(), logits((4, 6), 1, 1.0)
        soft_targets(s, t, temperature, times_t_squared=times_t_squared).backward()
        return s.grad.norm().item()

    assert gradient(100, True) == pytest.approx(gradient(50, True), rel=0.02)
    assert gradient(100, False) == pytest.approx(gradient(50, False) / 4, rel=0.02)


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


@pytest.mark.parametrize("loss_of", [soft_targets, reverse_kl])
@pytest.mark.parametrize("scale", [1e4, 1e6])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 20.0])
def test_both_divergences_stay_finite_for_extreme_logits(loss_of, scale, dtype, temperature):
    for s, t in (([scale, -scale, 0.0], [-scale, scale, 0.0]), ([scale, -scale], [-scale, scale])):
        s = torch.tensor([s], dtype=dtype, requires_grad=True)
        loss = loss_of(s, torch.tensor([t], dtype=dtype), temperature)
        loss.backward()
        assert loss.isfinite() and loss > scale / 10 and s.grad.isfinite().all()


def test_torch_s_own_mean_is_smaller_by_the_number_of_classes():
    s, t = logits((8, 5), 0), logits((8, 5), 1)
    with pytest.warns(UserWarning, match="batchmean"):  # torch says so itself
        theirs = F.kl_div(F.log_softmax(s, 1), F.log_softmax(t, 1), log_target=True, reduction="mean")
    torch.testing.assert_close(soft_targets(s, t, 1.0), 5 * theirs)


@pytest.mark.parametrize(
    "loss",
    [soft_targets, reverse_kl, lambda s, t: hard_labels(s, t.argmax(1)), lambda s, t: label_smoothing(s, t.argmax(1))],
)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(loss, dtype):
    s, t = logits((8, 5), 0).to(dtype), logits((8, 5), 1).to(dtype)
    assert loss(s, t).dtype == torch.float32
    assert loss(s.double(), t.double()).dtype == torch.float64
    torch.testing.assert_close(loss(s, t), loss(s.float(), t.float()))


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.inf, math.nan])
@pytest.mark.parametrize("loss", [soft_targets, reverse_kl])
def test_a_temperature_out_of_range_is_named(loss, temperature):
    with pytest.raises(ValueError, match=rf"temperature must be a finite number > 0, got {temperature}"):
        loss(torch.zeros(1, 2), torch.zeros(1, 2), temperature)


@pytest.mark.parametrize("loss", [soft_targets, reverse_kl])
def test_shapes_that_differ_are_named(loss):
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(2, 4\)"):
        loss(torch.zeros(2, 3), torch.zeros(2, 4))


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, math.nan])
def test_a_smoothing_out_of_range_is_named(smoothing):
    with pytest.raises(ValueError, match=rf"smoothing must lie in \[0, 1\] .*, got {smoothing}"):
        label_smoothing(torch.zeros(1, 2), torch.zeros(1, dtype=torch.long), smoothing)


@pytest.mark.parametrize(
    "loss",
    [
        lambda r: soft_targets(torch.zeros(1, 2), torch.zeros(1, 2), reduction=r),
        lambda r: reverse_kl(torch.zeros(1, 2), torch.zeros(1, 2), reduction=r),
        lambda r: hard_labels(torch.zeros(1, 2), torch.zeros(1, dtype=torch.long), reduction=r),
        lambda r: label_smoothing(torch.zeros(1, 2), torch.zeros(1, dtype=torch.long), reduction=r),
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


def reverse_kl_by_hand(s: Tensor, t: Tensor, temperature: float) -> list[float]:
    """T² Σ_c q_c log(q_c / p_c): soft targets with student and teacher in each other's place."""
    return soft_targets_by_hand(t, s, temperature)


@given(sizes, temperatures, st.integers(0, 10**6))
def test_reverse_kl_agrees_with_the_formula_to_1e_9(shape, temperature, seed):
    s, t = logits(shape, seed), logits(shape, seed + 1)
    by_hand = reverse_kl_by_hand(s, t, temperature)
    each = reverse_kl(s, t, temperature, reduction="none")
    assert each.tolist() == pytest.approx(by_hand, rel=1e-9, abs=1e-9)
    assert reverse_kl(s, t, temperature).item() == pytest.approx(math.fsum(by_hand) / shape[0], rel=1e-9, abs=1e-9)


@given(sizes, temperatures, st.integers(0, 10**6))
def test_reverse_kl_gradient_is_that_of_the_formula_and_none_reaches_the_teacher(shape, temperature, seed):
    s, t = logits(shape, seed).requires_grad_(), logits(shape, seed + 1).requires_grad_()
    reverse_kl(s, t, temperature).backward()
    for row, (row_s, row_t) in enumerate(zip(s.tolist(), t.tolist(), strict=True)):
        q, p = softmax_by_hand(row_s, temperature), softmax_by_hand(row_t, temperature)
        kl = math.fsum(qc * math.log(qc / pc) for qc, pc in zip(q, p, strict=True) if qc > 0)
        expected = [
            temperature * qc * (math.log(qc / pc) - kl) / shape[0] if qc > 0 else 0.0
            for qc, pc in zip(q, p, strict=True)
        ]
        assert s.grad[row].tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert t.grad is None


@given(sizes, temperatures, st.integers(0, 10**6), st.sampled_from([torch.float64, torch.float32, torch.bfloat16]))
def test_reverse_kl_of_a_student_equal_to_its_teacher_costs_nothing_and_moves_nothing(shape, temperature, seed, dtype):
    t = logits(shape, seed).to(dtype)
    s = t.clone().requires_grad_()
    loss = reverse_kl(s, t, temperature)
    loss.backward()
    assert loss.item() == 0
    assert s.grad.abs().max().item() < 50 * temperature * torch.finfo(loss.dtype).eps


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_both_divergences_agree_where_student_and_teacher_are_close(seed):
    t = logits((4, 6), seed, 1.0)
    s = t + 1e-4 * logits((4, 6), seed + 1, 1.0)
    torch.testing.assert_close(reverse_kl(s, t, 1.0), soft_targets(s, t, 1.0), rtol=1e-2, atol=0)


def test_reverse_kl_minds_what_the_student_says_and_soft_targets_what_the_teacher_says():
    both, one = torch.tensor([[9.0, 9.0, 0.0]]), torch.tensor([[9.0, 0.0, 0.0]])
    assert reverse_kl(one, both) < soft_targets(one, both, 1.0) / 3  # the student says one of the teacher's two answers
    assert reverse_kl(both, one) > 3 * soft_targets(both, one, 1.0)  # and here one that the teacher does not say


def smoothed_by_hand(row: list[float], y: int, smoothing: float) -> float:
    log_q = [math.log(q) for q in softmax_by_hand(row, 1.0)]
    target = [smoothing / len(row) + (1 - smoothing) * (c == y) for c in range(len(row))]
    return -math.fsum(tc * lq for tc, lq in zip(target, log_q, strict=True))


@given(sizes, st.floats(0, 1), st.integers(0, 10**6), st.data())
def test_smoothed_labels_average_over_the_labelled_examples_only(shape, smoothing, seed, data):
    s = logits(shape, seed).requires_grad_()
    y = torch.tensor(data.draw(st.lists(st.integers(-1, shape[1] - 1), min_size=shape[0], max_size=shape[0])))
    by_hand = [
        smoothed_by_hand(row, c, smoothing) if c >= 0 else 0.0 for row, c in zip(s.tolist(), y.tolist(), strict=True)
    ]
    labelled = int((y >= 0).sum())
    expected = math.fsum(by_hand) / max(1, labelled)
    loss = label_smoothing(s, y, smoothing)
    loss.backward()
    assert loss.item() == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert (s.grad[y < 0] == 0).all() and s.grad.isfinite().all()
    assert label_smoothing(s, y, smoothing, labelled=labelled).item() == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert label_smoothing(s, y, smoothing, reduction="none").tolist() == pytest.approx(by_hand, rel=1e-9, abs=1e-9)
    if labelled:
        theirs = F.cross_entropy(s, y, ignore_index=-1, label_smoothing=smoothing)
        torch.testing.assert_close(loss, theirs, rtol=1e-12, atol=1e-12)


def test_smoothing_of_0_is_hard_labels_to_the_last_bit():
    s, y = logits((8, 5), 0), torch.tensor([0, 1, 2, 3, 4, -1, 0, 1])
    assert label_smoothing(s, y, 0.0) == hard_labels(s, y)


def test_smoothed_labels_are_content_with_the_smoothed_answer():
    y, smoothing = torch.tensor([2]), 0.3
    target = torch.full((1, 4), smoothing / 4, dtype=torch.float64)
    target[0, 2] += 1 - smoothing
    s = target.log().requires_grad_()
    label_smoothing(s, y, smoothing).backward()
    assert s.grad.abs().max() < 1e-15


def test_smoothed_labels_stay_finite_for_extreme_logits():
    s = torch.tensor([[1e4, -1e4]], requires_grad=True)
    loss = label_smoothing(s, torch.tensor([1]))
    loss.backward()
    assert loss.isfinite() and s.grad.isfinite().all()
