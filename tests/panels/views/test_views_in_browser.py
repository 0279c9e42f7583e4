"""Fidelity, saliency, attention, calibration and bias in a real page: the Lab, and two models compared."""

from __future__ import annotations

import contextlib
import re

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from ..conftest import QUICK, READY_MS, choose_view

SENTENCE = {
    "Fidelity": ".kd-host-fidelity .kd-sentence",
    "Saliency": ".kd-host-saliency .kd-sentence",
    "Calibration": ".kd-host-calibration .kd-sentence",
}
SHARED = re.compile(r"For “\d”, the two maps share \d+\s% of their most important pixels")
NUMBERS = ".kd-host-saliency [data-number]"


def view(page: Page, name: str) -> None:
    choose_view(page, name)


def says(page: Page, name: str, what: str | re.Pattern) -> None:
    expect(page.locator(SENTENCE[name]).first).to_contain_text(what, timeout=30_000)


def test_every_view_of_the_lab_follows_its_scrubber_and_its_example(open_lab):
    lab = open_lab(QUICK).train()
    page = lab.page
    offered = page.locator(".kd-views-show [data-offered] input").evaluate_all("(all) => all.map((n) => n.value)")
    first = ["one", "many", "draw", "fidelity", "saliency", "inside", "calibration", "bias", "privacy"]
    tabs = [*first, "robustness", "domain"]
    assert offered == tabs, "a perceptron has no maps"
    for name, before, after in (
        ("Fidelity", "After step 40 the student", "After step 0 the student"),
        ("Calibration", "After step 40, on ", "After step 0, on "),
    ):
        view(page, name)
        says(page, name, before)
        lab.scrubber.press("Home")
        says(page, name, after)
        lab.scrubber.press("End")
        says(page, name, before)
    view(page, "Saliency")
    says(page, "Saliency", SHARED)
    trained = page.locator(NUMBERS).all_text_contents()
    lab.scrubber.press("Home")
    expect(page.locator(NUMBERS)).not_to_have_text(trained, timeout=30_000)
    lab.scrubber.press("End")
    expect(page.locator(NUMBERS)).to_have_text(trained, timeout=30_000)
    page.locator(".kd-example[aria-checked=false]:visible").first.click()
    expect(page.locator(NUMBERS)).not_to_have_text(trained, timeout=30_000)
    says(page, "Saliency", SHARED)
    view(page, "Bias")
    expect(page.locator(".kd-host-bias")).to_contain_text("stroke thickness", timeout=30_000)
    view(page, "Fidelity")
    cell = page.get_by_role("button", name="new errors only the teacher is right")
    cell.click()
    expect(page.get_by_label("Which examples")).to_have_value("new")
    expect(page.locator(".kd-host-examples .kd-sentence")).to_contain_text(
        "the teacher is right and the student is not"
    )


def test_groups_of_adult_are_shown_with_their_gaps(open_lab):
    lab = open_lab("data=adult&labels=1000&units=8&epochs=2&smoothing=0&view=bias")
    expect(lab.page.locator(".kd-setup-chosen")).to_contain_text("Adult", timeout=READY_MS)
    lab.ready().train()
    bias = lab.page.locator(".kd-host-bias")
    expect(bias).to_contain_text("Female", timeout=60_000)
    expect(bias).to_contain_text("Male")
    view(lab.page, "Saliency")
    expect(lab.page.locator(".kd-feature")).to_have_count(13, timeout=30_000)


@pytest.fixture(scope="module")
def compare_page(serve):
    return f"{serve().base}voila/render/dashboards/compare.ipynb"


def open_compare(page, address, **options) -> Page:
    opened = page(address, **options)
    expect(opened.locator(".kd-host-fidelity .kd-sentence").first).to_contain_text("agrees", timeout=READY_MS)
    return opened


def fits(opened: Page) -> None:
    """What is shown is no wider than the page, once it is drawn."""
    opened.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    with contextlib.suppress(TimeoutError):  # what is drawn again after a frame or two
        opened.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth", timeout=10_000)
    assert opened.evaluate("document.documentElement.scrollWidth") <= opened.viewport_size["width"]


def test_two_shipped_models_are_compared_out_of_the_box_in_every_view_on_a_small_screen(page, compare_page):
    opened = open_compare(page, compare_page, width=360)
    says(opened, "Fidelity", re.compile(r"The student agrees with the teacher on [\d,]+ of 2,000 examples"))
    fits(opened)
    view(opened, "Many examples")
    expect(opened.locator(".kd-heat")).to_be_visible()
    fits(opened)
    view(opened, "Saliency")
    says(opened, "Saliency", SHARED)
    fits(opened)
    view(opened, "Attention")
    expect(opened.locator(".kd-host-attention canvas").first).to_be_visible(timeout=30_000)
    fits(opened)
    view(opened, "Calibration")
    says(opened, "Calibration", "On 2,000 labelled examples")
    fits(opened)
    view(opened, "Bias")
    expect(opened.locator(".kd-host-bias")).to_contain_text("slant", timeout=30_000)
    fits(opened)
    view(opened, "One example")
    expect(opened.locator(".kd-row:visible").first).to_be_visible()
    fits(opened)
    opened.get_by_role("region", name="The two models").get_by_label("Teacher", exact=True).select_option("adult-mlp")
    expect(
        opened.get_by_role("region", name="The two models").get_by_label("Student", exact=True).locator("option")
    ).to_have_text(["Adult, 64 + 32 ReLU units", "Adult, 8 ReLU units, taught by adult-mlp"])
    expect(opened.locator(".kd-host-two-models")).to_contain_text("8,034 → 754", timeout=60_000)
    opened.get_by_text("More numbers", exact=True).filter(visible=True).click()
    expect(opened.locator("[data-number=kl]:visible")).to_have_count(1)
    expect(opened.locator("[data-number=loss]:visible")).to_have_count(0)  # nothing trains here


def test_inside_selects_and_measures_and_privacy_attacks_all_three_at_the_shown_step(open_lab):
    lab = open_lab(QUICK + "&view=inside").train()
    page = lab.page
    drawings = page.locator(".kd-inside-pair canvas:visible")
    expect(drawings).to_have_count(3, timeout=30_000)  # teacher, student, twin
    expect(page.locator(".kd-host-inside .kd-sentence").first).to_contain_text("Two principal components hold")
    drawings.last.focus()
    drawings.last.press("ArrowRight")
    reading = page.locator(".kd-inside-drawings .kd-inside-reading")
    expect(reading).to_contain_text("true class")
    lab.button("Measure the landscape and the layers").click()
    expect(page.locator(".kd-inside-across")).to_contain_text("On the straight line from the student", timeout=120_000)
    expect(page.get_by_role("table", name="Sharpness of the minimum").get_by_role("row")).to_have_count(4)
    expect(page.get_by_role("img", name=re.compile("CKA with the teacher’s relu2: Student .*Twin"))).to_be_visible()
    expect(page.locator(".kd-inside-probe")).to_have_count(7)
    view(page, "Privacy")
    rows = page.get_by_role("table", name="How well each model’s training examples can be told").get_by_role("row")
    expect(rows).to_have_count(4, timeout=60_000)
    expect(page.locator(".kd-host-privacy .kd-sentence").first).to_contain_text("than the twin")
    after = rows.nth(2).inner_text()
    lab.scrubber.press("Home")
    expect(rows.nth(2)).not_to_have_text(after, timeout=30_000)
    view(page, "Out of domain")
    told = page.locator(".kd-host-domain .kd-sentence").first
    expect(told).to_contain_text("Student is on average", timeout=30_000)
    sentence = told.inner_text()
    lab.scrubber.press("End")
    expect(told).not_to_have_text(sentence, timeout=30_000)
    expect(told).to_contain_text("Highest probability tells them apart with an AUROC of")
