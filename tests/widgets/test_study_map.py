"""The map of a study in a browser, without a server: marks, keys, outcomes, German, the dark, a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from kdviz import words
from kdviz.widgets import StudyMap
from kdviz.widgets.traits import WrongTraitError

from ..axe import serious
from .test_german import left_in_english

KINDS = [
    {"name": "errors", "title": "Test errors", "meaning": "m", "unit": "count", "better": "lower", "of_twin": True},
    {"name": "agreement", "title": "Agreement", "meaning": "m", "unit": "share", "better": "higher", "of_twin": False},
]


def numbers(value, difference, low, high):
    errors = {"value": value, "sd": 9.0, "n": 3, "twin": value - difference, "difference": difference}
    return {"errors": {**errors, "low": low, "high": high}, "agreement": {"value": 0.9, "sd": 0.01, "n": 3}}


@pytest.fixture
def study_map():
    values = [numbers(500, -80, -120, -40), numbers(590, 10, -30, 50), numbers(700, 120, 60, 180), {}]
    cells = [
        {"x": i // 2, "y": i % 2, "name": f"T = {i // 2}, α = {i % 2}", "seeds": 3 * bool(v), "of": 3, "failed": ""}
        | {"values": v}
        for i, v in enumerate(values)
    ]
    return StudyMap(
        x_title="T", y_title="α", columns=["0", "1"], rows=["0", "1"], cells=cells, kinds=KINDS, best=1,
        under_way={"errors": {"3": 120}, "examples": 1000, "step": 5, "total_steps": 9},
    )  # fmt: skip


def test_noise_is_marked_by_more_than_colour_and_the_map_is_read_by_keys(mount, study_map):
    page = mount(study_map)
    cells = page.locator(".kd-study-cell")
    texts = cells.all_inner_texts()  # row by row
    assert texts[0].startswith("500") and texts[1].startswith("700")
    assert texts[2].startswith("★ ≈ 590") and texts[3].startswith("12\u00a0% wrong so far")
    noise = page.locator(".kd-study-cell[data-tone=noise]")
    assert noise.count() == 1 and "gradient" in noise.evaluate("(cell) => getComputedStyle(cell).backgroundImage")
    assert "inside the noise" in noise.get_attribute("aria-label")
    expect(page.locator(".kd-sentence").first).to_have_text(
        "Test errors: from 500 (T = 0, α = 0) to 700 (T = 1, α = 0). "
        "Of 3 cells 1 are better than the twin, 1 worse, 1 inside the noise."
    )
    heads = [page.locator(f".kd-study-table [role={role}]").count() for role in ("columnheader", "rowheader", "row")]
    assert heads == [2, 2, 3]
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".kd-study-reading")).to_contain_text("T = 1, α = 0")
    assert cells.nth(1).get_attribute("aria-pressed") == "true"
    assert page.evaluate("model.get('selected')") == 2 and serious(page) == []


def test_another_outcome_and_the_difference_are_chosen_in_the_browser(mount, study_map):
    page = mount(study_map, dark=True, width=400)
    page.get_by_role("radio", name="Student − twin").check()
    expect(page.locator(".kd-study-cell").first).to_have_text(re.compile("^−80"))
    expect(page.locator(".kd-study-cell[data-tone=better]")).to_have_count(1)
    page.get_by_label("Outcome", exact=True).select_option("agreement")
    expect(page.locator(".kd-study-cell").first).to_contain_text("90.0")
    expect(page.get_by_role("radio", name="Student − twin")).to_be_disabled()
    expect(page.locator(".kd-study-cell[data-tone=noise]")).to_have_count(0)  # no twin has an agreement
    assert page.evaluate("document.documentElement.scrollWidth") <= 400 and serious(page) == []


def test_the_map_is_german(mount, study_map, monkeypatch):
    monkeypatch.setattr(words, "_chosen", ["de"])
    same = {name: getattr(study_map, name) for name in ("columns", "rows", "cells", "best")}
    titles = {"errors": "Testfehler", "agreement": "Übereinstimmung"}  # Python's
    page = mount(StudyMap(**same, kinds=[{**kind, "title": titles[kind["name"]]} for kind in KINDS]))
    page.locator("details").evaluate("(d) => { d.open = true; }")
    assert left_in_english(page) == []
    expect(page.locator(".kd-study-key")).to_contain_text("im Rauschen")


def test_what_does_not_fit_is_refused(study_map):
    with pytest.raises(WrongTraitError, match="kinds"):
        study_map.kinds = [{"name": "errors"}]
    with pytest.raises(WrongTraitError, match="shown must be one of"):
        study_map.shown = "both"
    study_map.set_state({"outcome": "beauty", "selected": 99, "best": 0})
    assert (study_map.outcome, study_map.selected, study_map.best) == ("errors", -1, 1)
