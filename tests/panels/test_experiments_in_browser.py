"""The page of experiments, walked through as a reader does: served, and as one file."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from kdviz.panels import Experiments

from ..axe import serious

READY_MS = 120_000
NUMBER = re.compile("411 ± 21")  # the errors at T = 20, which nobody is to read before the guess


def heading(page: Page, name: str):
    return page.get_by_role("heading", name=name, exact=True)


def guess(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("region", name="Table of results")).to_be_visible()


def test_the_page_asks_first_then_shows_keeps_the_guess_and_links_to_a_run(serve, page):
    address = f"{serve().base}voila/render/dashboards/experiments.ipynb"
    opened = page(f"{address}?experiment=hinton-30-units")
    expect(heading(opened, "30 units a layer over T")).to_be_visible(timeout=READY_MS)
    expect(opened.locator("body")).to_have_attribute("data-kd-ready", "true", timeout=READY_MS)
    expect(opened.locator("#kd-mistake")).to_be_hidden()  # the link was followed
    article = opened.locator(".kd-experiment")
    expect(article.get_by_role("button", name="More errors")).to_be_visible()
    expect(article).not_to_contain_text(NUMBER)
    assert article.get_by_role("table").count() == 0 and serious(opened) == []

    guess(opened, "More errors")
    expect(article.locator(".kd-experiment-verdict")).to_have_text(re.compile("temperature 20: 114 more test errors"))
    expect(article).to_contain_text("Your guess: More errors. So it came out.")
    row = article.get_by_role("row", name=re.compile("^temperature 20 "))
    expect(row).to_contain_text(NUMBER)
    expect(article.locator(".kd-forest-track")).to_have_count(8)
    expect(article).to_contain_text("Of 7 differences 2 stay clear")
    expect(article.locator(".kd-experiment-command")).to_have_text("kdviz run hinton-30-units")
    link = article.get_by_role("link", name="Open a run like these: Distillation Lab")
    expect(link).to_have_attribute("href", re.compile(r"^lab\.ipynb\?units=32"))
    assert serious(opened) == []

    opened.reload()  # the browser kept it
    expect(article.locator(".kd-experiment-verdict")).to_be_visible(timeout=READY_MS)
    opened.get_by_role("radio", name=re.compile("^Hinton's MNIST table")).focus()
    opened.keyboard.press("Space")
    expect(heading(opened, "Hinton's MNIST table")).to_be_visible()
    expect(opened).to_have_url(re.compile(r"experiment=hinton-2015"))
    guess(opened, "More errors")
    expect(article).to_contain_text("Your guess: More errors. It came out otherwise.")
    opened.get_by_role("button", name="Hide the numbers again").click()
    expect(article.get_by_role("button", name="Fewer errors")).to_be_visible()
    expect(article.get_by_role("table")).to_have_count(0)


@pytest.mark.parametrize(("width", "dark"), [(400, False), (1920, True)])
def test_one_file_does_all_of_it_without_a_kernel(page, tmp_path, width, dark):
    panel = Experiments("method-league")
    file = panel.to_html(tmp_path / "experiments.html")
    panel.close()
    opened = page(file.as_uri(), width=width, dark=dark)
    expect(heading(opened, "A league of methods on Fashion-MNIST")).to_be_visible()
    opened.get_by_role("button", name="Show the numbers without a guess").click()
    expect(opened.get_by_role("row", name=re.compile(r"^Decoupled \(DKD\) "))).to_be_visible()
    expect(opened.locator(".kd-experiment")).to_contain_text("kd.panels.Methods(method='correlation'")
    expect(opened.locator(".kd-experiment")).not_to_contain_text("Your guess")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert serious(opened) == []
    if width < 900:
        opened.get_by_label("Experiment", exact=True).select_option("born-again")
    else:
        opened.get_by_role("radio", name="Born again on Fashion-MNIST").check()
    expect(heading(opened, "Born again on Fashion-MNIST")).to_be_visible()
