"""The Study page in a real browser, served by the real server: one walk from Start to the saved table."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from ...axe import serious
from ..in_browser import check_widths, open_all_folds

READY_MS = 120_000
TRAINED_MS = 240_000
# Five runs a seed: the first seed is there after a moment, and ten are far from done when Stop is pressed.
MANY_SEEDS = "?T=1,4&alpha=0.1,0.9&labels=100&units=4&epochs=60&seeds=10"


def state(page: Page, *names: str) -> None:
    """Wait until the study is in one of these states."""
    wanted = ", ".join(f".kd-study-run[data-state={name}]" for name in names)
    expect(page.locator(wanted)).to_be_visible(timeout=TRAINED_MS)


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def test_a_study_is_started_stopped_reloaded_gone_on_with_and_saved(serve, page):
    opened = page(f"{serve().base}voila/render/dashboards/study.ipynb{MANY_SEEDS}")
    state(opened, "idle")
    expect(opened.locator(".kd-study-size")).to_have_text("4 cells × 10 seeds, and 10 twins", timeout=READY_MS)
    expect(opened.locator(".kd-study-estimate")).to_contain_text("estimated")
    assert serious(opened) == []
    button(opened, "Start").click()
    first = opened.locator(".kd-study-cell").first
    expect(first).to_contain_text(re.compile(r"\d of 10 seeds"), timeout=TRAINED_MS)
    expect(opened.locator(".kd-study-lock")).to_contain_text("A study is under way")
    button(opened, "Stop").click()
    state(opened, "stopped")
    expect(opened.locator(".kd-study-status")).to_have_text(re.compile(r"of 50 runs have finished and are kept; Go on"))
    opened.reload()  # a fresh kernel
    state(opened, "stopped")
    expect(opened.locator(".kd-study-status")).to_have_text(
        re.compile(r"^[1-9]\d* of 50 runs have finished and are kept")
    )
    expect(first).to_contain_text(re.compile(r"\d of 10 seeds"))
    button(opened, "Go on").click()
    expect(button(opened, "Stop")).to_have_attribute("aria-disabled", "false", timeout=READY_MS)
    button(opened, "Stop").click()
    state(opened, "stopped")

    opened.get_by_label("Seeds", exact=True).select_option("1")  # all of it is there
    state(opened, "finished")
    expect(opened.locator(".kd-study-status")).to_have_text("All 5 runs have finished.")
    opened.get_by_role("checkbox", name="2", exact=True).check()
    state(opened, "stopped")
    button(opened, "Go on").click()
    state(opened, "finished")
    expect(opened.locator(".kd-study-status")).to_have_text("All 7 runs have finished.")
    expect(opened.locator(".kd-study-told")).to_contain_text("★ Best of 6 on validation data")

    opened.locator(".kd-study-cell[tabindex='0']").focus()
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("ArrowDown")
    opened.keyboard.press("Enter")
    expect(opened.locator(".kd-study-reading")).to_contain_text("T = 2, α = 0.9")
    opened.get_by_label("Outcome", exact=True).select_option("ece")
    expect(opened.locator(".kd-study-map .kd-sentence").first).to_contain_text("Calibration error (ECE): from")
    with opened.expect_download() as saved:
        button(opened, "Save the cells (CSV)").click()
    rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text("utf-8"))))
    assert len(rows) == 6 and all(float(row["errors"]) > 0 for row in rows)
    open_all_folds(opened)
    expect(opened.locator(".kd-study-code").nth(1)).to_contain_text('joblib.parallel_config(backend="dask")')
    assert serious(opened) == []
    check_widths(opened, (400, 1280))
