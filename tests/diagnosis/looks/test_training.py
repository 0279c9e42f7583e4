"""Training that ended too early or was unsteady."""

from __future__ import annotations

import kdviz as kd

from ..conftest import errors, follow, small, trained


def test_too_few_steps(make):
    run = make(epochs=4)
    found = run.diagnose(twin=trained(run.twin()))["too_few_steps"]
    assert found.evidence["errors at the end"] < found.evidence["errors before"]
    before, longer = errors(run), run.branch()
    follow(found.try_code.replace("run.train(", "run.train(progress=False, "), run=longer)
    assert longer.steps_done == 2 * run.steps_done and errors(longer) < before


def test_too_few_evaluations_are_told(make, world):
    run = kd.Distillation(world.teacher(), small(), world.data, epochs=1).train(progress=False, evaluate=False)
    told = run.diagnose().not_looked_at
    assert any("train with evaluate=True" in sentence for sentence in told)
    run = kd.Distillation(world.teacher(), small(), world.data, epochs=5).train(progress=False, evaluate=True)
    assert not any("evaluate=True" in sentence for sentence in run.diagnose().not_looked_at)


def test_unsteady_training(make):
    run = make(learning_rate=0.5, epochs=20)
    found = run.diagnose()["unsteady"]
    assert found.evidence["learning rate"] == 0.5
    assert errors(follow(found.try_code, run=run)["better"]) < errors(run)
