"""The tour goes from part to part, by choice, with the keyboard alone, and is remembered."""

import pytest
from playwright.sync_api import expect

from kdviz.widgets.kept import Kept
from kdviz.widgets.scene import Scene
from kdviz.widgets.tour import Tour
from kdviz.widgets.traits import WrongTraitError
from kdviz.widgets.transport import Transport

STOPS = [
    {"part": "transport", "title": "Train", "text": "A student learns."},
    {"part": "kept", "title": "Not there", "text": "Nothing is kept."},
    {"part": "absent tour", "title": "The first that is there", "text": "The tour itself."},
]


def test_it_goes_from_part_to_part_and_is_remembered(mount):
    scene = Scene()
    page = mount(Tour(stops=STOPS, scene=scene), Transport(scene=scene), Kept(scene=scene), height=500)
    button, card = page.locator(".kd-tour-button"), page.get_by_role("dialog")
    expect(card).to_have_count(0)
    expect(button).to_have_text("A tour in 2 stops")  # the part that offers nothing is left out
    button.click()
    expect(card).to_have_accessible_name("Train")
    assert "Stop 1 of 2" in card.inner_text()
    expect(page.locator(".kd-host-transport")).to_contain_class("kd-toured")
    expect(card.get_by_role("button", name="Next")).to_be_focused()
    box, part = card.bounding_box(), page.locator(".kd-host-transport").bounding_box()
    assert box["y"] >= part["y"] + part["height"] and box["y"] + box["height"] <= 500

    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(button).to_be_focused()
    expect(button).to_have_text("Go on with the tour: stop 1 of 2")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    expect(card).to_have_accessible_name("The first that is there")
    expect(page.locator(".kd-toured")).to_have_count(1)
    card.get_by_role("button", name="Done").click()
    expect(page.locator(".kd-toured")).to_have_count(0)
    assert button.inner_text() == "Tour again"

    page.evaluate("() => { scene.set('hidden', ['tour']); }")
    expect(button).to_be_hidden()
    page.evaluate("end()")


def test_a_stop_has_a_part_a_title_and_a_text():
    with pytest.raises(WrongTraitError, match="stops"):
        Tour(stops=[{"part": "transport"}])
