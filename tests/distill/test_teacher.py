"""A teacher: asked once, cached, never trained, and noticed when it changes."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill import Teacher

from .small_models import trained


def test_teacher_outputs_are_cached_and_in_line_with_their_inputs(make, teacher):
    asked = []
    hook = teacher.register_forward_hook(lambda *_: asked.append(1))
    run = make()
    run.train(progress=False, evaluate=False)
    before = len(asked)
    run.train(epochs=2, progress=False, evaluate=False)
    hook.remove()
    assert len(asked) == before
    for step in (0, 5, 33):
        batch = run._batches[step]
        torch.testing.assert_close(batch.teacher, teacher(batch.inputs))


def test_a_cache_is_shared_between_runs_and_never_stale(teacher, clouds):
    shared = Teacher(copy.deepcopy(teacher))
    first = shared.logits(clouds.train)
    assert shared.logits(clouds.train) is first
    reordered = clouds.train.take(torch.arange(len(clouds.train) - 1, -1, -1))
    torch.testing.assert_close(shared.logits(reordered), first.flip(0))
    with torch.no_grad():
        next(shared.module.parameters()).add_(1.0)
    assert not torch.allclose(shared.logits(clouds.train), first)


def test_with_augmentation_teacher_and_student_see_the_same_pixels():
    X, y = torch.rand(64, 1, 28, 28), torch.randint(0, 10, (64,))
    teacher, seen = kd.models.mlp((8,)).eval(), {}
    student = kd.models.mlp((8,), seed=1)
    run = kd.Distillation(teacher, student, (X, y), augment="shift", batch_size=16, allow_weaker_teacher=True)
    teacher.register_forward_pre_hook(lambda _, args: seen.update(teacher=args[0]))
    student.register_forward_pre_hook(lambda _, args: seen.update(student=args[0]))
    first = run._batches[0].inputs
    run.step()
    assert torch.equal(seen["teacher"], seen["student"])
    assert torch.equal(seen["student"], first)
    again = run.branch(0)
    again.step()
    assert again.history.rows.tobytes() == run.history.rows.tobytes()


def test_no_gradient_reaches_the_teacher_and_a_changed_teacher_is_noticed(teacher, make):
    mine = copy.deepcopy(teacher).requires_grad_(True)
    run = make(teacher=mine)
    run.train(epochs=1, progress=False)
    assert all(p.grad is None for p in mine.parameters())
    with torch.no_grad():
        next(mine.parameters()).mul_(2)
    for use in (
        lambda: run.train(epochs=1, progress=False),
        lambda: run.at(3),
        lambda: run.branch(3),
        lambda: run.evaluate("test"),
    ):
        with pytest.raises(RuntimeError, match="the teacher changed while it was teaching"):
            use()


def test_a_teacher_turned_to_training_mode_is_noticed(teacher, make):
    mine = copy.deepcopy(teacher)
    run = make(teacher=mine)
    run.step()
    mine.train()
    with pytest.raises((ValueError, RuntimeError), match=r"training mode|its mode"):
        run.train(epochs=1, progress=False)


def test_an_exported_teacher_is_asked_as_it_is(make, teacher, clouds):
    few = clouds.train.inputs(slice(0, 4))
    program = torch.export.export(teacher, (few,), dynamic_shapes=({0: torch.export.Dim("b")},))
    plain = trained(make())
    for exported in (program, program.module()):
        assert trained(make(teacher=exported)).history.rows.tolist() == plain.history.rows.tolist()
    dropping = nn.Sequential(nn.Dropout(0.5), teacher)
    dropping[0].train()
    program = torch.export.export(dropping.train(), (few,), dynamic_shapes=({0: torch.export.Dim("b")},))
    teacher.eval()
    with pytest.raises(ValueError, match=r"exported in training mode.*export model\.eval\(\)"):
        make(teacher=program)
