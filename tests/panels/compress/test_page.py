"""The Compress page without a browser: add, stop, keep, remove."""

from __future__ import annotations

import pytest

from kdviz import models
from kdviz.panels.compress import kept
from kdviz.panels.live.browser_folder import browser_folder

from ..conftest import BROWSER
from .conftest import QUICK


def test_a_point_is_made_kept_and_taken_off_again(compress_page):
    page = compress_page(browser=True, **QUICK)
    assert page.setup.state == "idle" and page.setup.estimate.startswith("about ") and page.chart.points == []
    wrong = page.chart.teacher["examples"] * (1 - models.card("adult-mlp").validation_accuracy)
    assert page.chart.teacher["errors"] == pytest.approx(wrong, abs=3)  # the card rounds
    page.add()
    assert page.wait() and page.setup.state == "idle", page.status
    (point,) = page.chart.points
    assert point["name"] == "50\u202f% of units away" and point["note"] == "taught afterwards for 32 steps"
    assert point["errors"] == page.points[0]["validation"]["errors"] and page.chart.csv.count("\n") == 2
    assert page.share.query == "?teacher=adult-mlp&units=0.5&teaching=1"

    again = compress_page()
    again._opened(BROWSER, "")
    assert again.wait() and again.state == page.state
    assert again.chart.points == page.chart.points  # the same numbers, after a reload
    again._on_message(None, {"command": "remove", "id": 1}, [])
    assert again.wait() and again.chart.points == []
    assert kept.kept(browser_folder(BROWSER, "compress")).points == []


def test_a_stop_keeps_what_was_learned_and_the_rest_is_not_begun(compress_page):
    page = compress_page(teacher="adult-mlp")
    heard = page._hear
    page._hear = lambda *given: (heard(*given), page.stop() if not page._stop_asked.is_set() else None)
    page.ways()
    assert page.wait() and page.setup.state == "idle"
    (point,) = page.chart.points
    assert point["note"] == "stopped after 1 of 640 steps"
    with pytest.raises(ValueError, match="no point is being made"):
        page.stop()


def test_points_belong_to_their_teacher(compress_page):
    page = compress_page(**{**QUICK, "integers": "dynamic", "units": 0.0, "teaching": 0})
    page.add()
    assert page.wait() and len(page.chart.points) == 1 and page.chart.points[0]["beside_twin"].startswith("none")
    page.choose(teacher="mnist-mlp-overfit")
    assert page.wait() and page.chart.points == [] and page.chart.teacher["name"].startswith("MNIST")
    page.choose(teacher="adult-mlp")
    assert page.wait() and len(page.chart.points) == 1
    page.command("clear")
    assert page.wait() and page.chart.points == []


def test_the_test_set_is_opened_once_and_what_is_made_afterwards_says_so(compress_page):
    quick = {**QUICK, "integers": "dynamic", "units": 0.0, "teaching": 0}
    page = compress_page(browser=True, **quick)
    page.add()
    assert page.wait() and page.chart.errors_on == "validation" and not page.chart.opened
    page._on_message(None, {"command": "count_on", "part": "test"}, [])
    assert page.wait() and page.setup.status == "The test set is closed; open it first, once all is chosen."
    page._on_message(None, {"command": "open"}, [])
    assert page.wait() and page.chart.errors_on == "test" and page.chart.opened
    assert page.chart.teacher["errors"] == 2392  # as on its card
    assert page.chart.points[0]["errors"] == page.points[0]["test"]["errors"] and "test_errors" in page.chart.csv
    page.add()
    assert page.wait() and [point["opened"] for point in page.points] == [False, True]
    page.count_on("validation")
    assert page.wait() and page.chart.points[0]["errors"] == page.points[0]["validation"]["errors"]

    again = compress_page()
    again._opened(BROWSER, "")
    assert again.wait() and again.chart.opened and again.chart.errors_on == "validation"
    again.choose(teacher="mnist-mlp-overfit")
    assert again.wait() and not again.chart.opened


def test_a_wrong_choice_and_a_failing_point_are_said_and_the_page_goes_on(compress_page):
    page = compress_page(**QUICK)
    heard = page.setup.answer
    page._on_message(None, {"command": "choose", "name": "units", "value": "2"}, [])
    assert page.wait() and page.setup.answer > heard
    assert page.setup.status == "Units must be a number from 0 to 0.95, got 2.0."
    page.choose(units=0.0, rank=256)
    page.add()
    assert page.wait("failed")
    assert page.setup.status == "No layer of the Network has fewer weights at rank 256; choose a smaller one."
    page.choose(rank=4)
    page.add()
    assert page.wait("idle") and page.chart.points[0]["name"] == "rank 4"


def test_a_link_opens_its_choices_and_says_what_it_could_not_follow(compress_page):
    page = compress_page()
    page._opened("", "?teacher=adult-mlp&student=8&bits=11&hide=share")
    assert page.wait()
    assert (page.state["student"], page.state["weights"], page.scene.hidden) == (8, 0.0, ["share"])
    assert "bits must be a whole number from 2 to 8" in page.scene.link["note"]
    assert page.from_state(page.state).close() is None
