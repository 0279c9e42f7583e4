"""The Lab's first screen: what is in sight before anything is scrolled, and that nothing jumps."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts += one.value;
}).observe({ type: "layout-shift", buffered: true });
"""
DRAWN = """() => {
  const [svg, plot] = [".kd-plot-svg", ".kd-plot"].map((part) => document.querySelector(part));
  return svg.viewBox.baseVal.width === Math.round(plot.clientWidth);
}"""
MOST_SHIFT = 0.1
LONG = "labels=300&units=16&epochs=60&batch_size=32&smoothing=0"  # 600 steps: time enough to look


def bottom(page: Page, part: str) -> float:
    box = page.locator(part).bounding_box()
    return box["y"] + box["height"]


def in_sight(page: Page, part: str) -> bool:
    box, room = page.locator(part).bounding_box(), page.viewport_size
    return box["y"] >= 0 and box["y"] + box["height"] <= room["height"] and box["x"] + box["width"] <= room["width"]


def tabs(page: Page) -> list[dict]:
    return [
        label.bounding_box() for label in page.get_by_role("radiogroup", name="Show").locator("label:visible").all()
    ]


def test_the_first_screen_holds_the_hero_and_while_training_bars_and_curves(open_lab):
    lab = open_lab(LONG, bypass_csp=True)
    page = lab.page
    for part in (
        ".kd-hero-picture",
        ".kd-hero-teacher .kd-hero-area",
        ".kd-hero-student .kd-hero-area",
        ".kd-hero-bars",
        ".kd-plot",
    ):
        assert in_sight(page, part), part
    assert in_sight(page, ".kd-transport .kd-buttons")
    assert lab.temperature.bounding_box()["y"] > bottom(page, ".kd-hero-bars") - 1
    expect(page.locator(".kd-progress-text")).to_contain_text("takes about")
    before = page.locator(".kd-hero .kd-p-teacher").all_inner_texts()
    lab.temperature.focus()
    page.keyboard.press("PageUp")
    expect(page.locator(".kd-hero .kd-p-teacher")).not_to_have_text(before)
    stand = tabs(page)
    assert len({round(box["y"]) for box in stand}) == 1
    lab.view("Bias")  # whose row of tabs may scroll, and never moves down
    assert {(box["y"], box["height"]) for box in tabs(page)} == {(box["y"], box["height"]) for box in stand}
    expect(page.locator(".kd-host-examples")).to_be_hidden()
    lab.view("One example")
    untrained = lab.student()
    lab.button("Train").click()
    expect(page.locator(".kd-hero .kd-p-student")).not_to_have_text(untrained, timeout=120_000)
    for width, height in ((1280, 900), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(DRAWN)
        assert in_sight(page, ".kd-hero-bars"), width
        assert in_sight(page, ".kd-plot"), width


def test_on_a_phone_the_bars_come_first_and_t_goes_with_the_reader(open_lab):
    lab = open_lab(LONG, width=400, height=800)
    page = lab.page
    assert in_sight(page, ".kd-hero-bars")
    assert in_sight(page, ".kd-lab-strip .kd-soft-targets")
    page.evaluate("() => scrollTo(0, document.querySelector('.kd-views').getBoundingClientRect().top - 100)")
    assert in_sight(page, ".kd-lab-strip .kd-soft-targets"), "T is still there beside the view"
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


@pytest.mark.parametrize("query", ["", "?T=20&hide=hero,presets,runs,share"])
def test_nothing_moves_while_the_page_comes_and_what_a_link_hides_leaves_no_gap(serve, page, query):
    opened = page()
    opened.add_init_script(SHIFTS)
    opened.goto(serve().url + query)
    expect(opened.locator(".kd-transport[data-state=idle]")).to_be_visible(timeout=120_000)
    if query:
        expect(opened.locator(".kd-slider-value").first).to_have_text("20")
        expect(opened.locator(".kd-hero")).to_be_hidden()
        expect(opened.locator(".kd-lab-head")).to_be_hidden()
        assert opened.locator(".kd-lab-strip").bounding_box()["y"] < 120
    opened.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert opened.evaluate("shifts") < MOST_SHIFT
