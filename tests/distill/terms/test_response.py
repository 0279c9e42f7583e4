"""Soft terms: each is its loss, and can be weighed, edited, written down and read back."""

from __future__ import annotations

import json

import pytest
import torch

import kdviz as kd
from kdviz import losses
from kdviz.distill import Objective

from .outputs import outputs

SOFT = [kd.SoftTargets, kd.ReverseKL, kd.SoftTargetsWithoutT2]


@pytest.mark.parametrize(("term", "expected"), [
    (kd.SoftTargets, lambda o: losses.soft_targets(o.student, o.teacher, 3.0)),
    (kd.ReverseKL, lambda o: losses.reverse_kl(o.student, o.teacher, 3.0)),
    (kd.SoftTargetsWithoutT2, lambda o: losses.soft_targets(o.student, o.teacher, 3.0) / 9),
])  # fmt: skip
def test_each_soft_term_is_its_loss_at_the_temperature_in_force(term, expected):
    assert term().value(outputs(), {"temperature": 3.0}).item() == pytest.approx(expected(outputs()).item(), rel=1e-6)


@pytest.mark.parametrize("term", SOFT)
def test_alpha_and_temperature_of_any_soft_term_can_be_read_and_edited(term):
    objective = kd.hinton(0.8, 3, term)
    assert objective == 0.8 * term(temperature=3) + (1 - 0.8) * kd.HardLabels()
    assert (objective.alpha, objective.temperature) == (0.8, 3.0)
    edited = objective.edited(alpha=0.25, temperature=7)
    assert edited == 0.25 * term(temperature=7) + 0.75 * kd.HardLabels()
    assert [type(t) for t in edited.terms] == [term, kd.HardLabels]
    assert (1.0 * term()).alpha == 1.0
    with pytest.raises(ValueError, match="temperature must be a finite number > 0, got -1"):
        objective.edited(temperature=-1)


@pytest.mark.parametrize("term", SOFT)
def test_any_soft_term_can_be_written_down_and_read_back(term):
    objective = kd.hinton(0.8, kd.schedules.Linear(8, 1), term)
    again = Objective.from_dict(json.loads(json.dumps(objective.to_dict())))
    assert again == objective and type(again.terms[0]) is term


def test_terms_of_another_class_are_not_equal():
    assert kd.hinton(0.8, 3) != kd.hinton(0.8, 3, kd.ReverseKL)


@pytest.mark.parametrize("wrong", [kd.HardLabels, kd.SoftTargets(), "ReverseKL", None])
def test_what_is_no_soft_term_is_refused_in_a_sentence(wrong):
    with pytest.raises(TypeError, match="term must be SoftTargets or a class derived from it, such as ReverseKL, got"):
        kd.hinton(term=wrong)


def test_reverse_kl_teaches_without_any_label(make, clouds):
    silent = clouds.with_labels(0, keep_unlabelled=True)
    run = make(data=silent, objective=kd.ReverseKL(), learning_rate=2e-2).train(progress=False)
    assert run.evaluate("test").accuracy > 0.75


def test_focused_soft_targets_dwell_on_disagreement_and_without_focus_are_plain():
    o = outputs()
    plain = kd.SoftTargets(3).value(o, {"temperature": 3.0})
    torch.testing.assert_close(kd.FocusedSoftTargets(3).value(o, {"temperature": 3.0, "focus": 0.0}), plain)
    each = kd.losses.soft_targets(o.student, o.teacher, 3.0, reduction="none").tolist()
    p, q = o.teacher.softmax(1).tolist(), o.student.softmax(1).tolist()
    apart = [sum(abs(a - b) for a, b in zip(t, s, strict=True)) / 2 for t, s in zip(p, q, strict=True)]
    weights = [a**2 / (sum(b**2 for b in apart) / len(apart)) for a in apart]
    expected = sum(w * e for w, e in zip(weights, each, strict=True)) / len(each)
    got = kd.FocusedSoftTargets(3).value(o, {"temperature": 3.0, "focus": 2.0}).item()
    assert got == pytest.approx(expected, rel=1e-5)
    same = o._replace(student=o.teacher.clone().requires_grad_())
    value = kd.FocusedSoftTargets(3).value(same, {"temperature": 3.0, "focus": 1.0})
    (gradient,) = torch.autograd.grad(value, same.student)
    assert value.item() == 0 and gradient.abs().max() < 1e-6
