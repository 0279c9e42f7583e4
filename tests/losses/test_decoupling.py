"""The true class and the others weighed apart, held against the formula."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kdviz.losses import decoupled, soft_targets, standardized_soft_targets

from .by_hand import agrees, decoupled_by_choice, kl_by_hand, logits, seeds, sizes, softmax_by_hand


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


@given(sizes, st.floats(1, 50), seeds, st.floats(0, 4), st.floats(0, 10))
def test_decoupled_agrees_with_the_formula_to_1e_9(shape, temperature, seed, alpha, beta):
    def by_hand(s, t):
        tckd, nckd, _ = decoupled_parts_by_hand(s, t, t.index(max(t)), temperature)
        return temperature**2 * (alpha * tckd + beta * nckd)

    agrees(partial(decoupled_by_choice, alpha=alpha, beta=beta, temperature=temperature), by_hand, shape, seed)


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
