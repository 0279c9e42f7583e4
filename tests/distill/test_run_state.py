"""The state of a run: captured, restored, and looked at without a trace."""

from __future__ import annotations

import torch
from torch import nn

import kdviz as kd
from kdviz.measure.gradients import term_gradients

from .conftest import same_weights


def test_a_run_goes_on_from_a_captured_state_bit_for_bit(make):
    run, other = make(snapshot_every=3), make(snapshot_every=3)
    run.edit(temperature=8.0)
    for _ in range(7):
        run.step()
    state = run.capture()
    run.train(progress=False)
    assert state.steps_done == 7 and [s.step for s in state.snapshots] == [0, 3, 6, 7]
    assert 7 not in [s.step for s in other.snapshots] and len(state.history) == 7
    other.restore(state)
    assert other.steps_done == 7 and other.objective.temperature == 8.0
    other.train(progress=False)
    assert same_weights(other.student, run.student)
    assert other.history.rows.tolist() == run.history.rows.tolist()
    assert same_weights(other.at(2), run.at(2))


def test_a_run_goes_back_to_a_state_of_its_own(make):
    run = make()
    run.step()
    state, first = run.capture(), run.at(1)
    ahead = [run.step().loss.item() for _ in range(4)]
    run.restore(state)
    assert same_weights(run.student, first) and run.steps_done == len(run.history) == 1
    assert [run.step().loss.item() for _ in range(4)] == ahead


def test_looking_at_the_terms_leaves_frozen_layers_frozen(teacher, clouds):
    def student() -> nn.Module:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
        model[2].eval()
        return model

    runs = [kd.Distillation(teacher, student(), clouds, epochs=1) for _ in range(2)]
    runs[0].student.eval()
    term_gradients(runs[0])
    for run in runs:
        run.train(progress=False)
    assert not runs[0].student[2].training and same_weights(runs[0].student, runs[1].student)
