"""Terms and their algebra: every soft term can be weighed, edited, written down and read back like soft targets."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz import losses
from kdviz.distill import Objective
from kdviz.distill.terms import Outputs

from .conftest import same_weights

SOFT = [kd.SoftTargets, kd.ReverseKL, kd.SoftTargetsWithoutT2]


def outputs(seed: int = 0) -> Outputs:
    generator = torch.Generator().manual_seed(seed)
    s, t = (torch.randn(6, 3, generator=generator) for _ in range(2))
    return Outputs(s, t, torch.tensor([0, 1, 2, -1, 0, 1]))


@pytest.mark.parametrize(("term", "expected"), [
    (kd.SoftTargets, lambda o: losses.soft_targets(o.student, o.teacher, 3.0)),
    (kd.ReverseKL, lambda o: losses.reverse_kl(o.student, o.teacher, 3.0)),
    (kd.SoftTargetsWithoutT2, lambda o: losses.soft_targets(o.student, o.teacher, 3.0) / 9),
])  # fmt: skip
def test_each_soft_term_is_its_loss_at_the_temperature_in_force(term, expected):
    assert term().value(outputs(), {"temperature": 3.0}).item() == pytest.approx(expected(outputs()).item(), rel=1e-6)


def test_label_smoothing_is_its_loss_at_the_smoothing_in_force():
    o = outputs()
    value = kd.LabelSmoothing().value(o._replace(labelled=5), {"smoothing": 0.3})
    assert value == losses.label_smoothing(o.student, o.labels, 0.3)
    assert value != losses.hard_labels(o.student, o.labels)


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


def test_label_smoothing_can_be_written_down_and_read_back():
    objective = 0.5 * kd.SoftTargets() + 0.5 * kd.LabelSmoothing(smoothing=kd.schedules.Linear(0.2, 0))
    assert Objective.from_dict(json.loads(json.dumps(objective.to_dict()))) == objective
    assert objective.alpha is None  # alpha balances soft targets against hard labels


def test_two_terms_of_one_name_are_told_apart_and_alpha_balances_no_third(make):
    objective = 0.5 * kd.SoftTargets(4) + 0.2 * kd.ReverseKL(2) + 0.3 * kd.HardLabels()
    assert objective.names == ("soft", "soft_2", "hard") and objective.alpha is None
    run = make(objective=objective)
    assert "alpha" not in run.editable and {"temperature", "soft_2_temperature", "weight_soft_2"} <= set(run.editable)
    run.edit(soft_2_temperature=3.0, weight_soft_2=0.4)
    assert run.objective == 0.5 * kd.SoftTargets(4) + 0.4 * kd.ReverseKL(3) + 0.3 * kd.HardLabels()
    assert run.objective.edited(temperature=1.0).terms[0] == kd.SoftTargets(1)


def test_a_term_of_ones_own_is_refused_by_name():
    class Mine(kd.SoftTargets):
        pass

    with pytest.raises(ValueError, match=r"the term Mine is your own, and only SoftTargets, .* can be saved"):
        kd.hinton(term=Mine).to_dict()


@pytest.mark.parametrize("wrong", [kd.HardLabels, kd.SoftTargets(), "ReverseKL", None])
def test_what_is_no_soft_term_is_refused_in_a_sentence(wrong):
    with pytest.raises(TypeError, match="term must be SoftTargets or a class derived from it, such as ReverseKL, got"):
        kd.hinton(term=wrong)


@pytest.mark.parametrize("smoothing", [-0.1, 1.5, kd.schedules.Linear(0.5, 2)])
def test_a_smoothing_out_of_range_is_refused_at_the_start(smoothing):
    with pytest.raises(ValueError, match=r"smoothing must lie in \[0, 1\]"):
        kd.LabelSmoothing(smoothing)


@pytest.mark.parametrize("term", [kd.ReverseKL, kd.SoftTargetsWithoutT2])
def test_a_run_with_another_soft_term_is_edited_branched_saved_and_told_as_any_other(
    make, teacher, clouds, term, tmp_path
):
    run = make(objective=kd.hinton(0.9, 2.0, term))
    assert run.editable == ("temperature", "alpha", "learning_rate")
    for _ in range(10):
        run.step()
    run.edit(temperature=5.0, alpha=0.5)
    run.train(progress=False)
    assert run.history.columns == (
        "loss", "soft", "hard", "weight_soft", "weight_hard", "temperature", "learning_rate",
    )  # fmt: skip
    assert run.history.column("temperature").tolist() == [2.0] * 10 + [5.0] * 58
    assert type(run.objective.terms[0]) is term
    branch = run.branch(5).train(progress=False)
    assert branch.history.rows.tobytes() == run.history.rows.tobytes()
    again = kd.Distillation.load(run.save(tmp_path), teacher=teacher, data=clouds)
    assert again.objective == run.objective and same_weights(again.student, run.student)
    assert kd.Recipe.from_json(run.recipe.to_json()) == run.recipe
    usual = make(objective=kd.hinton(0.9, 2.0)).train(progress=False)
    assert not same_weights(usual.student, run.student)


def test_reverse_kl_teaches_without_any_label(make, clouds):
    silent = clouds.with_labels(0, keep_unlabelled=True)
    run = make(data=silent, objective=kd.ReverseKL(), learning_rate=2e-2).train(progress=False)
    assert run.evaluate("test").accuracy > 0.75


def test_smoothed_labels_have_columns_of_their_own(make):
    run = make(objective=kd.SoftTargets() + 0.5 * kd.LabelSmoothing(kd.schedules.Linear(0.2, 0.0))).train(
        progress=False
    )
    assert run.history.columns == (
        "loss", "soft", "smoothed", "weight_soft", "weight_smoothed", "temperature", "smoothing", "learning_rate",
    )  # fmt: skip
    smoothing = run.history.column("smoothing")
    assert smoothing[0] == 0.2 and smoothing[-1] == pytest.approx(0)
    by_hand = run.history.column("soft") + 0.5 * run.history.column("smoothed")
    np.testing.assert_allclose(run.history.column("loss"), by_hand, rtol=1e-5)
    assert run.editable == ("temperature", "weight_soft", "weight_smoothed", "smoothing", "learning_rate")


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
