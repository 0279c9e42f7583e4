"""Batches: every example once an epoch, never one alone, and data that draw anew."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import kdviz as kd
from kdviz.distill.batches import batch_sizes

from .conftest import same_weights
from .small_models import trained


@given(st.integers(1, 500), st.integers(1, 64))
def test_batches_hold_every_example_once_and_never_one_alone(examples, batch_size):
    sizes = batch_sizes(examples, batch_size)
    assert sum(sizes) == examples
    assert max(sizes) <= batch_size + 1
    if batch_size > 1 and examples > 1:
        assert min(sizes) > 1


def test_every_epoch_visits_every_example_once_in_another_order(make):
    run = make()
    rows = [
        torch.cat([run._batches[e * run.steps_per_epoch + i].inputs for i in range(run.steps_per_epoch)])
        for e in (0, 1)
    ]
    assert not torch.equal(rows[0], rows[1])
    sums = [sorted(r.sum(1).tolist()) for r in (*rows, run.data.train.inputs())]
    assert sums[0] == sums[1] == sums[2]


def test_batch_normalisation_never_meets_a_single_example(clouds, teacher):
    student = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    odd = kd.data.Splits("odd", "Odd", clouds.classes, clouds.train.take(slice(0, 33)), clouds.validation, clouds.test)
    run = kd.Distillation(teacher, student, odd, batch_size=16, epochs=2)
    assert run._batches.sizes == [16, 17]
    run.train(progress=False)
    branch = run.branch(1)
    branch.train(progress=False)
    assert same_weights(branch.student, run.student)


def test_data_that_draw_anew_are_read_anew_and_the_teacher_is_asked_live():
    class Noisy(torch.utils.data.Dataset):
        def __len__(self):
            return 100

        def __getitem__(self, i):
            return torch.full((4,), float(i)) + torch.randn(4), i % 2

    with pytest.warns(UserWarning, match="anew"):
        data = kd.data.splits(Noisy())
    nets = [kd.models.mlp((4,), inputs=4, classes=2, seed=seed) for seed in (0, 1)]
    run = kd.Distillation(nets[0].eval(), nets[1], data, epochs=2, batch_size=80, allow_weaker_teacher=True)
    first, second = (run._batches[k].inputs.sort(0).values for k in (0, 1))
    assert not torch.equal(first, second)
    assert not run._training_step.cached
    trained(run)
    assert run.branch(1).train(progress=False).history.rows.tolist() == run.history.rows.tolist()
