"""The Study page without a browser: choose, start, stop, go on, read, take away."""

from __future__ import annotations

import csv
import io
import json
import sys

import pytest

import kdviz as kd
from kdviz import shared
from kdviz.panels import StudyPage
from kdviz.panels.live.browser_folder import browser_folder
from kdviz.panels.study import code, kept
from kdviz.panels.study.plan import Plan

from ..conftest import BROWSER
from .conftest import QUICK

LONG = {**QUICK, "epochs": 500, "seeds": 3}  # nobody waits for it


def errors(page):
    """Mean test errors by cell, as the map has them."""
    return {cell["name"]: cell["values"]["errors"]["value"] for cell in page.map.cells if cell["values"]}


def test_a_study_runs_to_its_end_and_the_map_has_what_the_study_says(study_page):
    page = study_page(**QUICK)
    assert page.run.state == "idle" and page.run.total == 10
    assert page.setup.size == "4 cells × 2 seeds, and 2 twins" and "estimated" in page.setup.estimate
    assert page.map.columns == ["1", "4"] and page.map.rows == ["0.1", "0.9"] and page.map.x_title == "Temperature T"
    page.start()
    assert page.wait("finished") and page.run.status == "All 10 runs have finished."
    assert (page.run.done, page.run.share, page.run.seconds_left) == (10, 1.0, None)
    table = page.study.table(full=True).set_index("arm")
    for arm, cell in zip(page.study.arms, page.map.cells, strict=True):
        numbers, row = cell["values"]["errors"], table.loc[arm.name]
        assert numbers["value"] == pytest.approx(row.errors_last) and numbers["twin"] == pytest.approx(
            row.twin_errors_last
        )
        assert (numbers["difference"], numbers["low"]) == pytest.approx(
            (row.twin_difference_last, row.twin_low_last), rel=1e-5
        )
        assert cell["seeds"] == cell["of"] == 2
        assert cell["values"]["agreement"].get("twin") is None and cell["values"]["ece"]["n"] == 2
    assert page.study.arms[page.map.best] is page.study.best()
    first, cost, *_ = page.map.sentences
    assert first.startswith(f"★ Best of 4 on validation data: {page.map.cells[page.map.best]['name']}, ")
    assert "percentage points" in cost and any("chance alone would show about 0.2" in s for s in page.map.sentences)
    assert (
        page.map.caption.startswith("All cells: MNIST, teacher MNIST")
        and "8 hidden units, 100 labels" in page.map.caption
    )
    with pytest.raises(ValueError, match="no study is under way"):
        page.stop()


def test_the_tables_and_the_program_have_the_same_numbers(study_page, tmp_path, monkeypatch, capsys):
    page = study_page(**{**QUICK, "seeds": 1})
    assert page.export.cells == "" and page.export.runs == ""
    page.start()
    assert page.wait("finished")
    rows = list(csv.DictReader(io.StringIO(page.export.cells)))
    assert [(float(row["temperature"]), float(row["alpha"])) for row in rows] == [
        (1, 0.1),
        (1, 0.9),
        (4, 0.1),
        (4, 0.9),
    ]
    assert [float(row["errors"]) for row in rows] == list(errors(page).values())
    assert sum(int(row["best_on_validation"]) for row in rows) == 1
    assert len(list(csv.DictReader(io.StringIO(page.export.runs)))) == len(page.study.frame())
    assert any("One seed" in sentence for sentence in page.map.sentences)
    monkeypatch.chdir(tmp_path)
    told: dict = {}
    exec(page.export.code, told)
    assert told["study"].table(full=True).errors_last.tolist() == list(errors(page).values())
    assert "joblib.parallel_config" in page.export.cluster and "kd.Study.grid(" in page.export.cluster
    compile(page.export.cluster, "cluster", "exec")


def test_stop_keeps_what_has_finished_and_another_page_goes_on(study_page):
    page = study_page(browser=True, **LONG)
    page.start()
    assert page.wait("running")
    with pytest.raises(ValueError, match="a study is under way"):
        page.choose(seeds=5)
    assert page.setup.locked or page._publisher.coming(page.setup, "locked")
    page.stop()
    assert page.wait("idle", "stopped") and not page.setup.locked
    left = page.study.left
    assert left > 0 and page.map.under_way == {}
    folder = browser_folder(BROWSER, "studies")
    assert kept.kept_choices(folder)["epochs"] == 500
    again = study_page()
    again._opened(BROWSER, "")
    assert again.wait() and again.state == page.state, "as it was chosen last, without a link"
    assert again.study.left == left


def test_finished_runs_are_taken_up_by_any_page_of_the_browser_and_only_the_rest_is_run(study_page):
    page = study_page(browser=True, **QUICK)
    page.start()
    assert page.wait("finished")
    found = errors(page)
    wider = study_page(browser=True, **{**QUICK, "temperature": [1, 4, 8]})
    assert wider.wait("stopped") and "10 of 14 runs have finished and are kept" in wider.run.status
    assert {name: errors(wider)[name] for name in found} == found
    other = study_page(**QUICK)
    other._opened("c" * 32, "")
    assert other.wait("idle"), "another browser's"


def test_a_choice_changes_what_is_asked_and_a_wrong_one_is_said(study_page):
    page = study_page(**QUICK)
    heard = page.setup.answer
    page._on_message(None, {"command": "choose", "name": "temperature", "value": "1,2,4"}, [])
    assert page.wait() and page.map.columns == ["1", "2", "4"] and page.setup.answer > heard
    assert page.share.query.startswith("?T=1,2,4&")
    heard = page.setup.answer
    page._on_message(None, {"command": "choose", "name": "labels", "value": "3"}, [])
    assert page._publisher.wait_until_idle()
    assert page.run.status == "Labels must be a whole number from 10 to 55,000, got 3." and page.setup.answer > heard
    for wrong in (
        {"command": "choose", "name": "hidden", "value": "x"},
        {"command": "fly"},
        {"command": "start", "x": 1},
    ):
        page._on_message(None, wrong, [])
        assert page._publisher.wait_until_idle() and page.run.status.endswith(".")
    assert page.state["temperature"] == [1.0, 2.0, 4.0]
    page.map.outcome = "ece"
    assert page._publisher.wait_until_idle() and "outcome=ece" in page.share.query
    assert page.run.state == "idle", "nothing is run for another outcome"


def test_a_study_too_large_for_a_page_cannot_be_started(study_page):
    page = study_page(temperature=[1, 2, 4, 8], units=1024, labels=55_000, epochs=500, seeds=10)
    assert page.run.state == "too_large" and "a page does 15 at most" in page.setup.estimate and page.setup.too_much
    page.start()
    assert page.wait("too_large") and page.study.left == page.study.total


@pytest.mark.skipif(sys.platform == "win32", reason="nobody asks for a place on Windows")
def test_a_study_waits_while_another_viewer_trains_and_says_so(study_page, tmp_path, monkeypatch):
    monkeypatch.setenv(shared.TRAININGS, f"1:{tmp_path}")
    other = shared.place()
    assert other.before() == 0
    page = study_page(**QUICK)
    page.start()
    with page._condition:
        assert page._condition.wait_for(lambda: page.status.startswith("It is another viewer's turn to train"), 60)
    assert page.study.left == page.study.total
    other.give_up()
    assert page.wait("finished")


@pytest.fixture
def while_shown(monkeypatch):
    """``while_shown(act)`` has ``act()`` done once, in the middle of showing what was chosen."""

    def during(act):
        program = code.program

        def acting(plan):
            monkeypatch.setattr(code, "program", program)
            act()
            return program(plan)

        monkeypatch.setattr(code, "program", acting)

    return during


def test_another_outcome_looked_at_while_a_choice_is_shown_stays_and_the_page_is_ready(study_page, while_shown):
    page = study_page(**QUICK)
    while_shown(lambda: setattr(page.map, "outcome", "ece"))
    page.choose(seeds=1)
    assert page.wait(timeout_s=20), page.status
    assert page.run.state == "idle" and page.map.outcome == page.state["outcome"] == "ece"


def test_start_pressed_while_a_choice_is_shown_is_not_taken_back(study_page, while_shown, monkeypatch):
    page = study_page(**QUICK)
    entered = []
    enter = page._enter

    def noted(state, *given, **how):
        enter(state, *given, **how)
        entered.append(page._state)

    monkeypatch.setattr(page, "_enter", noted)
    while_shown(page.start)
    page.choose(seeds=1)
    assert page.wait("finished") and set(entered[:-1]) == {"running"}, "nothing else could be chosen meanwhile"


def test_a_study_that_cannot_be_is_not_started(study_page, monkeypatch):
    page = study_page(**QUICK)

    def cannot(choices):
        raise ValueError("two arms are alike; choose other values")

    monkeypatch.setattr(Plan, "of", cannot)
    page.choose(seeds=1)
    assert page.wait("too_large") and page.setup.estimate == "Two arms are alike; choose other values."
    page.start()
    assert page.wait("too_large", timeout_s=20) and not page.setup.locked
    monkeypatch.undo()
    page.choose(seeds=2)
    assert page.wait("idle")


def test_groups_bring_gaps_and_the_map_opens_on_one_by_a_link(study_page):
    found = StudyPage.links.follow(
        "?data=adult&x=fairness&y=alpha&fairness=0,2&alpha=0.9&labels=200&units=4&epochs=1"
        "&seeds=1&outcome=gap:sex:demographic_parity_difference"
    )
    page = study_page(**{name: value for name, value in found.state.items() if name != "hidden"})
    titles = {kind["name"]: kind["title"] for kind in page.map.kinds}
    assert titles["gap:sex:accuracy_difference"] == "Accuracy by sex: gap"
    page.start()
    assert page.wait("finished") and page.map.outcome == "gap:sex:demographic_parity_difference"
    gap = page.map.cells[0]["values"][page.map.outcome]
    assert 0 <= gap["value"] <= 1 and "twin" in gap and gap["low"] is None, "one seed has no interval"


def test_a_page_in_one_file_keeps_the_map_and_the_tables(study_page, tmp_path):
    page = study_page(**{**QUICK, "seeds": 1})
    page.start()
    assert page.wait("finished")
    text = page.to_html(tmp_path / "study.html").read_text("utf-8")
    held = json.loads(text.split('id="kd-export">')[1].split("</script>")[0])
    drawn = json.dumps(held)
    assert "All cells: MNIST" in drawn and "kd.Study.grid" in drawn and page.map.model_id in drawn
    assert page.run.model_id not in drawn and page.setup.model_id not in drawn, "they need Python"


def test_a_state_comes_back_as_it_was(study_page):
    page = study_page(**QUICK)
    again = StudyPage.from_state(json.loads(json.dumps(page.state)))
    assert again.wait() and again.state == page.state
    again.close()
    with pytest.raises(ValueError, match="teacher"):
        StudyPage.from_state({**page.state, "teacher": ["os:abort"]})


def test_an_error_of_a_run_is_a_cell_that_says_so(study_page):
    page = study_page(**{**QUICK, "seeds": 1, "learning_rate": 1.0, "epochs": 30})
    page.start()
    assert page.wait("finished", "stopped")
    assert all(cell["failed"] == "" or "loss" in cell["failed"] for cell in page.map.cells)


def test_what_breaks_while_it_runs_is_said_and_nothing_is_lost(study_page, monkeypatch):
    page = study_page(**QUICK)

    def broken(self, *args, **how):
        raise RuntimeError("a worker process died")

    monkeypatch.setattr(kd.Study, "run", broken)
    page.start()
    assert page.wait("failed") and page.run.status == "A worker process died."
    assert not page.setup.locked
