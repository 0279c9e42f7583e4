"""Presented: a page in large type without its chrome, moved by single keys that no control in use loses."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from kdviz.widgets import Examples, Scene, SoftTargets, Transport, Views

from .conftest import MOUNT, PAGE, mounting

ADDRESS = "http://127.0.0.1:9/voila/render/lab.ipynb"


@pytest.fixture
def presented(page):
    """A page that was opened with ``?present``; ``presented(width=...)`` returns it."""

    def show(query: str = "?present", *, no_examples: bool = False, **options):
        logits = np.eye(4, 3, dtype="<f4")
        scene = Scene(
            classes=list("abc"), labels=[0, 1, 2, 0], captions=list("wxyz"), sample=4, teacher_logits=logits,
            filter="all", link={"answered": True, "note": ""}, question="How sure is it?", view="one",
        )  # fmt: skip
        shared = {"scene": scene}
        parts = [
            Transport(state="idle", total_steps=9, **shared),
            Views(offered=["one", "many", "fidelity"], **shared),
            Examples(**shared),
            SoftTargets(shown=["temperature", "bars"], **shared),
        ]
        if no_examples:
            scene.labels, parts = [], [parts[0], parts[-1]]
        opened = page(**options)
        opened.route(f"{ADDRESS}**", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        opened.goto(f"{ADDRESS}{query}")
        opened.evaluate("() => { document.body.dataset.voila = 'voila'; }")
        opened.evaluate(MOUNT, mounting(*parts))
        return opened

    return show


def test_keys_lead_through_a_presentation(presented):
    page = presented(width=1920)
    expect(page.get_by_role("heading", level=1)).to_have_text("How sure is it?")
    for chrome in ("views", "examples"):
        expect(page.locator(f".kd-host-{chrome}")).to_be_hidden()
    assert (
        page.evaluate("() => Math.round(parseFloat(getComputedStyle(document.querySelector('.kd-host .kd')).fontSize))")
        == 22
    )
    buttons = page.locator(".kd-transport button").filter(visible=True)
    assert buttons.all_inner_texts() == ["Train"]

    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("() => scene.get('selected')") == 1
    page.keyboard.press("]")
    higher = page.evaluate("() => scene.get('temperature')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("[")
    assert page.evaluate("() => scene.get('temperature')") < 4 < higher
    page.keyboard.press("2")
    assert page.evaluate("() => scene.get('view')") == "many"
    page.keyboard.press("7")
    assert page.evaluate("() => scene.get('view')") == "many", "there are three views"
    page.keyboard.press("1")
    page.keyboard.press("Space")
    assert page.evaluate("() => model.log.filter((entry) => entry.sent).map((entry) => entry.sent)") == [
        {"command": "train"}
    ]

    page.keyboard.press("?")
    keys = page.locator(".kd-present-keys").get_by_role("listitem").filter(visible=True)
    taken = [
        "← → The example before, the next one",
        "[ ] ↑ ↓ Less T, more T",
        "Space Train or pause",
        "1 – 9 The views",
    ]
    expect(keys).to_have_text([*taken, "? These keys", "Esc Leave the presentation"])  # no curves here, so no film
    page.keyboard.press("Escape")
    expect(page.get_by_text("Leave the presentation")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator(".kd-host-examples")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_count(0)
    assert page.url == ADDRESS and page.evaluate("() => document.documentElement.style.fontSize") == ""
    page.keyboard.press("2")
    assert page.evaluate("() => scene.get('view')") == "one", "keys are the presentation's alone"


def test_a_page_lists_only_the_keys_that_it_has(presented):
    page = presented(no_examples=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("How sure is it?")
    page.keyboard.press("?")
    keys = page.locator(".kd-present-keys").get_by_role("listitem").filter(visible=True)
    expect(keys).to_have_text(
        ["[ ] ↑ ↓ Less T, more T", "Space Train or pause", "? These keys", "Esc Leave the presentation"]
    )


def test_no_key_is_taken_from_a_control_in_use(presented):
    page = presented()
    before = page.evaluate("() => [scene.get('selected'), scene.get('view')]")
    slider = page.get_by_role("slider", name="Temperature")
    slider.focus()
    for key in ("ArrowRight", "2", "Space", "Home"):
        slider.press(key)
    assert page.evaluate("() => [scene.get('selected'), scene.get('view')]") == before
    assert page.evaluate("() => scene.get('temperature')") == 0.5, "the slider's own key moved it"
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("Control+2")
    assert page.evaluate("() => scene.get('view')") == "one"
    assert page.evaluate("() => model.log.filter((entry) => entry.sent).length") == 0


@pytest.mark.parametrize("query", ["", "?present=0", "?present=loud"])
def test_a_page_is_presented_only_where_that_is_asked_for(presented, query):
    page = presented(query)
    expect(page.locator(".kd-host-examples")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_count(0)
