"""Questions for every eye, ear and screen: axe, names, narrow screens, large text, dark and forced colours."""

from __future__ import annotations

import pytest

from ..axe import serious
from .asked import ASKED, answered, picture_to_mark, question

OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"
FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SETTLED = "() => [...document.querySelectorAll('.kd-plane')].every((svg) => svg.hasAttribute('viewBox'))"
# What is wider than its card, though it may be drawn; text in an SVG too.
BEYOND = """() => [...document.querySelectorAll('.kd-question')].flatMap((card) => {
  const edge = card.getBoundingClientRect().right + 1;
  return [...card.querySelectorAll('*:not(.kd-unseen, .kd-unseen *)')].filter((one) => {
    const { width, right } = one.getBoundingClientRect();
    return width > 0 && right > edge;
  }).map((one) => `${one.tagName} ${one.getAttribute('class')}: ${one.textContent.slice(0, 40)}`);
})"""
TYPE = "() => [...document.querySelectorAll('.kd-plane text')].map((text) => getComputedStyle(text).fontSize)"
COLOURS = """() => {
  const of = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
  return {
    yours: of('.kd-drawn-yours', 'borderRightColor'), came: of('.kd-drawn-came', 'backgroundColor'),
    track: of('.kd-drawn-track', 'backgroundColor'), line: of('.kd-plane-yours', 'stroke'),
    cameLine: of('.kd-plane-came', 'stroke'), page: of('.kd-card', 'backgroundColor'),
  };
}"""
GROUND = "(n) => getComputedStyle(n).backgroundColor"
ABOUT = "(n) => document.getElementById(n.getAttribute('aria-describedby')).textContent"
HEADING = """() => {
  const heading = Object.assign(document.createElement('h1'), { textContent: 'Lesson' });
  document.querySelector('main').prepend(heading);
}"""
TOKEN = """(name) => {
  const probe = document.querySelector('.kd-question').appendChild(document.createElement('i'));
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}"""


def every(make):
    return [make(kind) for kind in ASKED]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_and_colours_are_nobody_elses(mount, dark):
    page = mount(*every(question), *every(answered), picture_to_mark(), dark=dark)
    page.wait_for_function(SETTLED)
    page.evaluate(HEADING)
    assert serious(page) == []
    colours = page.evaluate(COLOURS)
    models = ["--kd-teacher", "--kd-student", "--kd-student-edge", "--kd-twin", "--kd-smoothed"]
    tokens = {name: page.evaluate(TOKEN, name) for name in models}
    assert colours["yours"] == colours["line"] and colours["came"] == colours["cameLine"]
    assert len({colours["yours"], colours["came"], colours["track"], colours["page"], *tokens.values()}) >= 8


@pytest.mark.parametrize(("width", "size"), [(400, 16), (400, 32), (1920, 16)])
def test_nothing_is_cut_off_or_shrinks(mount, width, size):
    page = mount(*every(question), *every(answered), picture_to_mark(), width=width)
    page.add_style_tag(content=f"html {{ font-size: {size}px }}")
    page.set_viewport_size({"width": width - 1, "height": 900})
    page.wait_for_function(SETTLED)
    page.evaluate(FRAME)
    assert page.evaluate(OVERFLOW) <= 0
    assert page.evaluate(BEYOND) == []
    assert set(page.evaluate(TYPE)) <= {f"{0.875 * size:g}px", f"{size}px"}
    if width == 1920:
        boxes = [plane.bounding_box() for plane in page.locator(".kd-drawn-plane, .kd-drawn-bars").all()]
        assert all(box["width"] > 900 for box in boxes), "a drawing has the room that there is"


def test_what_is_drawn_can_be_told_apart_in_forced_colours(mount):
    page = mount(*every(answered), forced_colors="active")
    page.wait_for_function(SETTLED)
    colours = page.evaluate(COLOURS)
    assert len({colours["yours"], colours["came"], colours["track"]}) == 3
    assert colours["line"] != colours["cameLine"] != colours["page"]
    dot, cell = page.locator('[aria-pressed="true"] > .kd-marked-dot').first, page.locator("[data-came]").first
    assert dot.evaluate(GROUND) != cell.evaluate(GROUND)
    assert cell.evaluate("(n) => getComputedStyle(n, '::after').borderTopWidth") == "3px"


def test_a_screen_reader_meets_a_question_its_answers_and_what_came(mount):
    page = mount(question("bars"), answered("curve"), answered("heat-map"), question("point"), question("number"))
    page.wait_for_function(SETTLED)
    group = page.get_by_role("group", name="At T = 4?")
    assert [group.get_by_role("slider", name=name).count() for name in ("3", "5", "8")] == [1, 1, 1]
    assert page.get_by_role("img", name="Curve to draw: errors over epoch").count() == 1
    cells = page.get_by_role("group", name="Mark 2 cells").get_by_role("button")
    assert cells.count() == 9
    assert page.get_by_role("button", name="5, 3, one of the largest").count() == 1
    assert page.get_by_role("button", name="5, 5, does not count").get_attribute("aria-disabled") == "true"
    point = page.get_by_role("group", name="Where?")
    assert point.get_by_role("slider", name="weights").get_attribute("aria-valuetext") == "31,600"
    assert point.get_by_role("slider", name="errors").get_attribute("aria-valuetext") == "500 errors"
    number = page.get_by_label("Your number")
    assert number.evaluate(ABOUT) == "A number from 0 to 1,000 errors."
    live = page.locator(".kd-reply").first
    assert (live.get_attribute("aria-live"), live.get_attribute("aria-atomic")) == ("polite", "true")
