"""Runs side by side: twins from the same batches, and branches at their step."""

from __future__ import annotations

import time

import pytest
import torch

from .labs import say, train


def test_two_twins_learn_beside_the_student_from_the_same_batches(lab):
    panel = train(lab(smoothing=True))
    assert [row["role"] for row in panel.scene.runs] == ["student", "twin", "smoothed"]
    weights = [r._store.before(0).student for r in (panel.run, panel.twin, panel.smoothed)]
    assert all(torch.equal(a, b) for a, b in zip(weights[0].values(), weights[2].values(), strict=True))
    assert all(row["test"] is not None and row["best_test"] is not None for row in panel.scene.runs)
    assert panel.runs.verdict.count("95\u202f% CI") == 2 and "one seed" in panel.runs.caveat
    assert "with label smoothing" in panel.curves.sentence and "best on validation data" in panel.curves.sentence


def test_a_branch_begins_at_its_step_with_its_edits_and_lies_over_the_run(lab):
    panel = train(lab())
    first = panel.scene.shown_run
    say(panel.curves, command="branch", step=20, temperature=8.0, alpha=0.5)
    assert panel.wait("finished")
    branch = panel.roster.get(panel.scene.shown_run)
    assert branch.role == "branch" and branch.start == 20 and branch.run.steps_done == 40
    rows = branch.run.history.frame()
    assert rows["temperature"].iloc[19] == 4.0 and rows["temperature"].iloc[20] == 8.0
    assert rows["weight_soft"].iloc[20] == 0.5
    by_hand = panel.run.branch(20, temperature=8.0, alpha=0.5).train(progress=False)
    assert all(
        torch.equal(a, b) for a, b in zip(branch.run.student.parameters(), by_hand.student.parameters(), strict=True)
    )
    assert [row["from"] for row in panel.scene.runs] == [None, None, 20]
    film = panel.scene.films[branch.key]
    assert film.steps[0] == 0 and film.before(15).logits().shape == (500, 10)
    say(panel.runs, command="show", run=first)
    assert panel.wait("finished")
    assert panel.scene.shown_run == first and panel.scene.exact["run"] == first
    say(panel.runs, command="rename", run=branch.key, name="hotter")
    say(panel.runs, command="hide", run=branch.key, hidden=True)
    assert panel.wait("finished")
    assert panel.scene.runs[-1]["name"] == "hotter" and panel.scene.runs[-1]["hidden"]
    say(panel.runs, command="remove", run=branch.key)
    assert panel.wait("finished")
    assert len(panel.scene.runs) == 2 and branch.key not in panel.scene.films


def test_a_branch_with_another_learning_rate_takes_a_twin_along(lab):
    panel = train(lab())
    panel.command("branch", step=10, learning_rate=0.01)
    assert panel.wait("finished")
    branches = [entry for entry in panel.roster if entry.role == "branch"]
    assert [entry.note for entry in branches] == ["", "no teacher"]
    assert branches[0].group == branches[1].group
    assert all(entry.run.history.frame()["learning_rate"].iloc[-1] == 0.01 for entry in branches)


NO_BRANCHES = [
    ({"step": 99}, "a branch must begin in 0 ... 40"),
    ({"step": 10, "temperature": -1}, "temperature must be a finite number > 0"),
    ({"step": 10, "epochs": 3}, "this run can be branched with temperature, alpha, learning_rate, got 'epochs'"),
    ({"step": "ten"}, "step must be a whole number"),
]


def test_a_branch_that_cannot_be_is_a_sentence_and_changes_nothing(lab):
    panel = train(lab())
    for values, said in NO_BRANCHES:
        with pytest.raises((ValueError, TypeError), match=said):
            panel.command("branch", **values)
        say(panel.curves, command="branch", **values)
        assert panel._publisher.wait_until_idle()
        assert said[:20].lower() in panel.transport.status.lower()
        assert len(panel.roster) == 2 and panel._runner.state == "finished"


def test_a_branch_made_while_training_leaves_the_run_where_it_was_and_it_can_go_on(lab):
    panel = lab(epochs=200)
    panel.command("train")
    assert panel.wait("running")
    first = panel.scene.shown_run
    while panel.run.steps_done < 30:
        time.sleep(0.01)
    panel.command("branch", step=10, temperature=1.0)
    panel.command("stop")
    assert panel.wait("stopped")
    assert panel.scene.shown_run != first
    left_at = panel.run.steps_done
    panel.command("show", run=first)
    assert panel.wait("stopped")
    panel.command("step")
    assert panel.wait("paused")
    assert panel.run.steps_done == left_at + 1
