"""Terms on layers, and the modules that learn beside the student because of them."""

import gc
import weakref

import pytest

import kdviz as kd
from kdviz.distill import auxiliary

from .conftest import same_weights

HINT = 0.9 * kd.SoftTargets() + 0.1 * kd.HardLabels() + 0.5 * kd.Hint("relu1")


def taught(run: kd.Distillation, steps: int) -> kd.Distillation:
    while run.steps_done < steps:
        run.step()
    return run


def test_a_branch_repeats_the_run_bit_for_bit_and_so_does_a_look_back(make):
    run = taught(make(objective=HINT), 20)
    middle = taught(make(objective=HINT), 11)
    assert same_weights(run.at(11), middle.student)
    other = taught(run.branch(11), 20)
    assert same_weights(other.student, run.student) and same_weights(other.auxiliary, run.auxiliary)
    assert other.history.rows.tolist() == run.history.rows.tolist()


def test_a_saved_run_goes_on_with_its_auxiliary_modules(make, teacher, clouds, tmp_path):
    run = taught(make(objective=HINT + 2.0 * kd.Adversarial()), 9)
    run.save(tmp_path)
    again = kd.Distillation.load(tmp_path, teacher=teacher, data=clouds)
    assert again.objective == run.objective and same_weights(again.auxiliary, run.auxiliary)
    taught(run, 15), taught(again, 15)
    assert same_weights(again.student, run.student) and same_weights(again.auxiliary, run.auxiliary)


def test_features_are_asked_for_once_and_live_answers_are_the_same(make, teacher, monkeypatch):
    cached = taught(make(objective=HINT), 12)
    assert cached._training_step.cached
    monkeypatch.setattr(auxiliary, "FEATURE_BYTES", 0)
    live = make(objective=HINT)
    assert not live._training_step.cached
    taught(live, 12)
    assert abs(cached.history.rows - live.history.rows).max() < 1e-4


def test_the_teacher_answers_once_for_logits_and_layers(make, teacher, clouds):
    asked = []
    handle = teacher.register_forward_pre_hook(lambda module, inputs: asked.append(len(inputs[0])))
    try:
        run = make(objective=HINT)
        asked.clear()
        taught(run, 30)
    finally:
        handle.remove()
    assert sum(asked) == len(clouds.train)  # 30 steps of 32 in all, over more than one epoch


def test_no_hook_stays_and_no_gradient_reaches_the_teacher(make, teacher):
    for p in teacher.parameters():
        p.requires_grad_(True)
        p.grad = None
    try:
        run = taught(make(objective=HINT + kd.Adversarial() + kd.RelationalDistance("relu1")), 3)
    finally:
        for p in teacher.parameters():
            p.requires_grad_(False)
    assert all(p.grad is None for p in teacher.parameters())
    for model in (run.student, teacher):
        assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_a_twin_has_no_auxiliary_module(make):
    twin = make(objective=HINT).twin()
    assert len(twin.auxiliary) == 0 and twin.settings.objective == 1.0 * kd.HardLabels()


def test_weights_of_terms_are_live_and_recorded(make):
    run = taught(make(objective=HINT), 5)
    assert run.editable == ("temperature", "alpha", "weight_hint", "learning_rate")
    run.edit(weight_hint=3.0)
    taught(run, 8)
    assert run.history.column("weight_hint").tolist() == [0.5] * 5 + [3.0] * 3
    assert run.branch(5, weight_hint=0.0).objective.weighted[2][0] == 0
    with pytest.raises(ValueError, match="weight of the hint term must be a finite number >= 0, got -1"):
        run.edit(weight_hint=-1.0)


def test_a_dropped_run_leaves_nothing_behind(make):
    run = taught(make(objective=HINT), 3)
    gone = weakref.ref(run.auxiliary["hint"])
    del run
    gc.collect()
    assert gone() is None
