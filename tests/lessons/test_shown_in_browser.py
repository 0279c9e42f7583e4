"""What a lesson shows, in a browser: what an answer opens, what is never told, and a page in one file."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from kdviz.lessons import Bars, Choice, Lesson, Order
from kdviz.panels import SoftTargets
from kdviz.widgets.stand_in import written

from ..widgets.conftest import MOUNT, PAGE, mounting

SECRET = "Because the softmax is divided by its sum."


class Small(Lesson):
    """A question, a prediction, and a quiz of two."""

    name = "small"


def small(folder, **options) -> Small:
    lesson = Small(folder=folder, **options)
    answers = {"Up": f"No. {SECRET}", "Down": f"Yes. {SECRET}", "Neither": "No."}
    lesson.add("first", Choice("Where does it go?", answers, right="Down"))
    lesson.add("drawn", Bars("At T = 4?", ["a", "b"], truth=[0.771, 0.229], whole=1, said=SECRET))
    lesson.add("third", Order("From small to large:", ["1", "2", "3"]), quiz=True)
    lesson.add("fourth", Choice("And now?", answers, right="Up"), quiz=True)
    return lesson


@pytest.fixture
def shown(page):
    """``shown(lesson.ask("first"), ...)`` draws what a lesson shows, without Python behind it."""

    def show(*parts, **options):
        opened = page(**options)
        opened.set_content(PAGE)
        opened.evaluate(MOUNT, mounting(*[part.view for part in parts]))
        return opened

    return show


@pytest.fixture
def offline(page, watch):
    """Open a file without a network; at the end nothing but the file was asked for."""

    def show(path, opened=None):
        opened = opened or page(offline=True)
        opened.goto(path.as_uri())
        opened.wait_for_selector("[data-kd-ready]")
        return opened

    yield show
    assert all(url.startswith(("file:", "blob:", "data:")) for url in watch.requests)


def soft() -> SoftTargets:
    return SoftTargets("mnist-mlp-1200", examples=[1, 2, 3])


def places(opened, selector: str) -> list[dict[str, float]]:
    return [one.bounding_box() for one in opened.locator(selector).all()]


def test_what_an_answer_opens_is_not_on_the_page_before_and_beside_it_after(tmp_path, shown):
    opened = shown(small(tmp_path).ask("first", opens=soft()))
    assert opened.locator(".kd-soft-targets").count() == 0
    alone = places(opened, ".kd-question")[0]
    assert alone["width"] > 0.95 * (1280 - 32), "alone it has the width of the page"
    opened.get_by_role("radio", name="Up").check()
    expect(opened.locator(".kd-soft-targets")).to_be_visible()
    (question,), (panel,) = places(opened, ".kd-question"), places(opened, ".kd-soft-targets")
    assert question["x"] + question["width"] < panel["x"] and abs(question["y"] - panel["y"]) < 2
    opened.set_viewport_size({"width": 400, "height": 900})
    (question,), (panel,) = places(opened, ".kd-question"), places(opened, ".kd-soft-targets")
    assert question["y"] + question["height"] < panel["y"] and abs(question["x"] - panel["x"]) < 2
    assert opened.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_lesson_that_is_begun_again_closes_what_was_open(tmp_path, shown):
    lesson = small(tmp_path)
    lesson.answer("first", "Up")
    part = lesson.ask("first", opens=soft())
    opened = shown(part)
    expect(opened.locator(".kd-soft-targets")).to_be_visible()
    gate = f"anywidget:{part._gate.model_id}"
    assert part.widgets[0].get_state()["gate"] == gate
    lesson.reset()
    assert not part._gate.opened and part.widgets[0].answer == "" and part.widgets[0].solution == {}


def test_questions_of_a_quiz_stand_one_below_the_other_and_are_counted_once(tmp_path, shown):
    lesson = small(tmp_path)
    lesson.answer("fourth", "Up")
    opened = shown(lesson.quiz(), width=1920)
    first, second = places(opened, ".kd-question")
    assert first["y"] + first["height"] < second["y"] and first["width"] > 1800
    expect(opened.get_by_text("1 of 2 answered. 1 of 1 right.")).to_have_count(1)


@pytest.mark.parametrize("tell", ["never", "submitted"])
def test_nothing_of_what_is_right_is_on_a_page_that_does_not_tell(tmp_path, shown, tell):
    lesson = small(tmp_path, tell=tell)
    lesson.answer("first", "Down")
    lesson.answer("drawn", [0.5, 0.5])
    parts = [lesson.ask("first", opens=soft()), lesson.ask("drawn"), lesson.quiz()]
    opened = shown(*parts)
    expect(opened.get_by_text("Your answer is kept.")).to_have_count(2)
    states = json.dumps(written([part.view for part in parts])["models"])
    files = "".join(part.to_html(tmp_path / f"{i}.html").read_text("utf-8") for i, part in enumerate(parts))
    for text in (opened.content(), states, files):
        assert SECRET not in text and "0.771" not in text and '"right":' not in text.replace(" ", "")
    assert opened.locator(".kd-soft-targets").count() == 1, "it opens what it opens all the same"
    lesson.submit()
    told = [bool(part.widgets[0].solution) for part in parts[:2]]
    assert told == [tell == "submitted"] * 2


def test_a_page_in_one_file_asks_tells_opens_and_remembers_without_a_network(tmp_path, offline):
    lesson = small(tmp_path)
    file = lesson.ask("first", opens=soft()).to_html(tmp_path / "first.html")
    other = lesson.ask("drawn").to_html(tmp_path / "drawn.html")
    opened = offline(file)
    assert opened.locator(".kd-soft-targets").count() == 0
    expect(opened.locator(".kd-question")).not_to_contain_text(SECRET)
    opened.get_by_role("radio", name="Up").check()
    said = lesson.part("first").reply("Up").text
    expect(opened.locator(".kd-reply")).to_have_text(said)
    expect(opened.get_by_role("slider", name=re.compile("Temperature"))).to_be_visible()
    offline(file, opened)
    expect(opened.locator(".kd-reply")).to_have_text(said)
    expect(opened.get_by_role("radio", name="Up")).to_be_checked()
    expect(opened.get_by_role("radio", name="Down")).to_be_disabled()
    expect(opened.locator(".kd-soft-targets")).to_be_visible()
    offline(other, opened)
    assert opened.locator(".kd-drawn-came").first.is_hidden()
    opened.get_by_role("slider", name="a").press("End")
    opened.get_by_role("button", name="Answer").click()
    expect(opened.locator(".kd-reply")).to_have_text(lesson.part("drawn").reply([1, 0]).text)
    assert lesson.kept.get("first") is None and lesson.kept.get("drawn") is None
