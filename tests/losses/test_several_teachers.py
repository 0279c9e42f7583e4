"""Several teachers at once: what some of them rule out."""

from __future__ import annotations

import math

import pytest
import torch

from kdviz import losses
from kdviz.losses.several_teachers import confident_log_weights, fused_likelihood

INF = math.inf


def test_several_teachers_share_what_one_of_them_rules_out():
    t = torch.tensor([[[0.0, 0.0], [0.0, -INF]]], dtype=torch.float64)  # p = (1/2, 1/2) and (1, 0)
    s = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    even = torch.full((1, 2), 0.5, dtype=torch.float64).log()
    loss = losses.multi_teacher(s, t, even, 1.0)
    loss.backward()
    assert loss.item() == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5), rel=1e-12)
    assert s.grad.tolist()[0] == pytest.approx([-0.25, 0.25])


def test_teachers_that_rule_out_the_label_count_nothing():
    one = torch.tensor([[[0.0, 0.0, 0.0], [0.0, 0.0, -INF], [0.0, 0.0, 0.0]]])
    two = torch.tensor([[[0.0, 0.0, 0.0], [0.0, 0.0, -INF], [0.0, 0.0, -INF]]])
    y = torch.tensor([2])
    assert confident_log_weights(one, y).exp().tolist()[0] == pytest.approx([0.5, 0, 0.5])
    assert confident_log_weights(two, y).exp().tolist()[0] == pytest.approx([0.5, 0.25, 0.25])
    assert confident_log_weights(two, torch.tensor([-1])).exp().tolist()[0] == pytest.approx([1 / 3] * 3)


def test_a_gate_learns_nothing_from_a_label_that_all_rule_out():
    t = torch.tensor([[[0.0, -INF], [0.0, -INF]], [[1.0, 0.0], [0.0, -INF]]])
    log_w = torch.full((2, 2), 0.5).log().requires_grad_()
    loss = fused_likelihood(t, log_w, torch.tensor([1, 1]))
    loss.backward()
    assert loss.item() == pytest.approx(-math.log(0.5 / (1 + math.e)), rel=1e-6)
    assert log_w.grad.isfinite().all() and (log_w.grad[0] == 0).all() and log_w.grad[1].tolist() == [-1, 0]
