"""One step: whom it asks, in which mode and dtype, and how it says what went wrong."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill.state import capture
from kdviz.models.looking import same_bits

from .conftest import same_weights, small
from .small_models import trained


def test_a_student_looked_at_in_eval_mode_goes_on_in_training_mode(make):
    runs = [make(small(dropout=0.5)).train(epochs=1, progress=False) for _ in range(2)]
    runs[0].student.eval()
    for run in runs:
        run.train(epochs=1, progress=False, evaluate=False)
    assert same_weights(runs[0].student, runs[1].student)


def test_a_forward_that_works_in_place_does_not_change_the_data(make, clouds):
    class InPlace(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = small()

        def forward(self, x):
            x -= 0.5
            return self.inner(x)

    before = [clouds.train.x.clone(), clouds.validation.x.clone()]
    make(InPlace()).train(progress=False)
    assert torch.equal(before[0], clouds.train.x)
    assert torch.equal(before[1], clouds.validation.x)


def test_what_was_frozen_in_a_student_in_training_mode_stays_frozen(make):
    student = nn.Sequential(nn.BatchNorm1d(4), small(), nn.Identity()).train()
    student[0].eval().requires_grad_(False)
    before = capture(student[0])
    run = trained(make(student))
    run.evaluate("test")
    run.step()
    assert not run.student[0].training and run.student[1].training
    assert all(same_bits(before.tensors[k], v) for k, v in capture(run.student[0]).tensors.items())
    other = run.branch(5)
    assert not other.student[0].training and other.student[1].training
    assert not run.twin().student[0].training


def test_a_student_in_eval_mode_as_a_whole_learns_as_a_whole(make):
    student = nn.Sequential(nn.BatchNorm1d(4), small()).eval()
    run = trained(make(student))
    assert run.student[0].training and float(run.student[0].num_batches_tracked) == run.steps_done


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_teachers_and_students_of_any_dtype(make, teacher, clouds, dtype):
    import copy

    of_dtype = copy.deepcopy(teacher).to(dtype)
    run = trained(make(teacher=of_dtype, learning_rate=1e-2))
    assert run.teacher_logits().dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert run.evaluate("test").accuracy > 0.5
    if dtype != torch.float16:  # Adam's epsilon is 0 in half precision
        student = trained(make(small().to(dtype), learning_rate=1e-2)).student
        assert {p.dtype for p in student.parameters()} == {dtype}
    assert kd.compare(of_dtype, run.student, clouds).fidelity.n == len(clouds.test)


def test_a_step_that_fails_later_says_who_and_what(make):
    class Tires(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.fails = small(), False

        def forward(self, x):
            if self.fails:
                raise KeyError("out of luck")
            return self.inner(x)

    run = make(Tires())
    run.step()
    run.student.fails = True
    with pytest.raises(ValueError, match=r"the student cannot process .*KeyError: 'out of luck'"):
        run.step()
    run.student.fails = False
    assert run.step().number == 2
