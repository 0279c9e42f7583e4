"""Losses on the response, held against loops written from the papers' formulas in float64."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
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
BY_EXAMPLE = {**SOFTENED, "logit MSE": logit_mse, "logit Huber": logit_huber}
ALL = {**BY_EXAMPLE, "correlation": correlation}
WITH_TEMPERATURE = {**SOFTENED, "correlation": lambda s, t, temperature: correlation(s, t, temperature=temperature)}


def each_of(losses: dict):
    return pytest.mark.parametrize("loss_of", losses.values(), ids=losses.keys())


def logits(shape: tuple[int, ...], seed: int, scale: float = 5.0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale


def order(n: int, seed: int) -> Tensor:
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


def softmax_by_hand(z: list[float], temperature: float) -> list[float]:
    top = max(z)
    powers = [math.exp((v - top) / temperature) for v in z]
    return [p / math.fsum(powers) for p in powers]


def kl_by_hand(p: list[float], q: list[float]) -> float:
    """Σ_c p_c log(p_c / q_c), one class at a time."""
    return math.fsum(pc * math.log(pc / qc) for pc, qc in zip(p, q, strict=True) if pc > 0)


def soft_targets_by_hand(s: list[float], t: list[float], temperature: float) -> float:
    return temperature**2 * kl_by_hand(softmax_by_hand(t, temperature), softmax_by_hand(s, temperature))


def reverse_kl_by_hand(s: list[float], t: list[float], temperature: float) -> float:
    return soft_targets_by_hand(t, s, temperature)


def jensen_shannon_by_hand(s: list[float], t: list[float], temperature: float, beta: float) -> float:
    q, p = softmax_by_hand(s, temperature), softmax_by_hand(t, temperature)
    m = [beta * pc + (1 - beta) * qc for pc, qc in zip(p, q, strict=True)]
    return temperature**2 * (beta * kl_by_hand(p, m) + (1 - beta) * kl_by_hand(q, m))


def decoupled_parts_by_hand(s: list[float], t: list[float], y: int, temperature: float) -> tuple[float, float, float]:
    """TCKD, NCKD and the teacher's mass outside the true class."""
    q, p = softmax_by_hand(s, temperature), softmax_by_hand(t, temperature)
    p_rest = math.fsum(pc for c, pc in enumerate(p) if c != y)
    q_rest = math.fsum(qc for c, qc in enumerate(q) if c != y)
    tckd = kl_by_hand([p[y], p_rest], [q[y], q_rest])
    others = [c for c in range(len(p)) if c != y]
    nckd = kl_by_hand(
        softmax_by_hand([t[c] for c in others], temperature), softmax_by_hand([s[c] for c in others], temperature)
    )
    return tckd, nckd, p_rest


def standardized_by_hand(z: list[float]) -> list[float]:
    mean = math.fsum(z) / len(z)
    sd = math.sqrt(math.fsum((v - mean) ** 2 for v in z) / (len(z) - 1))
    return [(v - mean) / (1e-7 + sd) for v in z]


def pearson_by_hand(u: list[float], v: list[float]) -> float:
    u_mean, v_mean = math.fsum(u) / len(u), math.fsum(v) / len(v)
    cross = math.fsum((a - u_mean) * (b - v_mean) for a, b in zip(u, v, strict=True))
    return cross / math.sqrt(math.fsum((a - u_mean) ** 2 for a in u) * math.fsum((b - v_mean) ** 2 for b in v))


def huber_by_hand(d: float, delta: float) -> float:
    return d * d / 2 if abs(d) <= delta else delta * (abs(d) - delta / 2)


def agrees(loss_of, by_hand, shape: tuple[int, int], seed: int) -> None:
    """Compare value by value, and the mean, to 1e-9."""
    s, t = logits(shape, seed), logits(shape, seed + 1)
    expected = [by_hand(row_s, row_t) for row_s, row_t in zip(s.tolist(), t.tolist(), strict=True)]
    assert loss_of(s, t, reduction="none").tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert loss_of(s, t).item() == pytest.approx(math.fsum(expected) / shape[0], rel=1e-9, abs=1e-9)


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


@given(sizes, st.floats(1, 50), seeds, st.floats(0, 4), st.floats(0, 10))
def test_decoupled_agrees_with_the_formula_to_1e_9(shape, temperature, seed, alpha, beta):
    def by_hand(s, t):
        tckd, nckd, _ = decoupled_parts_by_hand(s, t, t.index(max(t)), temperature)
        return temperature**2 * (alpha * tckd + beta * nckd)

    agrees(partial(decoupled_by_choice, alpha=alpha, beta=beta, temperature=temperature), by_hand, shape, seed)


@given(sizes, temperatures, seeds)
def test_standardized_soft_targets_agree_with_the_formula_to_1e_9(shape, temperature, seed):
    def by_hand(s, t):
        return soft_targets_by_hand(standardized_by_hand(s), standardized_by_hand(t), temperature)

    agrees(partial(standardized_soft_targets, temperature=temperature), by_hand, shape, seed)


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


@given(st.tuples(st.integers(2, 6), st.integers(2, 7)), st.floats(1, 50), seeds, st.floats(0, 3), st.floats(0, 3))
def test_correlation_agrees_with_the_formula_to_1e_9(shape, temperature, seed, beta, gamma):
    s, t = logits(shape, seed, 2.0), logits(shape, seed + 1, 2.0)
    q = [softmax_by_hand(row, temperature) for row in s.tolist()]
    p = [softmax_by_hand(row, temperature) for row in t.tolist()]
    rows = 1 - math.fsum(map(pearson_by_hand, q, p)) / shape[0]
    columns = 1 - math.fsum(map(pearson_by_hand, zip(*q, strict=True), zip(*p, strict=True))) / shape[1]
    expected = temperature**2 * (beta * rows + gamma * columns)
    assert correlation(s, t, beta, gamma, temperature).item() == pytest.approx(expected, rel=1e-9, abs=1e-9)


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
@pytest.mark.parametrize("scale", [1e4, 1e6])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    "t", [[-1.0, 1.0, 0.0], [-1.0, 1.0], [1.0, -1.0], [0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, -1.0]]
)
def test_value_and_gradient_stay_finite_for_extreme_logits(loss_of, scale, dtype, t):
    for rows in (1, 3):
        s = torch.tensor([[1.0, -1.0, 0.0][: len(t)]] * rows, dtype=dtype).mul(scale).requires_grad_()
        loss = loss_of(s, torch.tensor([t] * rows, dtype=dtype) * scale)
        loss.backward()
        assert loss.isfinite() and s.grad.isfinite().all()
        assert loss >= 0


@pytest.mark.parametrize("loss_of", [soft_targets, reverse_kl])
@pytest.mark.parametrize("scale", [1e4, 1e6])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 20.0])
def test_both_kl_divergences_stay_as_large_as_extreme_logits_are_apart(loss_of, scale, dtype, temperature):
    for s, t in (([scale, -scale, 0.0], [-scale, scale, 0.0]), ([scale, -scale], [-scale, scale])):
        s = torch.tensor([s], dtype=dtype, requires_grad=True)
        loss = loss_of(s, torch.tensor([t], dtype=dtype), temperature)
        loss.backward()
        assert loss.isfinite() and loss > scale / 10 and s.grad.isfinite().all()


@each_of(WITH_TEMPERATURE)
@pytest.mark.parametrize("temperature", [0.1, 1.0, 20.0, 1e3])
def test_extreme_logits_at_other_temperatures(loss_of, temperature):
    s = torch.tensor([[1e4, -1e4, 0.0], [0.0, 1e4, 1e4]], requires_grad=True)
    loss = loss_of(s, torch.tensor([[-1e4, 1e4, 0.0], [1e4, 0.0, -1e4]]), temperature=temperature)
    loss.backward()
    assert loss.isfinite() and loss > 0 and s.grad.isfinite().all()


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


@each_of(WITH_TEMPERATURE)
@pytest.mark.parametrize("temperature", [0.0, -1.0, math.inf, math.nan])
def test_a_temperature_out_of_range_is_named(loss_of, temperature):
    with pytest.raises(ValueError, match=rf"temperature must be a finite number > 0, got {temperature}"):
        loss_of(torch.zeros(1, 2), torch.zeros(1, 2), temperature=temperature)


@each_of(ALL)
def test_shapes_that_differ_are_named(loss_of):
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(2, 4\)"):
        loss_of(torch.zeros(2, 3), torch.zeros(2, 4))


@each_of(BY_EXAMPLE)
@pytest.mark.parametrize("mask", [None, torch.ones(1, dtype=torch.bool)])
def test_an_unknown_reduction_is_named(loss_of, mask):
    with pytest.raises(ValueError, match='reduction must be "mean" or "none", got \'sum\''):
        loss_of(torch.zeros(1, 2), torch.zeros(1, 2), reduction="sum", mask=mask)


@given(sizes, temperatures, seeds)
def test_without_t_squared_the_loss_is_smaller_by_just_that(shape, temperature, seed):
    def by_hand(s, t):
        return soft_targets_by_hand(s, t, temperature) / temperature**2

    agrees(partial(soft_targets, temperature=temperature, times_t_squared=False), by_hand, shape, seed)


def test_without_t_squared_the_gradient_fades_and_with_it_it_does_not():
    def gradient(temperature: float, times_t_squared: bool) -> float:
        s, t = logits((4, 6), 0, 1.0).requires_grad_(), logits((4, 6), 1, 1.0)
        soft_targets(s, t, temperature, times_t_squared=times_t_squared).backward()
        return s.grad.norm().item()

    assert gradient(100, True) == pytest.approx(gradient(50, True), rel=0.02)
    assert gradient(100, False) == pytest.approx(gradient(50, False) / 4, rel=0.02)


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
def test_at_a_high_temperature_each_divergence_is_its_share_of_the_variance_of_the_logit_difference(seed):
    s, t = logits((4, 6), seed, 1.0), logits((4, 6), seed + 1, 1.0)
    half_variance = 0.5 * (s - t).var(dim=1, correction=0).mean()
    for loss_of, share in ((soft_targets, 1), (reverse_kl, 1), (partial(jensen_shannon, beta=0.3), 0.3 * 0.7)):
        torch.testing.assert_close(loss_of(s, t, temperature=1e4), share * half_variance, rtol=1e-3, atol=1e-6)
    offset = (s - t).mean(1).square().mean()
    torch.testing.assert_close(logit_mse(s, t), 2 * half_variance + offset, rtol=1e-12, atol=1e-12)


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


@given(sizes, st.floats(1, 20), seeds, st.data())
def test_kl_is_tckd_and_nckd_by_the_mass_outside_the_true_class(shape, temperature, seed, data):
    s, t = logits(shape, seed), logits(shape, seed + 1)
    y = torch.tensor(data.draw(st.lists(st.integers(0, shape[1] - 1), min_size=shape[0], max_size=shape[0])))
    part = partial(decoupled, s, t, y, temperature=temperature, reduction="none")
    p_rest = 1 - (t / temperature).softmax(1)[torch.arange(shape[0]), y]
    kl = soft_targets(s, t, temperature, reduction="none")
    torch.testing.assert_close(part(alpha=1.0, beta=0.0) + p_rest * part(alpha=0.0, beta=1.0), kl, rtol=1e-9, atol=1e-9)


@given(st.integers(1, 6), seeds)
def test_with_two_classes_nothing_is_left_among_the_others(examples, seed):
    s, t = logits((examples, 2), seed).requires_grad_(), logits((examples, 2), seed + 1)
    nckd = decoupled(s, t, t.argmin(1), alpha=0.0)
    nckd.backward()
    assert nckd == 0 and (s.grad == 0).all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_teacher_without_doubt_still_has_a_view_of_the_others(dtype):
    s, t = [0.0, 0.5, 0.0, -1.0], [1e4, 2.0, 1.0, 0.0]  # 1 − p_y is 0 in any float
    _, nckd, _ = decoupled_parts_by_hand(s, t, 0, 1.0)
    student = torch.tensor([s], dtype=dtype, requires_grad=True)
    loss = decoupled(student, torch.tensor([t], dtype=dtype), torch.tensor([0]), alpha=0.0, beta=1.0, temperature=1.0)
    loss.backward()
    assert loss.item() == pytest.approx(nckd, rel=1e-3 if dtype == torch.float32 else 1e-9)
    assert student.grad[0, 0] == 0 and (student.grad[0, 1:] != 0).all()


def test_positions_without_a_label_do_not_count():
    s, t, y = logits((4, 5), 0).requires_grad_(), logits((4, 5), 1), torch.tensor([1, -1, 0, -1])
    mask = torch.tensor([True, True, False, True])
    loss = decoupled(s, t, y, mask=mask)
    loss.backward()
    torch.testing.assert_close(loss, decoupled(s[:1], t[:1], y[:1]))
    assert (s.grad[1:] == 0).all() and (s.grad[0] != 0).all()
    assert decoupled(s, t, torch.full((4,), -1)) == 0


def test_labels_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"y must have shape \(2,\), one class per example, got \(3,\)"):
        decoupled(torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(3, dtype=torch.long))


@pytest.mark.parametrize("loss_of", [decoupled_by_choice, standardized_soft_targets])
def test_one_class_is_too_few(loss_of):
    with pytest.raises(ValueError, match=r"at least two classes, got shape \(2, 1\)"):
        loss_of(torch.zeros(2, 1), torch.zeros(2, 1))


@given(sizes, seeds, st.floats(0.1, 10), st.floats(-10, 10))
def test_standardized_logits_have_no_range_and_no_offset(shape, seed, factor, offset):
    s, t = logits(shape, seed), logits(shape, seed + 1)
    s += torch.arange(shape[1])  # no row is constant
    moved = standardized_soft_targets(factor * s + offset, t)
    torch.testing.assert_close(moved, standardized_soft_targets(s, t), rtol=1e-4, atol=1e-5)


@given(sizes, seeds, st.floats(0.05, 0.95))
def test_correlation_is_content_with_a_paler_copy_of_the_teacher(shape, seed, mixed):
    t = logits(shape, seed, 2.0)
    paler = ((1 - mixed) * t.softmax(1) + mixed / shape[1]).log()  # rows and columns a p + b, a > 0
    assert correlation(paler, t).item() < 1e-20
    assert soft_targets(paler, t, 1.0) > 1e-6


@given(sizes, seeds)
def test_correlation_ends_at_twice_its_weights(shape, seed):
    s, t = logits(shape, seed), logits(shape, seed + 1)
    assert 0 <= correlation(s, t, 1.0, 2.0, 3.0) <= 2 * 3**2 * (1 + 2)


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
