"""Losses that learn from labels alone, held against loops written from the formulas in float64."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from kdviz.losses.labels import UNLABELLED, hard_labels, label_smoothing, virtual_teacher
from kdviz.losses.response import soft_targets

sizes = st.tuples(st.integers(1, 6), st.integers(2, 7))
seeds = st.integers(0, 10**6)
LOSSES = [hard_labels, label_smoothing, virtual_teacher]


def logits(shape: tuple[int, ...], seed: int, scale: float = 5.0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale


def labels(shape: tuple[int, int], seed: int) -> Tensor:
    """One class an example, some of them unknown."""
    return torch.randint(-1, shape[1], shape[:1], generator=torch.Generator().manual_seed(seed))


def log_softmax_by_hand(z: list[float], temperature: float = 1.0) -> list[float]:
    top = max(z)
    log_sum = math.log(math.fsum(math.exp((v - top) / temperature) for v in z))
    return [(v - top) / temperature - log_sum for v in z]


def smoothed_by_hand(row: list[float], y: int, smoothing: float) -> float:
    target = [smoothing / len(row) + (1 - smoothing) * (c == y) for c in range(len(row))]
    return -math.fsum(tc * lq for tc, lq in zip(target, log_softmax_by_hand(row), strict=True))


def virtual_by_hand(row: list[float], y: int, correct: float, temperature: float) -> float:
    """T² Σ_c p_c log(p_c / q_c) with p the softened made-up teacher."""
    made_up = [math.log(correct if c == y else (1 - correct) / (len(row) - 1)) for c in range(len(row))]
    log_p, log_q = log_softmax_by_hand(made_up, temperature), log_softmax_by_hand(row, temperature)
    return temperature**2 * math.fsum(math.exp(lp) * (lp - lq) for lp, lq in zip(log_p, log_q, strict=True))


def agrees(loss_of, by_hand, shape: tuple[int, int], seed: int) -> None:
    """Compare values, mean, and what becomes of examples without a label, to 1e-9."""
    s, y = logits(shape, seed).requires_grad_(), labels(shape, seed + 1)
    each = [by_hand(row, c) if c != UNLABELLED else 0.0 for row, c in zip(s.tolist(), y.tolist(), strict=True)]
    labelled = int((y != UNLABELLED).sum())
    expected = pytest.approx(math.fsum(each) / max(1, labelled), rel=1e-9, abs=1e-9)
    loss = loss_of(s, y)
    loss.backward()
    assert loss.item() == expected
    assert (s.grad[y == UNLABELLED] == 0).all() and s.grad.isfinite().all()
    assert loss_of(s, y, labelled=labelled).item() == expected
    assert loss_of(s, y, reduction="none").tolist() == pytest.approx(each, rel=1e-9, abs=1e-9)


@given(sizes, seeds)
def test_hard_labels_average_over_the_labelled_examples_only(shape, seed):
    agrees(hard_labels, lambda row, y: -log_softmax_by_hand(row)[y], shape, seed)


@given(sizes, st.floats(0, 1), seeds)
def test_smoothed_labels_average_over_the_labelled_examples_only(shape, smoothing, seed):
    def loss_of(s, y, **more):
        return label_smoothing(s, y, smoothing, **more)

    agrees(loss_of, lambda row, y: smoothed_by_hand(row, y, smoothing), shape, seed)
    s, y = logits(shape, seed), labels(shape, seed + 1)
    if (y != UNLABELLED).any():
        theirs = F.cross_entropy(s, y, ignore_index=-1, label_smoothing=smoothing)
        torch.testing.assert_close(label_smoothing(s, y, smoothing), theirs, rtol=1e-12, atol=1e-12)


@given(sizes, st.floats(0.5, 0.999), st.floats(0.5, 40), seeds)
def test_the_virtual_teacher_agrees_with_the_formula_to_1e_9(shape, correct, temperature, seed):
    def loss_of(s, y, **more):
        return virtual_teacher(s, y, correct, temperature, **more)

    agrees(loss_of, lambda row, y: virtual_by_hand(row, y, correct, temperature), shape, seed)


@given(sizes, st.floats(0.5, 0.999), st.floats(0.5, 40), seeds)
def test_the_virtual_teacher_is_a_teacher_as_any_other(shape, correct, temperature, seed):
    s, y = logits(shape, seed), labels(shape, seed + 1).clamp(min=0)
    made_up = torch.full(shape, math.log((1 - correct) / (shape[1] - 1)), dtype=torch.float64)
    made_up = made_up.scatter(1, y[:, None], math.log(correct))
    as_teacher = soft_targets(s, made_up, temperature)
    torch.testing.assert_close(virtual_teacher(s, y, correct, temperature), as_teacher, rtol=1e-9, atol=1e-9)


@given(sizes, st.floats(0.5, 0.999), st.floats(0.5, 40), seeds)
def test_a_student_that_answers_as_the_virtual_teacher_is_done(shape, correct, temperature, seed):
    y = labels(shape, seed).clamp(min=0)
    rest = (1 - correct) / (shape[1] - 1)
    p = torch.full(shape, rest, dtype=torch.float64).scatter(1, y[:, None], correct)
    s = p.log().requires_grad_()
    loss = virtual_teacher(s, y, correct, temperature)
    loss.backward()
    assert abs(loss.item()) < 1e-11 and s.grad.abs().max() < 1e-12


@pytest.mark.parametrize(("classes", "temperature"), [(2, 1.0), (3, 0.3), (10, 20.0)])  # at 3, 0.3 C·l rounds above 1
def test_a_virtual_teacher_at_chance_teaches_to_know_nothing(classes, temperature):
    s = torch.zeros(2, classes, dtype=torch.float64, requires_grad=True)
    loss = virtual_teacher(s, torch.tensor([0, 1]), 1 / classes, temperature)
    loss.backward()
    assert abs(loss.item()) < 1e-12 and s.grad.abs().max() < 1e-12


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


@pytest.mark.parametrize("loss_of", LOSSES)
@given(sizes, seeds, st.floats(-100, 100))
def test_neither_offset_nor_order_matters(loss_of, shape, seed, constant):
    s, y = logits(shape, seed), labels(shape, seed + 1)
    rows = torch.randperm(shape[0], generator=torch.Generator().manual_seed(seed))
    columns = torch.randperm(shape[1], generator=torch.Generator().manual_seed(seed))
    renamed = torch.cat([columns.argsort(), torch.tensor([UNLABELLED])])[y]  # -1 is the last entry
    again = loss_of(s[rows][:, columns] + constant, renamed[rows])
    torch.testing.assert_close(again, loss_of(s, y), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("loss_of", LOSSES)
def test_gradients_are_those_of_the_values(loss_of):
    s, y = logits((4, 3), 0, 1.0).requires_grad_(), torch.tensor([0, 2, -1, 1])
    assert torch.autograd.gradcheck(lambda z: loss_of(z, y), (s,))
    assert torch.autograd.gradcheck(lambda z: loss_of(z, y, reduction="none"), (s,))


@pytest.mark.parametrize("loss_of", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("scale", [1e4, 1e6])
def test_extreme_logits_stay_finite(loss_of, dtype, scale):
    for y in (0, 1):
        s = torch.tensor([[scale, -scale]], dtype=dtype, requires_grad=True)
        loss = loss_of(s, torch.tensor([y]))
        loss.backward()
        assert loss.isfinite() and s.grad.isfinite().all()


@pytest.mark.parametrize("loss_of", LOSSES)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(loss_of, dtype):
    s, y = logits((8, 5), 0).to(dtype), torch.arange(8) % 5
    assert loss_of(s, y).dtype == torch.float32
    assert loss_of(s.double(), y).dtype == torch.float64
    torch.testing.assert_close(loss_of(s, y), loss_of(s.float(), y))


@pytest.mark.parametrize("loss_of", LOSSES)
def test_more_dimensions_are_more_positions(loss_of):
    s, y = logits((2, 3, 4), 0), torch.tensor([[0, -1, 2], [3, 1, -1]])
    each = loss_of(s, y, reduction="none")
    assert each.shape == y.shape
    torch.testing.assert_close(each.flatten(), loss_of(s.flatten(0, 1), y.flatten(), reduction="none"))
    torch.testing.assert_close(loss_of(s, y), each.sum() / 4)


@pytest.mark.parametrize("loss_of", LOSSES)
def test_a_batch_without_labels_costs_nothing_and_moves_nothing(loss_of):
    s = logits((3, 4), 0).requires_grad_()
    loss = loss_of(s, torch.full((3,), UNLABELLED))
    loss.backward()
    assert loss == 0 and (s.grad == 0).all()


@pytest.mark.parametrize("loss_of", LOSSES)
def test_vmap_over_examples_gives_one_value_an_example(loss_of):
    s, y = logits((5, 4), 0), torch.tensor([0, -1, 2, 3, 1])
    torch.testing.assert_close(torch.func.vmap(loss_of)(s, y), loss_of(s, y, reduction="none"))


@pytest.mark.parametrize("loss_of", LOSSES)
def test_no_number_is_read_back_from_the_device(loss_of):
    s = torch.zeros(4, 3, device="meta", requires_grad=True)  # has no numbers
    loss_of(s, torch.zeros(4, dtype=torch.long, device="meta")).backward()
    assert s.grad.is_meta


@pytest.mark.parametrize("loss_of", LOSSES)
def test_what_does_not_fit_is_named(loss_of):
    with pytest.raises(ValueError, match='reduction must be "mean" or "none", got \'sum\''):
        loss_of(torch.zeros(1, 2), torch.zeros(1, dtype=torch.long), reduction="sum")
    with pytest.raises(ValueError, match=r"y must have shape \(2,\), one class per example, got \(3,\)"):
        loss_of(torch.zeros(2, 3), torch.zeros(3, dtype=torch.long))


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, math.nan])
def test_a_smoothing_out_of_range_is_named(smoothing):
    with pytest.raises(ValueError, match=rf"smoothing must lie in \[0, 1\] .*, got {smoothing}"):
        label_smoothing(torch.zeros(1, 2), torch.zeros(1, dtype=torch.long), smoothing)


@pytest.mark.parametrize("correct", [0.0, 0.2, 1.0, math.nan])
def test_a_virtual_teacher_below_chance_or_without_doubt_is_named(correct):
    with pytest.raises(ValueError, match=rf"correct must lie in \[1/C, 1\) with C = 4 classes .*, got {correct}"):
        virtual_teacher(torch.zeros(1, 4), torch.zeros(1, dtype=torch.long), correct)


def test_a_virtual_teacher_s_temperature_out_of_range_is_named():
    with pytest.raises(ValueError, match="temperature must be a finite number > 0, got 0"):
        virtual_teacher(torch.zeros(1, 4), torch.zeros(1, dtype=torch.long), temperature=0)


weights = st.lists(st.floats(0.1, 10), min_size=4, max_size=4)


@given(weights, st.integers(0, 10**6), st.floats(0, 1))
def test_class_weights_are_torch_s_weighted_mean(weight, seed, smoothing):
    generator = torch.Generator().manual_seed(seed)
    s = torch.randn(6, 4, generator=generator, dtype=torch.float64)
    y = torch.randint(-1, 4, (6,), generator=generator)
    y[0] = 2
    w = torch.tensor(weight, dtype=torch.float64)
    theirs = F.cross_entropy(s, y, weight=w, ignore_index=-1, label_smoothing=smoothing)
    torch.testing.assert_close(label_smoothing(s, y, smoothing, weight=w), theirs, rtol=1e-12, atol=1e-12)
    by_hand = [w[c] * -torch.log_softmax(row, 0)[c] if c >= 0 else torch.zeros(()) for row, c in zip(s, y, strict=True)]
    each = hard_labels(s, y, weight=w, reduction="none")
    torch.testing.assert_close(each, torch.stack([e.double() for e in by_hand]), rtol=1e-12, atol=1e-12)
    mean = each.sum() / sum(w[c] for c in y if c >= 0)
    torch.testing.assert_close(hard_labels(s, y, weight=w), mean, rtol=1e-12, atol=1e-12)


def test_classes_that_weigh_nothing_are_not_learned():
    s = torch.randn(3, 2, requires_grad=True)
    loss = hard_labels(s, torch.tensor([0, 0, -1]), weight=torch.tensor([0.0, 1.0]))
    loss.backward()
    assert loss == 0 and (s.grad == 0).all()


def test_soft_labels_that_are_sure_are_hard_labels():
    s, y = torch.randn(5, 3, dtype=torch.float64), torch.tensor([0, 2, -1, 1, 1])
    soft = F.one_hot(y.clamp(min=0), 3).double()
    soft[2] = math.nan  # of an example without a label
    for weight in (None, torch.tensor([1.0, 5.0, 0.5], dtype=torch.float64)):
        for smoothing in (0.0, 0.3):
            for reduction in ("mean", "none"):
                more = {"weight": weight, "reduction": reduction}
                expected = label_smoothing(s, y, smoothing, **more)
                torch.testing.assert_close(label_smoothing(s, y, smoothing, soft=soft, **more), expected)


def test_soft_labels_are_learned_by_their_cross_entropy():
    s = torch.tensor([[1.0, 0.0, -1.0], [0.0, 0.0, 0.0]], dtype=torch.float64, requires_grad=True)
    soft = torch.tensor([[0.2, 0.8, 0.0], [0.5, 0.0, 0.5]], dtype=torch.float64)
    y = soft.argmax(1)
    loss = hard_labels(s, y, soft=soft)
    torch.testing.assert_close(loss, F.cross_entropy(s, soft))
    (gradient,) = torch.autograd.grad(loss, s)
    torch.testing.assert_close(gradient, ((s.softmax(1) - soft) / 2).detach())
    w = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)
    each = -(soft * w * s.log_softmax(1)).sum(1)
    torch.testing.assert_close(hard_labels(s, y, soft=soft, weight=w), each.sum() / (soft * w).sum())
    ruled_out = s.detach().clone()
    ruled_out[0, 2] = -math.inf  # 0 · log 0
    assert hard_labels(ruled_out, y, soft=soft).isfinite()


@pytest.mark.parametrize(("more", "match"), [
    ({"weight": torch.ones(2)}, r"weight must have shape \(3,\), one number per class, got \(2,\)"),
    ({"soft": torch.ones(2, 2)}, r"soft labels must have the shape of the logits, \(2, 3\), got \(2, 2\)"),
])  # fmt: skip
def test_weights_and_soft_labels_that_do_not_fit_are_named(more, match):
    with pytest.raises(ValueError, match=match):
        hard_labels(torch.zeros(2, 3), torch.tensor([0, 1]), **more)
