"""What a run remembers: edits at their steps, evaluations, and which step was the best."""

from __future__ import annotations

import pytest

import kdviz as kd
from kdviz.distill import NonFiniteLossError

from .conftest import steps_trained_by


def test_the_best_step_is_had_without_training_again(make, monkeypatch):
    run = make(epochs=4).train(progress=False)
    best = run.best_step()
    assert steps_trained_by(lambda: run.at(best), monkeypatch) == 0
    assert best in run._store.steps


def test_a_result_reads_well_as_the_last_line_of_a_cell():
    found = kd.distill.Evaluation(192, "test", 10_000, 890, nll=0.49030485, agreement=0.9131, teacher_errors=68)
    assert repr(found) == ("Evaluation(test, step 192: 890 errors of 10,000, NLL 0.490, teacher 68, agreement 0.913)")
    assert repr(kd.distill.Evaluation(0, "validation", 100, 9, nll=1.0)).endswith("9 errors of 100, NLL 1.000)")


def test_an_edit_takes_effect_at_the_next_step_and_is_recorded_with_it(make):
    run = make()
    for _ in range(5):
        run.step()
    run.edit(temperature=8.0, alpha=0.25, learning_rate=1e-2)
    run.step()
    frame = run.history.frame()
    assert frame.index.tolist() == [1, 2, 3, 4, 5, 6]
    assert frame["temperature"].tolist() == [4.0] * 5 + [8.0]
    assert frame["weight_soft"].tolist() == [0.9] * 5 + [0.25]
    assert frame["weight_hard"].iloc[-1] == 0.75
    assert frame["learning_rate"].tolist() == [1e-3] * 5 + [1e-2]
    assert [(e.step, e.name, e.value) for e in run.history.edits] == [
        (5, "temperature", 8.0), (5, "alpha", 0.25), (5, "learning_rate", 1e-2)]  # fmt: skip


def test_the_last_of_several_edits_at_one_step_stands(make):
    run = make()
    run.edit(temperature=2.0)
    run.edit(alpha=0.5)
    run.edit(temperature=9.0)
    run.step()
    assert run.objective.temperature == 9.0
    assert [(e.name, e.value) for e in run.history.edits] == [("alpha", 0.5), ("temperature", 9.0)]


def test_going_back_keeps_edits_that_wait_further_on(make):
    run = make(learning_rate=1e30)
    recipe_edit = kd.distill.Edit(40, "temperature", 2.0)
    run.history.edits.append(recipe_edit)
    with pytest.raises(NonFiniteLossError, match="back at step 0"):
        run.train(progress=False)
    assert run.history.edits == [recipe_edit]


def test_the_best_step_is_the_earliest_with_fewest_errors(make):
    run = make()
    assert run.best_step() is None
    for step, errors, split in [(30, 7, "validation"), (10, 9, "validation"), (20, 7, "validation"), (5, 1, "test")]:
        run.history.evaluations.append(kd.distill.Evaluation(step, split, 100, errors, nll=0.5))
    assert run.best_step() == 20
    assert run.best_step("test") == 5
    assert run.best_step("train") is None


def test_the_student_of_the_best_step_makes_the_errors_that_were_recorded(make):
    run = make(learning_rate=3e-2).train(progress=False)
    recorded = {e.step: e.errors for e in run.history.evaluated()}
    best = run.best_step()
    assert recorded[best] == min(recorded.values())
    validation = run.data.validation
    assert int((run.at(best)(validation.inputs()).argmax(1) != validation.y).sum()) == recorded[best]
