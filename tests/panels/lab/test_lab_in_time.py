"""The Lab in time: recorded steps, branches, other seeds, twins; what is kept, and how a link opens the page."""

from __future__ import annotations

import time

import pytest

import kdviz as kd
from kdviz.panels import Lab

from .labs import say, train

QUICK = {"labels": 300, "units": 16, "epochs": 4, "batch_size": 32, "smoothing": False}


TOKEN = "0123456789abcdef" * 2


def hello(panel: Lab, query: str = "", browser: str = TOKEN) -> None:
    say(panel.scene, hello={"browser": browser, "query": query})


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
    says = "This link has a mistake: T must be a number above 0, up to 1000, got 'hot'."
    assert panel.scene.link == {"answered": True, "note": says} and panel.scene.temperature == 4.0


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


def test_a_finished_run_taken_up_says_all_that_it_said(lab):
    panel = lab()
    hello(panel)
    train(panel)
    said, steps = panel.curves.sentence, panel.scene.films[panel.scene.shown_run].steps
    assert "best on validation data" in said
    panel.close()
    fresh = lab()
    hello(fresh)
    fresh._publisher.wait_until_idle()
    sent = []
    fresh.scene.send = lambda content, buffers=None: sent.append(content)
    say(fresh.kept, command="take_up", kept=fresh.kept.offers[0]["id"])
    assert fresh.wait("finished")
    assert fresh.curves.sentence == said
    assert fresh.scene.films[fresh.scene.shown_run].steps == steps
    (last,) = [i for i, content in enumerate(sent) if "drop" in content][-1:]
    say(fresh.scene, need=fresh.scene.shown_run)  # what the page asks for after each drop
    assert [frame["step"] for frame in sent[-1]["frames"]] == steps and last < len(sent) - 1


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
    assert other.wait("idle")
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
