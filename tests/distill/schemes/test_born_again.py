"""Generations of one architecture, each taught by the one before."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill.schemes import born_again, ensemble, train_each
from kdviz.models import inference

from ..conftest import same_weights, small


def generations(clouds, student=None, **more) -> tuple[kd.Distillation, ...]:
    arguments = {"epochs": 2, "batch_size": 64} | more
    return train_each(born_again(student or small(), clouds, **arguments), progress=False)


def test_each_generation_is_the_same_network_anew_taught_by_the_last(clouds):
    runs = generations(clouds)
    assert [run.student.architecture for run in runs] == [small().architecture] * 3
    assert [run.student.seed for run in runs] == [0, 1, 2]
    assert runs[0].teacher is None and runs[0].objective == 1.0 * kd.HardLabels()
    for run, last in zip(runs[1:], runs, strict=False):
        assert same_weights(run.teacher.module, last.student)
        assert run.objective == kd.hinton(0.5, 1.0)
        assert same_weights(run.at(0), kd.models.build(small().architecture, seed=run.student.seed))


def test_generations_see_the_same_batches(clouds):
    runs = generations(clouds, seed=3)
    for step in (0, 5):
        assert torch.equal(runs[0]._batches[step].inputs, runs[2]._batches[step].inputs)


def test_the_ensemble_of_all_is_the_mean_of_their_probabilities(clouds):
    runs = generations(clouds)
    p = torch.stack([inference.logits(run.student, clouds.test).softmax(1) for run in runs]).mean(0)
    torch.testing.assert_close(inference.logits(ensemble(runs), clouds.test).exp(), p)


def test_a_function_makes_networks_of_ones_own(clouds):
    made = []

    def make(generation: int) -> nn.Module:
        torch.manual_seed(generation)
        made.append(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)))
        return made[-1]

    runs = generations(clouds, make, generations=2, objective=kd.SoftTargets(1))
    assert [run.student for run in runs] == made and runs[1].objective == 1.0 * kd.SoftTargets(1)
    with pytest.raises(ValueError, match="cannot be rebuilt; pass a function"):
        born_again(nn.Sequential(nn.Linear(4, 3)), clouds)


def test_one_generation_is_none(clouds):
    with pytest.raises(ValueError, match="generations must be at least 2"):
        born_again(small(), clouds, generations=1)


def test_a_saved_generation_brings_its_teacher_along(clouds, tmp_path):
    runs = generations(clouds)
    runs[-1].save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, data=clouds)
    assert same_weights(loaded.teacher.module, runs[-2].student)
    assert loaded.history.rows.tobytes() == runs[-1].history.rows.tobytes()


def test_later_generations_learn(clouds):
    runs = generations(clouds, epochs=15, learning_rate=1e-2)
    assert all(run.evaluate("test").accuracy > 0.75 for run in runs)
