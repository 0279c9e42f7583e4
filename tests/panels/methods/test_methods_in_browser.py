"""The Methods page in a real browser, served by the real server: choose, train, stop, reload, small screens."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from ...axe import serious
from ..in_browser import check_widths, open_all_folds

READY_MS = 120_000
TRAINED_MS = 240_000


QUICK, ENDLESS = "epochs=1", "epochs=500"  # a run of 63 steps, and one that nobody waits for


@pytest.fixture
def open_methods(serve, page):
    def open_page(query: str, **options: object) -> Page:
        address = f"{serve().base}voila/render/dashboards/methods.ipynb?pair=mnist-mlp-1200&{query}"
        return ready(page(address, **options))

    return open_page


def ready(page: Page) -> Page:
    expect(page.locator(".kd-transport[data-state=idle]")).to_be_visible(timeout=READY_MS)
    expect(page.locator(".kd-tier").first).to_be_visible(timeout=READY_MS)
    return page


def title(page: Page):
    return page.locator(".kd-host-method h2")


def drag(page: Page, teacher: str, student: str) -> None:
    """Draw a line from a layer of the teacher to one of the student, as a hand does."""
    ends = [
        page.locator(f".kd-tier-{who}[data-layer={name}]") for who, name in (("teacher", teacher), ("student", student))
    ]
    ends[0].scroll_into_view_if_needed()
    start, end = (box.bounding_box() for box in ends)
    assert start is not None and end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=4)
    page.mouse.up()


def test_a_method_found_by_its_acronym_gets_a_second_term_and_another_layer_and_runs_to_the_end(open_methods):
    page = open_methods(QUICK)
    expect(title(page)).to_have_text("Hints (FitNets)")
    expect(page.get_by_text(re.compile("takes about"))).to_be_visible(timeout=READY_MS)
    assert serious(page) == []
    page.get_by_role("searchbox").fill("minillm")
    more = page.locator(".kd-methods-more")
    expect(more.locator("math").first).to_be_visible()  # it is broken into lines
    expect(more).to_contain_text("arXiv:2306.08543")
    link = more.get_by_role("link", name="Choose it on the Words page")
    expect(link).to_have_attribute("href", re.compile(r"/dashboards/words\.ipynb\?method=minillm$"))
    assert serious(page) == []
    page.get_by_role("searchbox").fill("crd")
    expect(more).to_be_hidden()
    expect(page.locator(".kd-methods-families").get_by_role("radio")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(title(page)).to_have_text("Contrastive (after CRD)")
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="Contrastive (after CRD)").focus()
    page.keyboard.press("ArrowUp")
    expect(title(page)).to_have_text("Cosine of features")
    said = page.locator(".kd-host-method .kd-sentence")
    expect(said).to_contain_text("the teacher’s relu2 (1200)")
    page.get_by_label("Add a second term").select_option("soft_targets")
    expect(title(page)).to_have_text("Cosine of features + Soft targets (Hinton)")
    expect(page.locator(".kd-link-second")).to_have_count(1)
    drag(page, "relu1", "relu1")
    expect(said).to_contain_text("the teacher’s relu1 (1200) and the student’s relu1 (64)")
    expect(page.locator(".kd-through-text")).to_have_text("linear")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator(".kd-transport[data-state=finished]")).to_be_visible(timeout=TRAINED_MS)
    expect(page.locator(".kd-status")).to_have_text("Finished after 63 steps.")
    verdict = re.compile(r"On 2,000 test examples .* Cosine of features \+ Soft targets \(Hinton\) makes [\d,]+ errors")
    expect(page.locator(".kd-curves .kd-sentence")).to_have_text(verdict)
    expect(page.locator(".kd-host-gradients .kd-sentence")).to_have_text(re.compile(r"Step 63: the cosine term pulls"))
    values = page.locator(".kd-pull-value").all_inner_texts()
    assert len(values) == 9 and all(re.fullmatch(r"−?\d[\d.]*(×10\S+)?", text) for text in values)
    expect(page.locator(".kd-relations-line[data-role]")).to_have_count(4)
    expect(page.locator(".kd-host-relations .kd-sentence")).to_have_text(
        re.compile("Step 63: two examples of one class")
    )
    open_all_folds(page)
    expect(page.locator(".kd-share-code:visible")).to_contain_text("kd.Cosine(student=('relu1',)")
    assert serious(page) == []


def test_stop_stops_and_a_reload_comes_back_to_the_method(open_methods):
    page = open_methods(ENDLESS)
    page.get_by_role("radio", name="Relational distance (RKD)").check()
    expect(title(page)).to_have_text("Relational distance (RKD)")
    drag(page, "relu1", "relu2")
    expect(page.locator(".kd-host-method .kd-sentence")).to_contain_text("the teacher’s relu1 (1200)")
    page.get_by_label("Add a second term").select_option("hint")
    expect(title(page)).to_have_text("Relational distance (RKD) + Hints (FitNets)")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible(timeout=READY_MS)
    expect(page.locator(".kd-methods-lock")).to_contain_text("A run is under way")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator(".kd-status")).to_have_text(re.compile("Stopped after step .* what was learned is kept"))
    expect(page.get_by_role("radio", name="Relational distance (RKD)")).to_be_enabled()
    expect(page).to_have_url(re.compile("method=relational_distance"))
    stopped = page.locator(".kd-status").inner_text()
    page.reload()  # a fresh kernel
    expect(page.locator(".kd-transport[data-state=stopped]")).to_be_visible(timeout=READY_MS)
    expect(page.locator(".kd-status")).to_have_text(f"{stopped} This run is from an earlier visit.")
    expect(title(page)).to_have_text("Relational distance (RKD) + Hints (FitNets)")
    expect(page.locator(".kd-host-method .kd-sentence")).to_contain_text("the teacher’s relu1 (1200)")


def test_the_page_fits_every_width_and_is_readable_in_the_dark(open_methods):
    page = open_methods(f"{QUICK}&method=decoupled", width=360, dark=True)
    expect(title(page)).to_have_text("Decoupled (DKD)")
    expect(page.locator(".kd-loading")).to_be_hidden(timeout=READY_MS)
    check_widths(page)
    assert serious(page) == []
