"""Terms on features: regressors that learn beside the student."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import kdviz as kd

from ..conftest import small

HINT = 0.9 * kd.SoftTargets() + 0.1 * kd.HardLabels() + 0.5 * kd.Hint("relu1")


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


def test_batches_of_one_are_refused_where_a_regressor_normalises(clouds):
    images = torch.rand(40, 1, 8, 8), torch.arange(40) % 3
    teacher = kd.models.convnet(4, classes=3, seed=1).eval()
    student = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    objective = kd.HardLabels() + kd.Hint("0", "relu2", regressor="conv-bn")
    with pytest.raises(ValueError, match="use batch_size=2 or more"):
        kd.Distillation(teacher, student, images, objective, batch_size=1)
    kd.Distillation(teacher, student, images, objective, batch_size=2).step()
