"""A case that is healthy, and one that was not trained."""

from __future__ import annotations

import pytest

import kdviz as kd

from .conftest import small, trained


def test_a_healthy_run_gets_a_clean_bill(healthy):
    run, twin = healthy
    diagnosis = run.diagnose(twin=twin)
    assert diagnosis.clean and diagnosis.findings == () and diagnosis.not_looked_at == ()
    assert "a clear gain" in diagnosis.headline
    assert diagnosis.sentences() == [diagnosis.headline, "Nothing was found that stands in its way."]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_seeds_of_it_do_too(make, seed):
    run = make(seed=seed, student=small(seed=seed))
    assert run.diagnose(twin=trained(run.twin())).clean


def test_a_run_that_was_not_trained(world):
    run = kd.Distillation(world.teacher(), small(), world.data)
    diagnosis = run.diagnose()
    assert diagnosis.clean and diagnosis.headline == "The run has not been trained yet."
    assert "only the teacher and the data were looked at" in " ".join(diagnosis.not_looked_at)
