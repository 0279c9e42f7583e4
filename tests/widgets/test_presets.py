"""Presets: a row of questions; the one chosen takes a bet before the first step, and answers it after the last."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from kdviz.widgets.presets import Presets
from kdviz.widgets.scene import Scene
from kdviz.widgets.traits import WrongTraitError

ROWS = [
    {
        "name": "", "title": "Does it help?", "question": "Fewer errors than the twin?", "look": "the curves.",
        "answers": [{"name": "fewer", "text": "Fewer"}, {"name": "more", "text": "More"}], "seeds": 1, "next": "hot",
    },
    {
        "name": "hot", "title": "T = 100?", "question": "Is anything left in the answers?", "look": "the curves.",
        "answers": [{"name": "yes", "text": "Yes"}, {"name": "no", "text": "No"}], "seeds": 5, "next": "none",
    },
    {
        "name": "none", "title": "No labels?", "question": "How many errors?", "look": "the bars.",
        "answers": [], "seeds": 1, "next": "",
    },
]  # fmt: skip
ANSWER = {"verdict": "You said 3,000. It made 269.", "why": "Guessing makes 9,000. The teacher knew.", "repeat": False}


def presets(scene=None, **traits) -> Presets:
    return Presets(**({"presets": ROWS, "scene": Scene(**(scene or {}))} | traits))


def sent(page):
    return page.evaluate("() => model.log.filter((entry) => entry.sent).map((entry) => entry.sent)")


def chip(page, name):
    return page.get_by_role("radiogroup", name="Try").get_by_role("radio", name=name)


def test_a_chip_is_chosen_by_hand_or_key_told_to_python_and_asks_its_question(mount):
    page = mount(presets())
    row = page.get_by_role("radiogroup", name="Try")
    assert row.locator("label").all_inner_texts() == ["Does it help?", "T = 100?", "No labels?"]
    expect(page.get_by_role("heading", name="Fewer errors than the twin?")).to_be_visible()
    chip(page, "T = 100?").check()
    expect(page.get_by_role("heading", name="Is anything left in the answers?")).to_be_visible()
    expect(page.get_by_text("It takes 5 seeds to settle; a button for them comes after the first.")).to_be_visible()
    chip(page, "T = 100?").press("ArrowRight")
    expect(page.get_by_role("heading", name="How many errors?")).to_be_visible()
    expect(page.get_by_text("Where to look: the bars.")).to_be_visible()
    assert sent(page) == [{"command": "preset", "name": "hot"}, {"command": "preset", "name": "none"}]
    assert page.evaluate("() => model.get('chosen')") == "none"
    page.evaluate("() => model.set('chosen', 'hot')")  # Python refused
    expect(chip(page, "T = 100?")).to_be_checked()


def test_a_bet_is_made_before_the_first_step_and_locked_after_it(mount):
    page = mount(presets())
    page.get_by_role("radio", name="Fewer").check()
    assert page.evaluate("() => model.get('bet')") == "fewer"
    expect(page.get_by_text("It locks at Train.")).to_be_visible()
    page.evaluate("() => scene.set('state', 'running')")
    expect(page.get_by_role("radio", name="Fewer")).to_be_disabled()
    expect(page.get_by_text("Your bet is locked. Stop the run to choose another preset.")).to_be_visible()
    expect(chip(page, "T = 100?")).to_be_disabled()
    page.evaluate("() => { scene.set('state', 'paused'); model.set('bet', ''); }")
    expect(page.get_by_text("No bet was made.")).to_be_visible()
    expect(chip(page, "T = 100?")).to_be_enabled()


def test_a_number_is_guessed_as_people_write_it(mount):
    page = mount(presets(chosen="none"))
    field = page.get_by_label("Your bet, in errors")
    field.fill("3,000")
    assert page.evaluate("() => model.get('bet')") == "3000"
    field.fill("many")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert page.evaluate("() => model.get('bet')") == "3000"
    field.fill("")
    assert page.evaluate("() => model.get('bet')") == ""


def test_the_answer_takes_the_place_of_the_bet_without_moving_the_page_and_leads_on(mount):
    page = mount(presets(chosen="none", bet="3000"))
    height = "() => document.querySelector('.kd-presets').getBoundingClientRect().height"
    before = page.evaluate(height)
    assert before <= 122
    page.evaluate("(answer) => { scene.set('state', 'finished'); model.set('answer', answer); }", ANSWER)
    expect(page.get_by_text(ANSWER["verdict"], exact=True)).to_be_visible()
    expect(page.get_by_text(ANSWER["why"], exact=True)).to_be_visible()
    expect(page.get_by_label("Your bet, in errors")).to_be_hidden()
    assert page.evaluate(height) == before
    expect(page.get_by_role("button", name="Repeat with 5 seeds")).to_be_hidden()
    page.evaluate("(answer) => model.set('answer', { ...answer, repeat: true })", ANSWER)
    page.get_by_role("button", name="Repeat with 5 seeds").click()
    page.get_by_role("button", name="Next: Does it help?").click()
    assert sent(page) == [{"command": "repeat", "seeds": 5}, {"command": "preset", "name": ""}]
    assert page.evaluate(height) == before


def test_a_tiny_students_units_are_pictures_that_can_be_enlarged(mount):
    weights = np.linspace(-1, 1, 3 * 4 * 4).astype("<f4")
    page = mount(presets({"state": "finished"}, answer=ANSWER, pictures=weights, picture_shape=[4, 4]))
    button = page.get_by_role("button", name="See the student’s 3 units")
    assert button.locator("canvas").count() == 3
    button.click()
    sheet = page.get_by_role("dialog", name="The student’s units")
    expect(sheet.get_by_text("unit 3")).to_be_visible()
    colours = page.evaluate(
        "() => [...document.querySelectorAll('.kd-preset-sheet canvas')].map((c) => "
        "[...c.getContext('2d').getImageData(0, 0, 1, 1).data.slice(0, 3)])"
    )
    assert colours[0] == [118, 42, 131] and colours[2][1] > colours[2][0]  # against: purple, for: green
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def test_chips_are_locked_by_a_link_and_hidden_by_one(mount):
    page = mount(presets({"locked": ["presets"]}, chosen="hot"))
    expect(chip(page, "T = 100?")).to_be_disabled()
    expect(page.get_by_text("Set by the link that opened this page.")).to_be_visible()
    page.evaluate("() => scene.set('hidden', ['presets'])")
    expect(page.locator("#view")).to_be_hidden()


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
    long = [
        {**row, "question": "Will a student of 2 × 800 units learn more? " * 3, "title": "T = 100 " * 6} for row in ROWS
    ]
    page = mount(presets(presets=long, chosen="hot"), width=width)
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    page.evaluate("(answer) => model.set('answer', answer)", ANSWER)
    expect(page.get_by_text(ANSWER["why"], exact=True)).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def test_names_rows_and_bets_are_checked():
    with pytest.raises(WrongTraitError, match="chosen must be one of '', 'hot', 'none', got 'cold'"):
        presets(chosen="cold")
    with pytest.raises(WrongTraitError, match=r"presets\[0\] must be a dict with name, title, question, look, answers"):
        Presets(presets=[{"name": "hot"}])
    with pytest.raises(WrongTraitError, match="bet must be one of '', 'yes', 'no', got '3'"):
        presets(chosen="hot", bet="3")
    with pytest.raises(WrongTraitError, match="bet must be a number of errors of at most 6 digits, got '1234567'"):
        presets(chosen="none", bet="1234567")


@pytest.mark.parametrize(("state", "bet"), [("idle", "yes"), ("running", ""), ("finished", "")])
def test_a_page_can_bet_before_the_first_step_only(state, bet):
    widget = presets({"state": state}, chosen="hot")
    widget.set_state({"bet": "yes"})
    assert widget.bet == bet
