"""The diagram of a scheme: boxes, arrows, phases, motion that can be held and is not there where none is asked for."""

import pytest
from playwright.sync_api import expect

from kdviz.widgets import SchemePicture
from kdviz.widgets.traits import WrongTraitError

from ..axe import serious

PARTIES = [
    {"name": "t", "title": "Teacher", "kind": "teacher", "column": 0, "row": 0},
    {"name": "a", "title": "Assistant 1", "kind": "peer", "column": 1, "row": 0},
    {"name": "s", "title": "Student", "kind": "student", "column": 2, "row": 0},
]
PHASES = [
    {"says": "The teacher teaches the assistant.", "arrows": [["t", "a"]]},
    {"says": "The assistant teaches the student.", "arrows": [["a", "s"]]},
]


def picture(**traits):
    given = {"title": "Teacher assistants", "says": "One after the other.", "parties": PARTIES, "phases": PHASES}
    return SchemePicture(
        **(given | {"code": "def chain(): ...", "file": "schemes/chain.py", "misses": "Much."} | traits)
    )


def arrows_now(page):
    return page.evaluate(
        "() => [...document.querySelectorAll('.kd-scheme-now[data-arrow]')].map((a) => a.dataset.arrow)"
    )


def test_phases_are_gone_through_by_hand_and_say_what_the_arrows_say(mount):
    page = mount(picture(), width=700)
    assert serious(page) == []
    drawn = page.get_by_role("img")
    expect(drawn).to_have_attribute("aria-label", "Diagram. Arrows now: Teacher to Assistant 1.")
    second = page.get_by_role("button", name="The assistant teaches the student.")
    second.click()
    expect(second).to_have_attribute("aria-current", "step")
    expect(drawn).to_have_attribute("aria-label", "Diagram. Arrows now: Assistant 1 to Student.")
    assert arrows_now(page) == ["a s"] and page.locator(".kd-scheme-dot").count() == 0, "held by the hand"
    page.get_by_role("button", name="Play the diagram").click()
    expect(page.locator(".kd-scheme-dot")).to_have_count(1)
    page.get_by_text("Code", exact=True).click()
    expect(page.get_by_label("The scheme’s own file")).to_have_text("def chain(): ...")


def test_a_run_under_way_shows_its_own_phase(mount):
    page = mount(picture(phase=1), width=700)
    expect(page.get_by_role("img")).to_have_attribute("aria-label", "Diagram. Arrows now: Assistant 1 to Student.")
    page.get_by_role("button", name="The teacher teaches the assistant.").dispatch_event("click")
    assert arrows_now(page) == ["a s"]
    expect(page.get_by_role("button", name="Pause the diagram")).to_be_hidden()


def test_with_less_motion_nothing_moves(mount):
    page = mount(picture(), width=360)
    page.emulate_media(reduced_motion="reduce")
    expect(page.get_by_role("button", name="Pause the diagram")).to_be_hidden()
    expect(page.locator(".kd-scheme-dot")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_what_is_no_diagram_is_refused():
    with pytest.raises(WrongTraitError, match=r"parties\[0\]\['kind'\] must be one of 'teacher'"):
        SchemePicture(parties=[{**PARTIES[0], "kind": "ghost"}])
    with pytest.raises(WrongTraitError, match=r"phases\[0\]\['arrows'\] must be pairs of names"):
        SchemePicture(phases=[{"says": "x", "arrows": [["t"]]}])
