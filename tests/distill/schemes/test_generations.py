"""What one run hands to the next, and that nobody can forget to train."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill.schemes import (
    assistant_chain,
    born_again,
    frozen,
    progressive,
    snapshot_distillation,
    train_each,
    trainable_copy,
)

from ..conftest import same_weights, small


def test_a_frozen_copy_answers_and_never_learns(make):
    run = make(epochs=1).train(progress=False)
    copy = frozen(run)
    assert same_weights(copy, run.student) and copy.architecture == run.student.architecture
    assert not any(part.training for part in copy.modules())
    assert not any(p.requires_grad or p.grad is not None for p in copy.parameters())
    run.train(epochs=1, progress=False)
    assert not same_weights(copy, run.student)
    assert run.student.training and all(p.requires_grad for p in run.student.parameters())


def test_a_copy_that_is_carried_on_learns_what_its_original_could():
    original = small(hidden=(8, 8)).eval()
    original.linear1.requires_grad_(False)
    copy = trainable_copy(original)
    assert copy.training and not original.training and same_weights(copy, original)
    learns = {name for name, p in copy.named_parameters() if p.requires_grad}
    assert learns == {"linear2.weight", "linear2.bias", "logits.weight", "logits.bias"}


def test_what_is_neither_run_nor_module_cannot_be_copied():
    with pytest.raises(TypeError, match="expected a model, got the text 'teacher'; load it first"):
        frozen("teacher")


@pytest.mark.parametrize("scheme", ["assistant_chain", "born_again", "progressive"])
def test_the_next_run_is_refused_until_this_one_was_trained(scheme, teacher, clouds):
    runs = {
        "assistant_chain": lambda: assistant_chain(teacher, [small((16,)), small()], clouds),
        "born_again": lambda: born_again(small(), clouds),
        "progressive": lambda: progressive(teacher, small(), clouds, [("relu1", "relu1")]),
    }[scheme]()
    next(runs)
    with pytest.raises(ValueError, match="was not trained and the next run learns from it"):
        next(runs)


def test_own_snapshot_needs_a_trained_run(make):
    with pytest.raises(ValueError, match="was not trained"):
        snapshot_distillation(make())


def test_train_each_trains_to_the_end_of_each_plan_and_evaluates_on_request(teacher, clouds):
    chain = assistant_chain(teacher, [small((16,)), small()], clouds, epochs=2, batch_size=64)
    runs = train_each(chain, progress=False, evaluate=False)
    assert [run.steps_done == run.total_steps for run in runs] == [True, True]
    assert not any(run.history.evaluations for run in runs)
    chain = assistant_chain(teacher, [small((16,)), small()], clouds, epochs=2, batch_size=64)
    assert all(len(run.history.evaluated()) == 2 for run in train_each(chain, progress=False))


def test_steps_taken_by_hand_count_as_training(teacher, clouds):
    runs = assistant_chain(teacher, [small((16,)), small()], clouds)
    first = next(runs)
    first.step()
    second = next(runs)
    assert same_weights(second.teacher.module, first.student)


class Odd(nn.Module):
    """A module of one's own."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)
        nn.init.zeros_(self.layer.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


def test_modules_of_ones_own_go_through_a_chain(teacher, clouds):
    runs = train_each(assistant_chain(teacher, [small((16,)), Odd()], clouds, epochs=1), progress=False)
    assert runs[-1].evaluate("test").examples == len(clouds.test)


def test_each_step_of_a_chain_is_taught_by_the_last_alone(teacher, clouds, tmp_path):
    students = [small((16,)), small((8,)), small((4,))]
    before = kd.distill.Teacher(teacher).fingerprint()
    runs = train_each(assistant_chain(teacher, students, clouds, epochs=2), progress=False)
    assert [run.student for run in runs] == students
    for run, last in zip(runs[1:], runs, strict=False):
        assert same_weights(run.teacher.module, last.student) and run.teacher.module is not last.student
    assert kd.distill.Teacher(teacher).fingerprint() == before
    runs[-1].save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, data=clouds)
    assert same_weights(loaded.student, runs[-1].student)
    assert same_weights(loaded.teacher.module, runs[-2].student)
