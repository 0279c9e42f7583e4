"""The Lab in time: recorded steps, branches, other seeds, twins; what is kept, and how a link opens the page."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.panels import Lab

QUICK = {"labels": 300, "units": 16, "epochs": 4, "batch_size": 32, "smoothing": False}
TOKEN = "0123456789abcdef" * 2


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setenv("KDVIZ_KEEP", str(tmp_path))
    made = []

    def make(**chosen) -> Lab:
        made.append(Lab(**(QUICK | chosen)))
        return made[-1]

    yield make
    for panel in made:
        panel.close()


def train(panel: Lab) -> Lab:
    panel.command("train")
    assert panel.wait("finished")
    return panel


def say(widget, **content) -> None:
    """Send what a view sends."""
    widget._handle_custom_msg(content, [])


def hello(panel: Lab, query: str = "", browser: str = TOKEN) -> None:
    say(panel.scene, hello={"browser": browser, "query": query})


def shown(panel: Lab) -> np.ndarray:
    return np.frombuffer(panel.scene.exact_logits, "<f4").reshape(-1, 10)


def test_two_twins_learn_beside_the_student_from_the_same_batches(lab):
    panel = train(lab(smoothing=True))
    assert [row["role"] for row in panel.scene.runs] == ["student", "twin", "smoothed"]
    weights = [r._store.before(0).student for r in (panel.run, panel.twin, panel.smoothed)]
    assert all(torch.equal(a, b) for a, b in zip(weights[0].values(), weights[2].values(), strict=True))
    assert all(row["test"] is not None and row["best_test"] is not None for row in panel.scene.runs)
    assert panel.runs.verdict.count("95\u202f% CI") == 2 and "this is one seed" in panel.runs.verdict
    assert "with label smoothing" in panel.curves.sentence and "best on validation data" in panel.curves.sentence


def test_every_recorded_step_is_filmed_and_is_exact_where_the_cursor_rests(lab):
    panel = train(lab())
    film = panel.scene.films[panel.scene.shown_run]
    assert film.steps[0] == 0 and film.steps[-1] == 40 and len(film) >= 20
    for step in (film.steps[7], 0, film.steps[-4]):
        panel.scene.step = step
        assert panel.wait("finished")
        assert panel.scene.exact == {"run": panel.scene.shown_run, "step": step}
        exact = panel.run.at(step)(panel._watched.examples.inputs()).detach().numpy()
        np.testing.assert_allclose(shown(panel), exact, atol=1e-5)
        np.testing.assert_allclose(film.before(step).logits(), exact, atol=film.before(step).scale)
    panel.scene.step = None
    assert panel.wait("finished")
    assert panel.scene.exact["step"] == 40


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


def test_other_seeds_draw_bands_and_their_difference_gets_an_interval(lab):
    panel = train(lab())
    assert panel.runs.can_repeat
    say(panel.runs, command="repeat", seeds=3)
    assert panel.wait("finished")
    assert {band["seeds"] for band in panel.scene.bands} == {3}
    assert panel.runs.verdict.startswith("Over 3 seeds")
    assert panel.scene.shown_run == panel.roster.student.key and panel.run.settings.seed == 0
    assert len(panel.roster) == 2 and set(panel.scene.films) == {entry.key for entry in panel.roster}


def test_stop_ends_the_other_seeds_and_keeps_those_that_are_done(lab):
    panel = train(lab(epochs=30))
    panel.command("repeat", seeds=20)
    while len(panel._groups.repeats.results) < 2:
        time.sleep(0.02)
    assert panel.transport.state in ("running", "loading")
    done = len(panel._groups.repeats.results)
    panel.command("stop")
    assert panel.wait("finished")
    assert done <= len(panel._groups.repeats.results) <= done + 1, "no further seed was begun"
    assert panel.scene.bands
    assert panel.run.steps_done == panel.run.total_steps


def test_nothing_can_be_repeated_before_there_is_a_result(lab):
    panel = lab()
    with pytest.raises(ValueError, match="train the run on the page to its end first"):
        panel.command("repeat", seeds=5)


def test_sliding_over_a_finished_run_is_looking_and_edits_nothing(lab):
    panel = train(lab())
    panel.scene.temperature = 20.0
    assert panel.wait("finished")
    assert panel.run.history.edits == [] and panel.scene.runs[0]["edits"] == []
    assert panel.state["temperature"] == 20.0


def test_a_link_opens_the_page_as_it_was_and_reset_to_the_start_comes_back_to_it(lab):
    panel = lab()
    hello(panel, "?T=20&alpha=0.5&labels=100&units=8&view=many&hide=runs&lock=temperature&T_range=1,30&edits=3:T:8")
    assert panel.wait("idle")
    assert (panel.scene.temperature, panel.scene.alpha, panel.scene.view) == (20.0, 0.5, "many")
    assert (panel.setup.labels, panel.setup.units) == (100, 8)
    assert panel.scene.hidden == ["runs"] and panel.scene.locked == ["temperature"]
    assert panel.scene.temperature_range == [1.0, 30.0]
    train(panel)
    assert [(e.step, e.name, e.value) for e in panel.run.history.edits] == [(3, "temperature", 8.0)]
    panel.scene.alpha = 0.9
    say(panel.share, command="opening")
    assert panel.wait("idle")
    assert panel.scene.alpha == 0.5 and panel.run is None and panel.setup.labels == 100


def test_the_link_on_the_page_makes_the_same_page_again(lab):
    panel = lab(units=8)
    panel.scene.temperature = 2.5
    panel.scene.view = "many"
    panel.command("step")
    assert panel.wait("paused")
    panel.scene.alpha = 0.25
    panel.command("step")
    assert panel.wait("paused")
    query = panel.share.query
    other = lab()
    hello(other, query)
    assert other.wait("idle")
    other.command("step")
    other.command("step")
    assert other.wait("paused")
    assert other.run.history.rows.tolist() == panel.run.history.rows.tolist()
    assert other.scene.view == "many"


def test_a_link_that_cannot_be_followed_is_a_sentence_and_the_page_opens_as_ever(lab):
    panel = lab()
    hello(panel, "?T=hot")
    assert panel.wait("idle") or panel._publisher.wait_until_idle()
    panel._publisher.wait_until_idle()
    assert "T must be a number" in panel.share.note and panel.scene.temperature == 4.0


def test_a_preset_opens_with_its_question_and_a_lecturers_limits_stay(lab):
    panel = lab()
    hello(panel, "?hide=code&lock=learning_rate")
    assert panel.wait("idle")
    say(panel.presets, command="preset", name="omitted-digit")
    assert panel.wait("idle")
    assert panel.presets.chosen == "omitted-digit" and panel.scene.bias_class == 3 == panel.setup.omit
    assert panel.scene.hidden == ["code"] and panel.scene.locked == ["learning_rate"]


def test_the_code_on_the_page_gives_the_numbers_on_the_page(lab):
    panel = lab(smoothing=True)
    panel.command("step")
    assert panel.wait("paused")
    panel.scene.temperature = 8.0
    train(panel)
    assert "run.edit(temperature=8" in panel.share.code
    printed: list[str] = []
    exec(compile(panel.share.code, "code", "exec"), {"print": lambda *words: printed.append(" ".join(map(str, words)))})
    wanted = [r.history.evaluated("test")[-1].errors for r in (panel.run, panel.twin, panel.smoothed)]
    text = "\n".join(printed).replace(",", "")
    assert all(str(errors) in text for errors in wanted)


def test_a_run_that_was_kept_is_offered_again_and_goes_on_bit_for_bit(lab):
    panel = lab()
    hello(panel)
    for _ in range(3):
        panel.command("step")
    assert panel.wait("paused")
    panel.close()
    fresh = lab()
    hello(fresh)
    fresh._publisher.wait_until_idle()
    (offer,) = fresh.kept.offers
    assert offer["steps_done"] == 3 and offer["total_steps"] == 40
    say(fresh.kept, command="take_up", kept=offer["id"])
    assert fresh.wait("stopped")
    assert fresh.run.steps_done == 3 and fresh.transport.step == 3
    assert fresh.scene.films[fresh.scene.shown_run].steps == [0, 1, 2, 3]
    train(fresh)
    straight = train(lab())
    assert fresh.run.history.rows.tolist() == straight.run.history.rows.tolist()


def test_a_run_that_cannot_be_kept_is_told_and_trains_all_the_same(lab, tmp_path, monkeypatch):
    (tmp_path / "a-file").write_text("no folder")
    monkeypatch.setenv("KDVIZ_KEEP", str(tmp_path / "a-file"))
    panel = lab()
    hello(panel)
    train(panel)
    said = panel.transport.status
    assert said.startswith("Finished after 40 steps.") and "could not be kept" in said


def test_another_browser_is_offered_nothing_and_a_strange_token_is_refused(lab):
    panel = lab()
    hello(panel)
    panel.command("step")
    assert panel.wait("paused")
    other = lab()
    hello(other, browser="f" * 32)
    other._publisher.wait_until_idle()
    assert other.kept.offers == []
    hello(other, browser="../../etc")
    other._publisher.wait_until_idle()
    assert "token" in other.transport.status


def test_a_run_without_labels_has_no_twin_and_is_taught_by_the_teacher_alone(lab):
    panel = lab(labels=0, epochs=1, batch_size=512)
    assert panel.scene.alpha == 1.0
    train(panel)
    assert [row["role"] for row in panel.scene.runs] == ["student"] and panel.run.data.train.labelled == 0


def test_a_run_of_ones_own_travels_and_branches_too(lab):
    digits = kd.data.mnist().with_labels(200)
    run = kd.Distillation(kd.models.pretrained("mnist-mlp-1200"), kd.models.mlp((12,)), digits, epochs=2)
    panel = Lab(run)
    try:
        train(panel)
        panel.command("branch", step=2, alpha=0.5)
        assert panel.wait("finished")
        assert [row["role"] for row in panel.scene.runs][-1] == "branch"
        panel.scene.step = 1
        assert panel.wait("finished")
        assert panel.scene.exact["step"] == 1
    finally:
        panel.close()
