"""The small study: what it finds, what it costs, and that it can be stopped."""

from __future__ import annotations

import pytest

from .conftest import small, trained
from .looks.studied import studied


def names(diagnosis):
    return [found.name for found in diagnosis.findings]


@pytest.fixture(scope="module")
def clean(healthy):
    run, twin = healthy
    return studied(run, twin=twin)


def test_a_healthy_run_stays_clean_and_the_twin_has_as_many_tries(clean):
    assert clean.clean, str(clean)
    tries = [arm.role for arm in clean.arms]
    assert tries.count("student") - tries.count("twin") in (0, 1, 2)
    assert all(len(arm.wrong) == 4000 for arm in clean.arms)
    assert "judged on validation data" in clean.not_looked_at[-1]
    frame = clean.arms_frame()
    assert {"role", "temperature", "learning_rate", "alpha", "steps", "errors", "examples"} <= set(frame.columns)


def test_without_a_twin_the_study_trains_one(healthy, clean):
    run, twin = healthy
    diagnosis = studied(run, arms=5)
    assert (diagnosis.arms[0].role, dict(diagnosis.arms[0].changes)) == ("twin", {})
    known = run.diagnose(twin=twin)
    assert diagnosis.headline == known.headline  # the twin is the same one
    assert "Left out for lack of budget" in diagnosis.not_looked_at[-1]


def test_more_seeds_are_trained_where_nothing_is_shown(make, world):
    run = make(data=world.few(100), epochs=5)
    twin = trained(run.twin())
    diagnosis = studied(run, twin=twin)
    seeds = sorted(arm.changes["seed"] for arm in diagnosis.arms if arm.axis == "seed")
    assert seeds == [1, 1, 2, 2]
    assert diagnosis["too_few_seeds"].evidence["seeds"] == 3


def test_a_large_run_is_cut_short_and_says_so(make):
    run = make(epochs=60)
    diagnosis = run.diagnose(study=True, budget=4 * 90 + 11)
    assert [arm.steps for arm in diagnosis.arms] == [90] * 4
    assert [dict(arm.changes) for arm in diagnosis.arms][:2] == [{}, {}]
    assert "trained for 90 of 180 steps" in diagnosis.not_looked_at[-1]


def test_a_study_cut_short_and_stopped_leaves_the_headline_to_the_whole_runs(make):
    run = make(epochs=60)
    twin = trained(run.twin())
    budget = 4 * 90 + 11

    def until_the_first_arm(done, total):
        return total != budget or done < 120

    diagnosis = run.diagnose(twin=twin, study=True, budget=budget, progress=until_the_first_arm)
    assert [(arm.role, arm.steps) for arm in diagnosis.arms] == [("twin", 90)]
    assert diagnosis.headline == run.diagnose(twin=twin).headline


def test_a_budget_too_small_is_said(make):
    diagnosis = make().diagnose(study=True, budget=50)
    assert diagnosis.arms == () and "larger budget_s or budget" in diagnosis.not_looked_at[-1]


def test_seconds_are_a_budget_too(make):
    diagnosis = make(epochs=20).diagnose(study=True, budget_s=0.0)
    assert diagnosis.arms == () and "too few" in diagnosis.not_looked_at[-1]


def test_it_stops_when_asked_and_keeps_what_it_saw(healthy):
    run, twin = healthy
    budget = 10 * run.steps_done

    def until_the_second_arm(done, total):
        return total != budget or done < 1.5 * run.steps_done

    diagnosis = run.diagnose(twin=twin, study=True, budget=budget, progress=until_the_second_arm)
    assert len(diagnosis.arms) == 1 and diagnosis.not_looked_at[-1] == "Stopped before everything was looked at."
    assert "a clear gain" in diagnosis.headline
    at_once = run.diagnose(twin=twin, study=True, progress=lambda done, total: False)
    assert at_once.sentences()[-1] == "Stopped before everything was looked at." and not at_once.clean


def test_a_twin_of_other_steps_is_not_compared(healthy, make):
    run, _ = healthy
    short = run.twin().train(epochs=1, progress=False)
    diagnosis = run.diagnose(twin=short)
    assert diagnosis.helped is None and f"has taken 3 steps and the run {run.steps_done}" in diagnosis.not_looked_at[0]


def test_a_faulty_teacher_is_not_studied(make, world):
    run = make(teacher=small(32, seed=7), epochs=2)
    diagnosis = studied(run)
    assert diagnosis.arms == () and "correct the fault first" in diagnosis.not_looked_at[-1]


def test_an_arm_that_explodes_is_left_out(make):
    run = make(optimizer="sgd", learning_rate=0.3, epochs=10)
    diagnosis = studied(run)
    assert diagnosis.arms and all(arm.errors is None or arm.errors <= 4000 for arm in diagnosis.arms)
