"""The Schemes page in a real browser, served by the real server: two walks through all of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from kdviz.panels.schemes.catalogue import schemes

from ...axe import serious
from ..in_browser import check_widths, open_all_folds

READY_MS = 120_000
TRAINED_MS = 240_000


QUICK, ENDLESS = "epochs=3", "epochs=500"  # runs of some 50 steps, and runs that nobody waits for


@pytest.fixture
def open_schemes(serve, page):
    def open_page(query: str, **options: object) -> Page:
        return ready(page(f"{serve().base}voila/render/dashboards/schemes.ipynb?{query}", **options))

    return open_page


def ready(page: Page) -> Page:
    expect(page.locator(".kd-transport[data-state=idle]")).to_be_visible(timeout=READY_MS)
    expect(page.locator("[data-party]").first).to_be_visible(timeout=READY_MS)
    return page


def title(page: Page):
    return page.locator(".kd-host-scheme h2")


def test_a_scheme_is_found_set_trained_read_and_found_again_after_a_reload(open_schemes):
    page = open_schemes(QUICK)
    expect(title(page)).to_have_text("Deep mutual learning")
    expect(page.locator(".kd-status")).to_have_text(re.compile(r"Ready to train: about \d+ (s|min) on this computer\."))
    assert serious(page) == []
    find = page.get_by_role("searchbox", name="Find")
    find.fill("takd")
    find.press("Enter")
    expect(title(page)).to_have_text("Teacher assistants")
    find.fill("")
    page.get_by_role("combobox", name="Assistants").select_option("1")
    expect(page.locator(".kd-host-scheme-view .kd-note")).to_contain_text("shares them out to 2 networks")
    expect(page).to_have_url(re.compile("scheme=assistant_chain&set=assistants%3A1"))
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator(".kd-transport[data-state=finished]")).to_be_visible(timeout=TRAINED_MS)
    expect(page.locator(".kd-curves .kd-sentence")).to_have_text(
        re.compile(
            r"On 5,000 test examples Teacher assistants makes [\d,]+ errors, offline distillation .* CI .* One seed"
        )
    )
    bars = page.get_by_role("table", name="Errors of 5,000 examples, link by link")
    expect(bars.get_by_role("row")).to_have_count(4)
    expect(page.locator(".kd-host-scheme-view .kd-sentence")).to_contain_text("At the end the student keeps")
    open_all_folds(page)
    expect(page.get_by_label("The scheme’s own file")).to_contain_text("def assistant_chain(")
    assert serious(page) == []
    said = page.locator(".kd-curves .kd-sentence").inner_text()
    page.reload()  # a fresh kernel
    expect(page.locator(".kd-transport[data-state=finished]")).to_be_visible(timeout=READY_MS)
    expect(page.locator(".kd-status")).to_contain_text("This run is from an earlier visit.")
    expect(page.locator(".kd-curves .kd-sentence")).to_have_text(said)
    expect(bars.get_by_role("row")).to_have_count(4)
    expect(title(page)).to_have_text("Teacher assistants")
    expect(page.get_by_role("combobox", name="Assistants")).to_have_value("1")


def test_stop_keeps_what_was_learned_and_the_page_fits_every_width(open_schemes):
    page = open_schemes(f"{ENDLESS}&scheme=FedMD&set=concentration:0.1", width=360, dark=True)
    expect(title(page)).to_have_text("Federated distillation")
    expect(page.get_by_role("combobox", name="How unlike the clients are")).to_have_value("0.1")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible(timeout=READY_MS)
    expect(page.get_by_role("combobox", name="Scheme")).to_be_disabled()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator(".kd-status")).to_have_text(re.compile("Stopped after step .* what was learned is kept"))
    expect(page.get_by_role("table", name="How many examples of each class a client has")).to_be_visible()
    check_widths(page)
    assert serious(page) == []


TOLD = {  # at the end of a run, by what a scheme runs on
    "images": "On 5,000 test examples",
    "tasks": "Of 500 test answers",
    "text": r"On [\d,]+ tokens of test text .* bits a token",
    "masked": "hidden words of test lines",
    "kinds": "On 1,520 test examples",
}
EACH = [
    ("quantized", "data_free", "on_policy"),
    pytest.param(tuple(schemes()), marks=[pytest.mark.full, pytest.mark.timeout(1200)]),
]


@pytest.mark.parametrize("names", EACH, ids=["three", "all"])
def test_schemes_come_to_their_end_one_after_the_other_with_what_makes_them_visible(open_schemes, names):
    page = open_schemes("epochs=1")
    for name in names:
        page.locator(f'.kd-methods-row input[value="{name}"]').check()
        expect(page.locator(".kd-transport[data-state=idle]")).to_be_visible(timeout=READY_MS)
        expect(title(page)).to_have_text(schemes()[name].title)
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.locator(".kd-transport[data-state=finished]")).to_be_visible(timeout=TRAINED_MS)
        drawn = page.locator(".kd-host-scheme-view .kd-scheme-drawing")
        expect(drawn.first.locator("h2")).not_to_be_empty()
        for place in range(drawn.count()):
            expect(drawn.nth(place).locator("svg, [role=table], canvas").first).to_be_visible()
        told = ".kd-host-scheme-view" if schemes()[name].data == "text" else ".kd-curves"  # bits are a drawing
        expect(page.locator(f"{told} .kd-sentence").first).to_have_text(re.compile(TOLD[schemes()[name].data]))
        assert serious(page) == []
