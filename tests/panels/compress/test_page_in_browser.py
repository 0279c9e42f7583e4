"""The Compress page in a real browser, served by the real server: one walk from the first point to the saved table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from playwright.sync_api import Page, expect

from ...axe import serious
from ..in_browser import check_widths, open_all_folds

MADE_MS = 240_000


def idle(page: Page) -> None:
    expect(page.locator(".kd-compress-setup[data-state=idle]")).to_be_visible(timeout=MADE_MS)


def rows(page: Page):
    return page.locator(".kd-compress-tbody .kd-compress-line:not(.kd-compress-of-teacher)")


def test_points_are_added_stopped_kept_over_a_reload_removed_and_saved(serve, page):
    opened = page(f"{serve().base}voila/render/dashboards/compress.ipynb?teacher=adult-mlp&units=0.5&teaching=1")
    idle(opened)
    expect(rows(opened)).to_have_count(0)
    opened.get_by_role("button", name="Add this point").click()
    expect(rows(opened)).to_have_count(1, timeout=MADE_MS)
    expect(rows(opened).first).to_contain_text("50 % of units away")
    idle(opened)
    opened.get_by_label("Teach it afterwards").select_option("10")
    opened.get_by_label("Distil into a fresh, small network").select_option("8")
    idle(opened)
    opened.get_by_role("button", name="Add this point").click()
    stop = opened.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_have_attribute("aria-disabled", "false", timeout=MADE_MS)
    stop.click()
    expect(rows(opened)).to_have_count(2, timeout=MADE_MS)
    idle(opened)
    assert serious(opened) == []

    opened.reload()  # a fresh kernel
    idle(opened)
    expect(rows(opened)).to_have_count(2)
    opened.get_by_role("button", name="Read point 1").press("Enter")
    expect(opened.locator(".kd-compress-code").first).to_contain_text("kd.compress.without_units(small, 0.5)")
    with opened.expect_download() as saved:
        opened.get_by_role("button", name="Save the table (CSV)").click()
    found = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text("utf-8"))))
    assert [row["units"] for row in found] == ["0.5", "0.5"] and all(
        float(row["validation_errors"]) > 0 for row in found
    )
    opened.get_by_role("button", name="Open the test set").click()
    expect(opened.locator(".kd-compress-top")).to_contain_text("test errors")
    expect(opened.locator(".kd-compress-of-teacher")).to_contain_text("2,392")
    open_all_folds(opened)
    assert serious(opened) == []
    check_widths(opened, (400, 1280, 1920))
    opened.get_by_role("button", name="Remove point 2").click()
    expect(rows(opened)).to_have_count(1)
