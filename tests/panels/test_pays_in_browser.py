"""Does it pay? as a reader has it: served with its link, and as one file, where all sums are made in the browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from kdviz.measure.pays import figures
from kdviz.panels import Pays

from ..axe import serious

READY_MS = 120_000


def verdict(page: Page):
    return page.locator(".kd-pays-verdict")


def test_a_link_opens_the_page_as_it_says_and_the_address_follows_what_is_chosen(serve, page):
    address = f"{serve().base}voila/render/dashboards/pays.ipynb"
    opened = page(f"{address}?case=fewer-weights&days=30&instead=nobody")
    expect(verdict(opened)).to_contain_text("It never pays", timeout=READY_MS)
    expect(opened.locator("#kd-mistake")).to_contain_text("This link asks for instead=nobody")
    expect(opened.get_by_role("slider", name="Days that a student is used")).to_have_attribute("aria-valuetext", "30")
    opened.get_by_label("Measured", exact=True).select_option("perceptron")
    expect(opened).to_have_url(re.compile(r"\?days=30|&days=30"))
    expect(opened).not_to_have_url(re.compile("case="))
    assert serious(opened) == []


@pytest.mark.parametrize(("width", "dark"), [(400, False), (1280, True)])
def test_one_file_makes_the_sums_that_python_makes_while_a_slider_moves(page, tmp_path, width, dark):
    panel, other = Pays(), Pays(answers=100_000, trained_for_it=False, students=2)
    file = panel.to_html(tmp_path / "pays.html")
    opened = page(file.as_uri(), width=width, dark=dark)
    expect(verdict(opened)).to_contain_text(f"from day {figures(panel.outcome.day)} on")
    answers = opened.get_by_role("slider", name="Answers a day")
    answers.focus()
    while int(answers.get_attribute("aria-valuetext").replace(",", "")) < 100_000:
        opened.keyboard.press("PageUp" if answers.get_attribute("aria-valuetext") < "5" else "ArrowRight")
    expect(answers).to_have_attribute("aria-valuetext", "100,000")
    students = opened.get_by_role("slider", name="Students that share the teacher")
    students.focus()
    opened.keyboard.press("ArrowRight")
    opened.get_by_label("The teacher is trained for this alone").uncheck()
    expect(verdict(opened)).to_contain_text(f"from day {figures(other.outcome.day)} on")
    expect(opened.locator(".kd-pays-chart")).to_have_attribute("aria-label", re.compile("It pays from day"))
    opened.get_by_label("Instead").select_option("twin")
    expect(verdict(opened)).to_contain_text("It never pays")
    expect(opened.locator(".kd-pays-found")).to_contain_text("The twin answers as fast.")
    price = opened.get_by_label("Price of a kWh")
    price.fill("cheap")
    expect(price).to_have_attribute("aria-invalid", "true")
    price.blur()
    expect(price).to_have_value("0.3")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert serious(opened) == []
    panel.close()
    other.close()
