"""What a run tells a tracker."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.distill.tracking import EVERY


def run(epochs: int = 2) -> kd.Distillation:
    X, y = torch.randn(900, 4, generator=torch.Generator().manual_seed(0)), torch.arange(900) % 3
    student = kd.models.mlp((5,), inputs=4, classes=3)
    return kd.Distillation(None, student, (X, y), kd.HardLabels(), epochs=epochs, batch_size=10, seed=1)


def test_a_tracker_hears_the_means_of_all_steps_once_and_every_evaluation() -> None:
    told: list[tuple[int, dict[str, float]]] = []
    taught = run().train(progress=False, log=lambda values, step: told.append((step, values)))
    trained = [(step, values) for step, values in told if "train/loss" in values]
    assert [step for step, _ in told] == sorted(step for step, _ in told)
    assert trained[-1][0] == taught.steps_done and trained[0][0] == EVERY
    begun = 0
    for step, values in trained:
        mean = taught.history.rows[begun:step].mean(axis=0)
        assert list(values) == [f"train/{name}" for name in taught.history.columns]
        np.testing.assert_allclose(list(values.values()), mean)
        begun = step
    heard = [(step, values["validation/errors"]) for step, values in told if "validation/errors" in values]
    assert heard == [(one.step, one.errors) for one in taught.history.evaluated()] and len(heard) == 2


def test_it_goes_on_where_it_left_off_and_changes_nothing() -> None:
    steps: list[int] = []
    taught = run(1).train(progress=False)
    taught.train(1, progress=False, log=lambda values, step: steps.append(step))
    assert min(steps) > taught.steps_per_epoch
    alone = run(1).train(progress=False).train(1, progress=False)
    assert np.array_equal(alone.history.rows, taught.history.rows)


def test_a_tracker_that_fails_is_told_nothing_more_and_the_run_goes_on() -> None:
    calls = []

    def full(values: dict[str, float], step: int) -> None:
        calls.append(step)
        raise OSError("disk full")

    taught = run()
    with pytest.warns(UserWarning, match=rf"failed at step {EVERY} .* the run goes on \(disk full\)"):
        taught.train(progress=False, log=full)
    assert calls == [EVERY] and taught.steps_done == taught.total_steps


@pytest.mark.parametrize("log", ["runs/one", 3])
def test_what_is_no_function_is_refused_before_the_first_step(log: Any) -> None:
    taught = run()
    with pytest.raises(
        TypeError, match=r"log must be a function of \(values, step=\).*kd\.export\.tensorboard\(folder\)"
    ):
        taught.train(progress=False, log=log)
    assert taught.steps_done == 0
