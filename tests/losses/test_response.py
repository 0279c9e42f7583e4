"""Losses on the response, held against loops written from the papers' formulas in float64."""

from __future__ import annotations

import math
from functools import partial
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from kdviz.losses import jensen_shannon, logit_huber, logit_mse, reverse_kl, soft_targets

from .by_hand import (
    ALL,
    BY_EXAMPLE,
    WITH_TEMPERATURE,
    agrees,
    each_of,
    kl_by_hand,
    logits,
    order,
    seeds,
    sizes,
    soft_targets_by_hand,
    softmax_by_hand,
    temperatures,
)


def reverse_kl_by_hand(s: list[float], t: list[float], temperature: float) -> float:
    return soft_targets_by_hand(t, s, temperature)


def jensen_shannon_by_hand(s: list[float], t: list[float], temperature: float, beta: float) -> float:
    q, p = softmax_by_hand(s, temperature), softmax_by_hand(t, temperature)
    m = [beta * pc + (1 - beta) * qc for pc, qc in zip(p, q, strict=True)]
    return temperature**2 * (beta * kl_by_hand(p, m) + (1 - beta) * kl_by_hand(q, m))


def huber_by_hand(d: float, delta: float) -> float:
    return d * d / 2 if abs(d) <= delta else delta * (abs(d) - delta / 2)


@given(sizes, temperatures, seeds)
def test_soft_targets_agree_with_the_formula_to_1e_9(shape, temperature, seed):
    loss_of = partial(soft_targets, temperature=temperature)
    agrees(loss_of, partial(soft_targets_by_hand, temperature=temperature), shape, seed)


@given(sizes, temperatures, seeds)
def test_reverse_kl_agrees_with_the_formula_to_1e_9(shape, temperature, seed):
    loss_of = partial(reverse_kl, temperature=temperature)
    agrees(loss_of, partial(reverse_kl_by_hand, temperature=temperature), shape, seed)


@given(sizes, temperatures, seeds, st.floats(0.01, 0.99))
def test_jensen_shannon_agrees_with_the_formula_to_1e_9(shape, temperature, seed, beta):
    loss_of = partial(jensen_shannon, temperature=temperature, beta=beta)
    agrees(loss_of, partial(jensen_shannon_by_hand, temperature=temperature, beta=beta), shape, seed)


@given(sizes, seeds)
def test_logit_mse_agrees_with_the_formula_to_1e_9(shape, seed):
    def by_hand(s, t):
        return math.fsum((a - b) ** 2 for a, b in zip(s, t, strict=True)) / len(s)

    agrees(logit_mse, by_hand, shape, seed)


@given(sizes, seeds, st.floats(0.01, 20))
def test_logit_huber_agrees_with_the_formula_to_1e_9(shape, seed, delta):
    def by_hand(s, t):
        return math.fsum(huber_by_hand(a - b, delta) for a, b in zip(s, t, strict=True)) / len(s)

    agrees(partial(logit_huber, delta=delta), by_hand, shape, seed)


@each_of(ALL)
@settings(max_examples=10)
@given(st.tuples(st.integers(1, 4), st.integers(2, 5)), seeds)
def test_gradients_are_those_of_the_values(loss_of, shape, seed):
    s, t = logits(shape, seed, 1.0).requires_grad_(), logits(shape, seed + 1, 1.0)
    assert torch.autograd.gradcheck(lambda z: loss_of(z, t), (s,))


@each_of(BY_EXAMPLE)
def test_gradients_of_single_examples_are_those_of_their_values(loss_of):
    s, t = logits((3, 4), 0, 1.0).requires_grad_(), logits((3, 4), 1, 1.0)
    mask = torch.tensor([True, False, True])
    assert torch.autograd.gradcheck(lambda z: loss_of(z, t, reduction="none", mask=mask), (s,))


@each_of(ALL)
@given(sizes, seeds)
def test_no_gradient_reaches_the_teacher(loss_of, shape, seed):
    s, t = logits(shape, seed).requires_grad_(), logits(shape, seed + 1).requires_grad_()
    loss_of(s, t).backward()
    assert t.grad is None and s.grad is not None


@each_of(ALL)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@settings(max_examples=20)
@given(sizes, seeds)
def test_a_student_equal_to_its_teacher_costs_nothing_and_moves_nothing(loss_of, dtype, shape, seed):
    t = logits(shape, seed).to(dtype)
    s = t.clone().requires_grad_()
    loss = loss_of(s, t)
    loss.backward()
    assert loss.item() == 0
    assert s.grad.abs().max().item() < 500 * torch.finfo(loss.dtype).eps


@each_of(WITH_TEMPERATURE)
@given(sizes, temperatures, seeds)
def test_at_every_temperature_a_student_equal_to_its_teacher_is_done(loss_of, shape, temperature, seed):
    t = logits(shape, seed)
    s = t.clone().requires_grad_()
    loss = loss_of(s, t, temperature=temperature)
    loss.backward()
    assert loss.item() == 0
    assert s.grad.abs().max().item() < 1e-12


@each_of(ALL)
@pytest.mark.parametrize(
    "t", [[-1.0, 1.0, 0.0], [-1.0, 1.0], [1.0, -1.0], [0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, -1.0]]
)
def test_value_and_gradient_stay_finite_for_extreme_logits(loss_of, t):
    for case in product((1e4, 1e6), (torch.float64, torch.float32, torch.bfloat16), (1, 3)):
        scale, dtype, rows = case
        s = torch.tensor([[1.0, -1.0, 0.0][: len(t)]] * rows, dtype=dtype).mul(scale).requires_grad_()
        loss = loss_of(s, torch.tensor([t] * rows, dtype=dtype) * scale)
        loss.backward()
        assert loss.isfinite() and s.grad.isfinite().all(), case
        assert loss >= 0, case


@each_of(ALL)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_student_that_says_nothing_yet_has_a_finite_gradient(loss_of, dtype):
    s, t = torch.zeros(4, 10, dtype=dtype, requires_grad=True), logits((4, 10), 1).to(dtype)
    loss = loss_of(s, t)
    loss.backward()
    assert loss.isfinite() and s.grad.isfinite().all() and s.grad.abs().max() > 0


@each_of({name: loss for name, loss in ALL.items() if not name.startswith("logit")})
@given(sizes, seeds, st.floats(-100, 100))
def test_a_constant_added_to_a_row_changes_nothing(loss_of, shape, seed, constant):
    s, t = logits(shape, seed, 2.0), logits(shape, seed + 1, 2.0)
    torch.testing.assert_close(loss_of(s + constant, t - 2 * constant), loss_of(s, t), rtol=1e-9, atol=1e-9)


@each_of(ALL)
@given(sizes, seeds)
def test_neither_the_order_of_classes_nor_that_of_examples_matters(loss_of, shape, seed):
    s, t = logits(shape, seed, 2.0), logits(shape, seed + 1, 2.0)
    rows, columns = order(shape[0], seed), order(shape[1], seed + 1)
    again = loss_of(s[rows][:, columns], t[rows][:, columns])
    torch.testing.assert_close(again, loss_of(s, t), rtol=1e-9, atol=1e-9)


@given(sizes, temperatures, seeds)
def test_soft_targets_gradient_is_t_times_the_difference_of_the_softened_answers(shape, temperature, seed):
    s, t = logits(shape, seed).requires_grad_(), logits(shape, seed + 1)
    soft_targets(s, t, temperature).backward()
    q, p = (s / temperature).softmax(1), (t / temperature).softmax(1)
    expected = temperature * (q - p) / shape[0]
    torch.testing.assert_close(s.grad, expected.detach(), rtol=1e-9, atol=1e-9)


@given(sizes, temperatures, seeds)
def test_reverse_kl_gradient_is_that_of_the_formula(shape, temperature, seed):
    s, t = logits(shape, seed).requires_grad_(), logits(shape, seed + 1)
    reverse_kl(s, t, temperature).backward()
    for row, (row_s, row_t) in enumerate(zip(s.tolist(), t.tolist(), strict=True)):
        q, p = softmax_by_hand(row_s, temperature), softmax_by_hand(row_t, temperature)
        kl = kl_by_hand(q, p)
        expected = [
            temperature * qc * (math.log(qc / pc) - kl) / shape[0] if qc > 0 else 0.0
            for qc, pc in zip(q, p, strict=True)
        ]
        assert s.grad[row].tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(max_examples=20)
@given(seeds)
def test_both_divergences_agree_where_student_and_teacher_are_close(seed):
    t = logits((4, 6), seed, 1.0)
    s = t + 1e-4 * logits((4, 6), seed + 1, 1.0)
    torch.testing.assert_close(reverse_kl(s, t, 1.0), soft_targets(s, t, 1.0), rtol=1e-2, atol=0)


def test_reverse_kl_minds_what_the_student_says_and_soft_targets_what_the_teacher_says():
    both, one = torch.tensor([[9.0, 9.0, 0.0]]), torch.tensor([[9.0, 0.0, 0.0]])
    assert reverse_kl(one, both) < soft_targets(one, both, 1.0) / 3  # the student says one of the teacher's two answers
    assert reverse_kl(both, one) > 3 * soft_targets(both, one, 1.0)  # and here one that the teacher does not say


def test_torch_s_own_mean_is_smaller_by_the_number_of_classes():
    s, t = logits((8, 5), 0), logits((8, 5), 1)
    with pytest.warns(UserWarning, match="batchmean"):  # torch says so itself
        theirs = F.kl_div(F.log_softmax(s, 1), F.log_softmax(t, 1), log_target=True, reduction="mean")
    torch.testing.assert_close(soft_targets(s, t, 1.0), 5 * theirs)


@given(sizes, st.floats(1, 20), seeds)
def test_jensen_shannon_by_its_weight_tends_to_the_two_kl_divergences(shape, temperature, seed):
    s, t = logits(shape, seed, 1.0), logits(shape, seed + 1, 1.0)
    near_0 = jensen_shannon(s, t, temperature, 1e-6) / 1e-6
    near_1 = jensen_shannon(s, t, temperature, 1 - 1e-6) / 1e-6
    torch.testing.assert_close(near_0, soft_targets(s, t, temperature), rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(near_1, reverse_kl(s, t, temperature), rtol=1e-3, atol=1e-6)


@given(sizes, st.floats(0.01, 0.99), seeds)
def test_jensen_shannon_is_bounded_and_the_same_seen_from_the_other_side(shape, beta, seed):
    s, t = logits(shape, seed, 50.0), logits(shape, seed + 1, 50.0)
    each = jensen_shannon(s, t, beta=beta, reduction="none")
    bound = -beta * math.log(beta) - (1 - beta) * math.log(1 - beta)
    assert (each >= -1e-15).all() and (each <= bound * (1 + 1e-12)).all()
    torch.testing.assert_close(each, jensen_shannon(t, s, beta=1 - beta, reduction="none"), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("beta", [1e-30, 1e-9, 1 - 1e-9])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_jensen_shannon_stays_finite_at_the_ends_of_beta(beta, dtype):
    s = torch.tensor([[1e4, -1e4, 3.0]], dtype=dtype, requires_grad=True)
    loss = jensen_shannon(s, torch.tensor([[-1e4, 1e4, 2.0]], dtype=dtype), beta=beta)
    loss.backward()
    assert 0 <= loss < 1e-6 and s.grad.isfinite().all()


@pytest.mark.parametrize("beta", [0.0, 1.0, -0.1, math.nan])
def test_a_mixture_of_one_alone_is_refused(beta):
    with pytest.raises(ValueError, match=rf"beta must lie in \(0, 1\), got {beta}.*soft_targets.*reverse_kl"):
        jensen_shannon(torch.zeros(1, 2), torch.zeros(1, 2), beta=beta)


@given(sizes, seeds)
def test_huber_is_half_the_square_within_delta_and_a_line_beyond(shape, seed):
    s, t = logits(shape, seed), logits(shape, seed + 1)
    torch.testing.assert_close(logit_huber(s, t, delta=1e3), logit_mse(s, t) / 2, rtol=1e-12, atol=1e-12)
    far = (t + 100).requires_grad_()
    logit_huber(far, t, delta=2.0).backward()
    torch.testing.assert_close(far.grad, torch.full_like(t, 2 / t.numel()), rtol=1e-12, atol=0)


@pytest.mark.parametrize("delta", [0.0, -1.0, math.inf, math.nan])
def test_a_delta_out_of_range_is_named(delta):
    with pytest.raises(ValueError, match=rf"delta must be a finite number > 0, got {delta}"):
        logit_huber(torch.zeros(1, 2), torch.zeros(1, 2), delta=delta)
