"""Schedules: where they begin and end, and what a run makes of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kdviz as kd
from kdviz.distill import schedules
from kdviz.distill.schedules import Cosine, InverseRoot, Linear, WarmupCosine, extremes

from .conftest import same_weights


@given(st.floats(0.1, 100), st.floats(0.1, 100), st.integers(2, 1000))
def test_schedules_begin_and_end_where_they_say(start, end, total):
    for schedule in (schedules.Linear(start, end), schedules.Cosine(start, end)):
        assert schedule.at(0, total) == pytest.approx(start)
        assert schedule.at(total - 1, total) == pytest.approx(end)
        assert schedule.at(10 * total, total) == pytest.approx(end)
        assert schedules.from_json(schedules.to_json(schedule)) == schedule


def test_warm_up_rises_to_the_peak_then_falls():
    rate = schedules.WarmupCosine(1.0, warmup=0.1)
    values = [rate.at(k, 100) for k in range(100)]
    assert values[:10] == pytest.approx([0.1 * k for k in range(1, 11)])
    assert values[10:] == sorted(values[10:], reverse=True) and values[-1] == pytest.approx(0)


def test_inverse_root_follows_the_epochs():
    assert schedules.InverseRoot(8.0, every=50).at(150, 1000) == 4.0


@pytest.mark.parametrize(("what", "says"), [
    (lambda make: make(learning_rate=kd.schedules.Linear(1e-3, -1e-2)), "learning_rate must be a finite number >= 0"),
    (lambda make: kd.SoftTargets(temperature=kd.schedules.Linear(8, -1)), "temperature must be a finite number > 0"),
    (lambda make: kd.hinton(alpha=kd.schedules.Linear(0.5, 1.5)), "alpha must lie in"),
])  # fmt: skip
def test_a_schedule_out_of_range_is_refused_at_the_start(make, what, says):
    with pytest.raises(ValueError, match=says):
        what(make)


def test_alpha_and_a_warm_up_from_0_may_follow_schedules(make):
    objective = kd.hinton(alpha=kd.schedules.Linear(0.9, 0.1))
    run = make(objective=objective, learning_rate=kd.schedules.Linear(0.0, 1e-2)).train(progress=False)
    soft, hard = run.history.column("weight_soft"), run.history.column("weight_hard")
    assert soft[0] == 0.9 and soft[-1] == pytest.approx(0.1)
    np.testing.assert_allclose(soft + hard, 1.0)
    again = kd.Recipe.from_json(run.recipe.to_json())
    assert again.objective == objective


def test_schedules_follow_the_plan(make):
    rate = kd.schedules.WarmupCosine(1e-2, warmup=0.1)
    run = make(
        objective=0.9 * kd.SoftTargets(temperature=kd.schedules.Linear(8, 1)) + 0.1 * kd.HardLabels(),
        learning_rate=rate,
    )
    run.train(progress=False)
    temperature, learning_rate = run.history.column("temperature"), run.history.column("learning_rate")
    assert temperature[0] == 8 and temperature[-1] == pytest.approx(1)
    assert np.diff(temperature).max() < 0
    assert learning_rate.max() == pytest.approx(1e-2) and learning_rate[-1] == pytest.approx(0, abs=1e-12)
    branch = run.branch(31)
    branch.train(progress=False)
    assert same_weights(branch.student, run.student)


def test_a_schedule_is_made_of_finite_numbers_and_its_peak_is_looked_at():
    for wrong in (lambda: Linear(True, 1), lambda: Cosine(float("nan")), lambda: WarmupCosine("1")):
        with pytest.raises(ValueError, match="must be a finite number, got"):
            wrong()
    with pytest.raises(ValueError, match="every of InverseRoot must be at least 1 step, got 0"):
        InverseRoot(1.0, every=0)
    with pytest.raises(ValueError, match=r"warmup of WarmupCosine must be a share of the run from 0 to 1, got 1\.5"):
        WarmupCosine(1.0, warmup=1.5)
    assert max(extremes(WarmupCosine(1.5))) == 1.5
    with pytest.raises(ValueError, match=r"alpha must lie in \[0, 1\]"):
        kd.hinton(alpha=WarmupCosine(1.5))
