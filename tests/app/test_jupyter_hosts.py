"""Panels in a notebook whose cells leave the page when they scroll out of sight, and in Notebook 7 if installed."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Page, expect

from ..in_jupyterlab import run_all, started

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

WINDOWED = '{"windowingMode": "full"}'
PANEL = "import kdviz as kd\nkd.panels.SoftTargets('mnist-mlp-1200', examples=[1, 2, 3])"
LAB = "import kdviz as kd\nkd.panels.Lab(labels=300, epochs=2)"


def notebook(path: Path, *cells: object) -> None:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=list(cells), metadata={"kernelspec": kernel}), path)


def test_a_panel_that_scrolled_out_of_sight_is_as_it_was(tmp_path: Path, tmp_path_factory, page: Callable[..., Page]):
    words = [new_markdown_cell(f"## Part {number}\n\n" + "Words. " * 300) for number in range(40)]
    notebook(tmp_path / "long.ipynb", new_code_cell(PANEL), *words)

    def made(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        chosen = folder / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
        chosen.parent.mkdir(parents=True)
        chosen.write_text(WINDOWED)
        return folder

    with started(tmp_path, made) as server:
        opened = run_all(page(f"{server.address}/lab/tree/long.ipynb", width=1280, height=900), ".kd-soft-targets")
        slider = opened.get_by_role("slider", name=re.compile("Temperature")).first
        slider.press("End")
        hottest, bars = slider.input_value(), opened.locator(".kd-soft-targets .kd-p-teacher:visible")
        flat = bars.all_inner_texts()
        scrolled = opened.locator(".jp-WindowedPanel-outer")
        scrolled.evaluate("node => { node.scrollTop = node.scrollHeight; }")
        expect(opened.locator(".kd-soft-targets:visible")).to_have_count(0)
        scrolled.evaluate("node => { node.scrollTop = 0; }")
        expect(opened.locator(".kd-soft-targets:visible")).to_have_count(1)
        assert slider.input_value() == hottest
        expect(bars).to_have_text(flat)
        slider.press("Home")
        expect(bars).not_to_have_text(flat)
        opened.goto("about:blank")


@pytest.mark.skipif(importlib.util.find_spec("notebook") is None, reason="Notebook 7 is not installed")
def test_the_lab_trains_in_notebook_7(tmp_path: Path, tmp_path_factory, page: Callable[..., Page]):
    notebook(tmp_path / "lab.ipynb", new_code_cell(LAB))
    with started(tmp_path, tmp_path_factory.mktemp, program="notebook") as server:
        opened = run_all(page(f"{server.address}/notebooks/lab.ipynb", width=1280, height=900), ".kd-transport")
        opened.get_by_role("button", name="Train", exact=True).click()
        expect(opened.locator(".kd-transport[data-state=finished]")).to_be_visible(timeout=180_000)
        opened.goto("about:blank")
