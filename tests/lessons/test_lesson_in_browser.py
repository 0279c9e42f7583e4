"""Lesson 2 as a page of kdviz serve, as a learner goes through it."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, expect

from ..axe import AXE

READY_MS = 180_000


@pytest.fixture(scope="module", autouse=True)
def quick():
    before = os.environ.get("KDVIZ_QUICK")
    os.environ["KDVIZ_QUICK"] = "1"
    yield
    os.environ.pop("KDVIZ_QUICK")
    if before is not None:
        os.environ["KDVIZ_QUICK"] = before


def findings(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [f"{one['id']} ({one['impact']}): {one['nodes'][0]['target']}" for one in found]


def test_a_learner_predicts_sees_and_finds_all_of_it_again(serve, page):
    opened = page(None, width=360, bypass_csp=True, reduced_motion="reduce")
    opened.add_init_script(
        "window.shift = 0; new PerformanceObserver((l) => l.getEntries().forEach((e) => { window.shift += e.value; }))"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    opened.goto(serve(None, "--no-preheat").base + "voila/render/course/02-temperature.ipynb")
    opened.wait_for_selector("[data-kd-ready]", timeout=READY_MS)
    assert opened.evaluate("window.shift") < 0.1
    first, second = opened.locator(".kd-lesson").first, opened.locator(".kd-lesson").nth(1)
    expect(opened.locator(".kd-soft-targets")).to_have_count(0)  # what is asked about is not shown before
    assert findings(opened) == []
    measured = opened.locator("p", has_text="From T = 1 to T = 16 the gradient")
    expect(measured).to_be_hidden()  # it stands below a question that is open

    first.get_by_role("radio", name="With a 9").press("Space")
    expect(first.get_by_text("Right.", exact=True)).to_be_visible()
    expect(first.get_by_role("radio", name="With a 0")).to_be_disabled()  # the first answer stands
    expect(first.locator(".kd-soft-targets")).to_be_visible()
    bar = second.locator(".kd-question").get_by_role("slider").first
    bar.press("End")
    second.get_by_role("button", name="Answer", exact=True).press("Enter")
    expect(second.get_by_role("slider", name="Temperature")).to_be_enabled()
    expect(opened.get_by_role("navigation", name="Lesson", exact=True)).to_contain_text("2 of 7 answered")

    assert findings(opened) == []
    for width in (360, 768, 1280, 1920):
        opened.set_viewport_size({"width": width, "height": 900})
        opened.wait_for_timeout(100)
        assert opened.evaluate("document.documentElement.scrollWidth") <= width, f"at {width} px"
    opened.emulate_media(color_scheme="dark")
    assert findings(opened) == []
    expect(measured).to_be_hidden()
    opened.get_by_role("button", name="Show it now").press("Enter")
    expect(measured).to_be_visible()

    opened.reload()  # another kernel
    opened.wait_for_selector("[data-kd-ready]", timeout=READY_MS)
    expect(second.get_by_role("slider", name="Temperature")).to_be_visible()
    expect(opened.get_by_role("navigation", name="Lesson", exact=True)).to_contain_text("2 of 7 answered")
