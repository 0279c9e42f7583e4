"""Terms on layers, and the modules that learn beside the student because of them."""

import gc
import weakref

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill import auxiliary

from .conftest import same_weights, small

HINT = 0.9 * kd.SoftTargets() + 0.1 * kd.HardLabels() + 0.5 * kd.Hint("relu1")


def taught(run: kd.Distillation, steps: int) -> kd.Distillation:
    while run.steps_done < steps:
        run.step()
    return run


def test_the_regressor_learns_and_is_no_part_of_the_student(make):
    run = make(objective=HINT, learning_rate=1e-2)
    assert [tuple(p.shape) for p in run.auxiliary["hint"].parameters()] == [(32, 8), (32,)]
    before = run.auxiliary["hint"][0].project.weight.clone()
    parameters = kd.models.parameter_count(run.student)
    run.train(progress=False)
    assert not torch.equal(before, run.auxiliary["hint"][0].project.weight)
    assert kd.models.parameter_count(run.student) == parameters == kd.models.parameter_count(small())
    hint = run.history.column("hint")
    assert hint[-5:].mean() < 0.7 * hint[:5].mean()


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


def test_the_opponent_learns_by_its_own_loss_alone_and_the_student_by_the_objective_alone(make):
    run = make(objective=1.0 * kd.Adversarial(penalty_weight=0.0))
    batch, opponent, student = run._batches[0], run.auxiliary["adversarial"], run.student
    fooled = kd.losses.generator_loss(opponent(student(batch.inputs)))
    told = kd.losses.discriminator_loss(opponent(batch.teacher), opponent(student(batch.inputs).detach()))
    expected = [
        *zip(student.parameters(), torch.autograd.grad(fooled, list(student.parameters())), strict=True),
        *zip(opponent.parameters(), torch.autograd.grad(told, list(opponent.parameters())), strict=True),
    ]
    run.step()
    for p, gradient in expected:
        torch.testing.assert_close(p.grad, gradient)


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


def test_layers_that_do_not_exist_or_cannot_be_compared_are_told_before_the_first_step(make):
    with pytest.raises(ValueError, match=r"layer of the student .* got 'relu7'; there are relu1"):
        make(objective=HINT + kd.Cosine("relu7", "relu1"))
    with pytest.raises(ValueError, match=r"layer of the teacher .* got 'relu7'"):
        make(objective=HINT + kd.Cosine("relu1", "relu7"))
    with pytest.raises(ValueError, match=r"\(2, 8\)"):
        make(objective=HINT + kd.AttentionTransfer("relu1"))
    with pytest.raises(ValueError, match="as many layers each, got 2 and 1"):
        kd.Hint(("a", "b"), "c")
    with pytest.raises(ValueError, match="at least 2 layers a side"):
        kd.SolutionFlow("a")
    with pytest.raises(TypeError, match='such as "relu2"'):
        kd.Hint(3)


def test_batches_of_one_are_refused_where_a_regressor_normalises(clouds):
    images = torch.rand(40, 1, 8, 8), torch.arange(40) % 3
    teacher = kd.models.convnet(4, classes=3, seed=1).eval()
    student = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    objective = kd.HardLabels() + kd.Hint("0", "relu2", regressor="conv-bn")
    with pytest.raises(ValueError, match="use batch_size=2 or more"):
        kd.Distillation(teacher, student, images, objective, batch_size=1)
    kd.Distillation(teacher, student, images, objective, batch_size=2).step()


def test_a_dropped_run_leaves_nothing_behind(make):
    run = taught(make(objective=HINT), 3)
    gone = weakref.ref(run.auxiliary["hint"])
    del run
    gc.collect()
    assert gone() is None
