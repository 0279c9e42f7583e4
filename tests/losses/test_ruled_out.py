"""Classes that a teacher rules out, logits of −∞: 0 · log 0 is 0, in value and in gradient."""

from __future__ import annotations

import math
from functools import partial
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from kdviz import losses

from .by_hand import kl_by_hand, logits, order, softmax_by_hand, standardized_by_hand

INF = math.inf


S = torch.tensor([[1.0, 0.0, -1.0, 2.0], [0.0, 3.0, 1.0, 1.0]], dtype=torch.float64)


T = torch.tensor([[2.0, 1.0, -INF, 0.0], [0.0, 1.0, 2.0, -INF]], dtype=torch.float64)


Y = torch.tensor([0, 2])


def decoupled_of_first(s: Tensor, t: Tensor, **more) -> Tensor:
    return losses.decoupled(s, t, t.argmax(-1), **more)


FINITE = {
    "soft targets": losses.soft_targets,
    "without T²": partial(losses.soft_targets, times_t_squared=False),
    "soft cross-entropy": losses.soft_cross_entropy,
    "Jensen-Shannon": losses.jensen_shannon,
    "decoupled": decoupled_of_first,
    "standardized": losses.standardized_soft_targets,
    "correlation": lambda s, t, temperature=1.0: losses.correlation(s, t, temperature=temperature),
    "focused": losses.focused_soft_targets,
    "token": lambda s, t, temperature=3.0: losses.distillation_token(s, t, "soft", temperature),
    "two teachers": lambda s, t, temperature=4.0: losses.multi_teacher(
        s, torch.stack((t, t), 1), torch.full((len(s), 2), 0.5, dtype=s.dtype).log(), temperature
    ),
}


INFINITE = {
    "reverse KL": losses.reverse_kl,
    "logit MSE": losses.logit_mse,
    "logit Huber": losses.logit_huber,
}


def each_of(these: dict):
    return pytest.mark.parametrize("loss_of", these.values(), ids=these.keys())


def test_the_values_of_an_independent_source():
    assert losses.soft_targets(S, T, 2.0).item() == pytest.approx(1.5314711057, abs=1e-9)
    assert losses.decoupled(S, T, Y, 1.0, 8.0, 2.0).item() == pytest.approx(13.4189326068, abs=1e-9)


@given(st.integers(1, 4), st.integers(2, 6), st.floats(0.5, 20), st.integers(0, 10**6), st.data())
def test_what_is_ruled_out_is_no_part_of_the_sum(rows, classes, temperature, seed, data):
    s, t = logits((rows, classes), seed), logits((rows, classes), seed + 1)
    out = [data.draw(st.sets(st.integers(0, classes - 1), max_size=classes - 1)) for _ in range(rows)]
    for row, ruled in enumerate(out):
        t[row, sorted(ruled)] = -INF
    expected = {name: [] for name in ("soft targets", "soft cross-entropy", "Jensen-Shannon", "decoupled")}
    for row_s, row_t in zip(s.tolist(), t.tolist(), strict=True):
        q, p = softmax_by_hand(row_s, temperature), softmax_by_hand(row_t, temperature)
        m = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
        cross = -math.fsum(pc * math.log(qc) for pc, qc in zip(p, q, strict=True) if pc > 0)
        expected["soft targets"].append(kl_by_hand(p, q))
        expected["soft cross-entropy"].append(cross)
        expected["Jensen-Shannon"].append((kl_by_hand(p, m) + kl_by_hand(q, m)) / 2)
        y = row_t.index(max(row_t))
        others = [c for c in range(classes) if c != y]
        there, here = math.fsum(p[c] for c in others), math.fsum(q[c] for c in others)
        nckd = 0.0
        if there > 0:
            nckd = kl_by_hand([p[c] / there for c in others], [q[c] / here for c in others])
        expected["decoupled"].append(kl_by_hand([p[y], there], [q[y], here]) + 8 * nckd)
    for name, of_rows in expected.items():
        value = FINITE[name](s, t, temperature=temperature, reduction="none")
        told = [temperature**2 * v for v in of_rows]
        assert value.tolist() == pytest.approx(told, rel=1e-7, abs=1e-9), name


def test_standardizing_measures_both_sides_by_the_classes_that_are_left():
    s, t = [1.0, 0.5, 7.0, -1.0], [2.0, 1.0, -INF, -0.5]
    left = [0, 1, 3]
    mean = math.fsum(s[c] for c in left) / 3
    sd = math.sqrt(math.fsum((s[c] - mean) ** 2 for c in left) / 2)
    q = softmax_by_hand([(v - mean) / (1e-7 + sd) for v in s], 2.0)
    p = softmax_by_hand(standardized_by_hand([t[c] for c in left]), 2.0)
    told = losses.standardized_soft_targets(torch.tensor([s]).double(), torch.tensor([t]).double(), 2.0)
    assert told.item() == pytest.approx(4 * kl_by_hand(p, [q[c] for c in left]), rel=1e-9)


@each_of(FINITE)
def test_value_and_gradient_are_finite(loss_of):
    for case in product([torch.float64, torch.float32, torch.bfloat16, torch.float16], [0.5, 1.0, 4.0]):
        dtype, temperature = case
        s = S.to(dtype, copy=True).requires_grad_()
        loss = loss_of(s, T.to(dtype), temperature=temperature)
        loss.backward()
        assert loss.isfinite() and loss >= 0 and s.grad.isfinite().all() and (s.grad != 0).any(), case


@each_of(FINITE)
@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_a_large_negative_logit_comes_to_the_same(loss_of, seed):
    s, t = logits((3, 5), seed, 1.0), logits((3, 5), seed + 1, 1.0)
    t[0, order(5, seed)[:2]], t[1, order(5, seed)[4]] = -INF, -INF
    far = t.masked_fill(t == -INF, -1e5)
    if loss_of is FINITE["standardized"]:  # whose spread would take the −10⁵ for a logit
        return
    a, b = (s.clone().requires_grad_() for _ in range(2))
    torch.testing.assert_close(loss_of(a, t), loss_of(b, far), rtol=1e-9, atol=1e-12)
    loss_of(a, t).backward(), loss_of(b, far).backward()
    torch.testing.assert_close(a.grad, b.grad, rtol=1e-9, atol=1e-12)


@each_of({name: loss for name, loss in FINITE.items() if name != "focused"})  # whose weights have none
def test_gradients_are_those_of_the_values(loss_of):
    assert torch.autograd.gradcheck(lambda z: loss_of(z, T), (S.clone().requires_grad_(),))


@each_of({**FINITE, **INFINITE})
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_what_both_rule_out_costs_nothing(loss_of, dtype):
    s = S.masked_fill(T == -INF, -INF).to(dtype, copy=True).requires_grad_()
    loss = loss_of(s, T.to(dtype))
    loss.backward()
    assert loss.isfinite() and s.grad.isfinite().all() and (s.grad[T == -INF] == 0).all()
    equal = T.to(dtype).clone().requires_grad_()
    at_rest = loss_of(equal, T.to(dtype))
    at_rest.backward()
    if loss_of is not FINITE["soft cross-entropy"]:  # which is the teacher's entropy there
        assert at_rest.item() == pytest.approx(0, abs=1e-6)
    assert equal.grad.abs().max() < 1e-5


@each_of(INFINITE)
def test_losses_that_cannot_take_it_are_infinite_and_never_nan(loss_of):
    assert loss_of(S, T) == INF
    assert loss_of(S, T, reduction="none").tolist() == [INF, INF]


def test_a_student_that_rules_out_what_the_teacher_says_is_infinitely_far():
    s = T.clone()
    t = S.clone()
    for loss_of in (losses.soft_targets, losses.soft_cross_entropy, decoupled_of_first):
        assert loss_of(s, t) == INF
    assert losses.jensen_shannon(s, t).isfinite()  # it is bounded


@pytest.mark.parametrize("y", [0, 1])
def test_two_classes_of_which_one_is_ruled_out(y):
    t = torch.tensor([[0.0, 0.0]], dtype=torch.float64)
    t[0, 1 - y] = -INF
    s = torch.tensor([[0.3, -0.2]], dtype=torch.float64, requires_grad=True)
    for label in (0, 1):  # the true class may be the one ruled out
        loss = losses.decoupled(s, t, torch.tensor([label]), 1.0, 8.0, 2.0)
        (gradient,) = torch.autograd.grad(loss, s)
        tckd = -4 * torch.log_softmax(s / 2, 1)[0, y]  # the teacher is sure
        torch.testing.assert_close(loss, tckd)
        assert gradient.isfinite().all()


def test_masked_positions_may_hold_anything():
    s, t = torch.stack((S, S)), torch.stack((T, torch.full_like(T, -INF)))
    mask = torch.tensor([[True, True], [False, False]])
    for loss_of in (losses.soft_targets, losses.jensen_shannon, losses.correlation, losses.focused_soft_targets):
        z = s.clone().requires_grad_()
        loss = loss_of(z, t, mask=mask)
        loss.backward()
        torch.testing.assert_close(loss, loss_of(S, T))
        assert (z.grad[1] == 0).all() and z.grad.isfinite().all()
