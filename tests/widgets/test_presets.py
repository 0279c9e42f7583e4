"""Presets: choosing one asks its question; what the reader expects stays in the browser until the run has ended."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kdviz.widgets.presets import Presets
from kdviz.widgets.scene import Scene
from kdviz.widgets.traits import WrongTraitError

ROWS = [
    {"name": "hot", "title": "T = 100", "question": "Is anything left in the answers?", "look": "the curves."},
    {"name": "tiny", "title": "Tiny", "question": "How much fits in?", "look": "the bars."},
]


def presets(scene=None, **traits) -> Presets:
    return Presets(**({"presets": ROWS, "scene": Scene(**(scene or {}))} | traits))


def sent(page):
    return page.evaluate("() => model.log.filter((entry) => entry.sent).map((entry) => entry.sent)")


def test_a_preset_is_chosen_told_to_python_and_asks_its_question(mount):
    page = mount(presets())
    select = page.get_by_label("Start from")
    assert select.locator("option").all_inner_texts() == ["The default", "T = 100", "Tiny"]
    assert page.get_by_role("heading").count() == 0
    select.select_option("tiny")
    expect(page.get_by_role("heading", name="How much fits in?")).to_be_visible()
    expect(page.get_by_text("Where to look: the bars.")).to_be_visible()
    assert sent(page) == [{"command": "preset", "name": "tiny"}]
    assert page.evaluate("() => model.get('chosen')") == "tiny"
    select.select_option("")
    expect(page.get_by_role("heading")).to_have_count(0)
    assert sent(page)[-1] == {"command": "preset", "name": ""}


def test_a_choice_that_python_refuses_is_taken_back(mount):
    page = mount(presets())
    page.get_by_label("Start from").select_option("tiny")
    page.evaluate("() => model.set('chosen', 'hot')")
    expect(page.get_by_label("Start from")).to_have_value("hot")
    expect(page.get_by_role("heading", name="Is anything left in the answers?")).to_be_visible()


def test_what_is_expected_comes_back_when_the_run_has_ended_and_never_leaves_the_browser(mount):
    page = mount(presets(chosen="hot"))
    words = "Nothing <b>at all</b>, they look alike."
    page.get_by_label("What do you expect?").fill(words)
    page.evaluate("() => model.set('finished', true)")
    expect(page.get_by_text(words, exact=True)).to_be_visible()
    assert page.get_by_label("What do you expect?").is_hidden()
    assert sent(page) == []
    assert words not in page.evaluate("() => JSON.stringify([model.state, model.log])")
    page.evaluate("() => model.set('finished', false)")
    expect(page.get_by_label("What do you expect?")).to_have_value(words)


def test_each_preset_has_an_expectation_of_its_own(mount):
    page = mount(presets(chosen="hot"))
    page.get_by_label("What do you expect?").fill("Little.")
    page.get_by_label("Start from").select_option("tiny")
    expect(page.get_by_label("What do you expect?")).to_have_value("")
    page.evaluate("() => model.set('finished', true)")
    expect(page.get_by_text("You expected")).to_be_hidden()
    page.get_by_label("Start from").select_option("hot")
    expect(page.get_by_text("Little.")).to_be_visible()


@pytest.mark.parametrize(("scene", "says"), [
    ({"locked": ["presets"]}, "Set by the link that opened this page."),
    ({"state": "running"}, "Stop the run to start from something else."),
    ({"state": "loading"}, "Stop the run to start from something else."),
])  # fmt: skip
def test_the_select_is_disabled_where_it_is_locked_or_a_run_is_under_way_and_says_why(mount, scene, says):
    page = mount(presets(scene, chosen="hot"))
    select = page.get_by_label("Start from")
    assert select.is_disabled()
    described = page.locator(f"#{select.get_attribute('aria-describedby')}")
    assert described.inner_text() == says
    page.evaluate("() => { scene.set('locked', []); scene.set('state', 'paused'); }")
    expect(select).to_be_enabled()
    assert select.get_attribute("aria-describedby") is None


def test_it_is_not_there_where_a_lecturer_hides_it(mount):
    page = mount(presets({"hidden": ["presets"]}))
    assert page.locator("#view").is_hidden()
    page.evaluate("() => scene.set('hidden', [])")
    expect(page.get_by_label("Start from")).to_be_visible()


def test_a_view_that_ends_leaves_no_listener(mount):
    page = mount(presets())
    count = "() => Object.values(model.listeners).flat().length + Object.values(scene.listeners).flat().length"
    before = page.evaluate(count)
    page.evaluate("() => end()")
    films = page.evaluate(count)  # the scene's films listen as long as the scene
    assert 0 < films < before
    assert page.evaluate("() => Object.values(model.listeners).flat().length") == 0


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_page_at_twice_the_size_of_text(mount, width):
    long = [{**ROWS[0], "question": "Will a student of 2 × 800 units learn more? " * 3, "title": "T = 100 " * 12}]
    page = mount(presets(presets=long, chosen="hot"), width=width)
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def test_names_and_rows_are_checked():
    with pytest.raises(WrongTraitError, match="chosen must be one of '', 'hot', 'tiny', got 'cold'"):
        presets(chosen="cold")
    with pytest.raises(WrongTraitError, match=r"presets\[0\] must be a dict with name, title, question, look"):
        Presets(presets=[{"name": "hot"}])
