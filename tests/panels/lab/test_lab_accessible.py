"""axe-core finds nothing serious on the Lab's page, in any of its states and themes."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from ...axe import serious
from ..conftest import choose_view

SAYS = {
    "saliency": "of their most important pixels",
    "bias": "stroke thickness",
    "inside": "Measure the landscape and the layers",
    "privacy": re.compile(r"\d members, [\d,]+ others"),
    "robustness": "Measure now",
}  # once it is drawn; what is measured when asked for is looked at in tests/widgets


def test_axe_sees_a_fault_when_there_is_one(page):
    opened = page()
    opened.set_content("<html lang='en'><title>x</title><main><h1>x</h1><button></button></main></html>")
    assert any(finding.startswith("button-name") for finding in serious(opened))


def in_both_themes(page, within=None):
    """Return the serious findings, and those that another theme can bring: too little contrast."""
    found = serious(page, within=within)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {finding}" for finding in serious(page, "color-contrast", within=within)]
    page.emulate_media(color_scheme="light")
    return found


def goes_by_tab_as_the_eye_does(lab):
    """Go through the page with the Tab key, from the top to the bottom of each column."""
    lab.page.locator("body").focus()
    places = []
    for _ in range(80):
        lab.page.keyboard.press("Tab")
        at = lab.page.evaluate(
            "() => { const b = document.activeElement.getBoundingClientRect();"
            " const c = document.activeElement.closest('.kd-lab > *');"
            " const still = c && getComputedStyle(document.activeElement.closest('.kd-host')).position !== 'sticky';"
            " return !c ? null : still ? [[...c.parentElement.children].indexOf(c), b.top + scrollY] : []; }"
        )
        if at:  # what stays in sight while the page scrolls is nowhere in particular
            places.append(at)
        elif at is None and places:
            break
    assert len(places) > 15 and [column for column, _ in places] == sorted(column for column, _ in places)
    for column in {column for column, _ in places}:
        tops = [top for c, top in places if c == column]
        assert all(b >= a - 60 for a, b in pairwise(tops)), (column, tops)


def test_the_lab_has_no_serious_finding_before_and_after_a_run_in_any_view(open_lab):
    lab = open_lab()
    lab.page.emulate_media(reduced_motion="reduce")  # no color is on its way to another
    assert in_both_themes(lab.page) == []
    lab.train()
    goes_by_tab_as_the_eye_does(lab)
    for details in lab.page.locator("details").all():
        details.evaluate("(d) => { d.open = true; }")
    assert in_both_themes(lab.page) == []
    for view in lab.page.get_by_role("radiogroup", name="Show").get_by_role("radio").all():
        name = view.evaluate("(n) => n.offsetParent && n.value")
        if name in (None, "one"):  # a perceptron has no maps, the first view is shown with the whole page
            continue
        view.focus()
        view.press("Space")
        if name in SAYS:
            expect(lab.page.locator(f".kd-host-{name}")).to_contain_text(SAYS[name], timeout=60_000)
        assert in_both_themes(lab.page, ".kd-lab-right") == [], name  # what stands beside it does not change


def test_two_models_compared_have_no_serious_finding(serve, page):
    opened = page(serve().base + "voila/render/dashboards/compare.ipynb", dark=True)
    expect(opened.locator(".kd-host-fidelity .kd-sentence").first).to_contain_text("agrees", timeout=120_000)
    assert serious(opened) == []
    choose_view(opened, "Attention")
    expect(opened.locator(".kd-host-attention canvas:visible").first).to_be_visible()
    assert serious(opened, within=".kd-host-attention") == []


@pytest.mark.parametrize("dark", [pytest.param(False, marks=pytest.mark.full), True], ids=["light", "dark"])
def test_a_preset_and_the_opened_share_card_have_no_serious_finding(open_lab, dark):
    lab = open_lab("preset=omitted-digit", dark=dark)
    for tab, within in (("Link", None), ("Code", ".kd-host-share")):
        lab.button(tab).click()
        assert serious(lab.page, within=within) == [], tab
