"""Questions in the real JupyterLab and under Voila: answers outlive a kernel, a page, and are each visitor's own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from ..in_jupyterlab import JupyterLab, run_all, started

BEGIN = """import kdviz as kd
from kdviz.lessons import Bars, Choice, Lesson

lesson = Lesson("small")
lesson.add("first", Choice("Where does it go?", {"Up": "Look again.", "Down": "So it does."}, right="Down"))
lesson.add("drawn", Bars("At T = 4?", ["a", "b"], whole=1))"""
CELLS = (
    BEGIN,
    'lesson.ask("first", opens=kd.panels.SoftTargets("mnist-mlp-1200", examples=[1, 2, 3]))',
    'lesson.ask("drawn")',
)
SEE = 'lesson.see("drawn", [0.75, 0.25])'
SAID = "Not this time. Look again."


def notebook(folder: Path, *cells: str) -> Path:
    path = folder / "small.ipynb"
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, path)
    return path


def questions(opened: Page):
    return opened.locator(".kd-question:visible")


def kept(folder: Path) -> dict[str, object]:
    content = json.loads((folder / "small.answers.json").read_text(encoding="utf-8"))
    return {part: row["answer"] for part, row in content["answers"].items()}


@pytest.fixture
def jupyterlab(tmp_path, tmp_path_factory) -> Iterator[JupyterLab]:
    """A JupyterLab on the test's folder; it ends after the page."""
    with started(tmp_path, tmp_path_factory.mktemp) as server:
        yield server


@pytest.mark.timeout(600)
def test_answers_outlive_the_kernel_and_keys_stay_in_the_question(tmp_path, jupyterlab, page, watch):
    notebook(tmp_path, *CELLS)
    opened = page(f"{jupyterlab.address}/lab/tree/small.ipynb", width=1440, height=1000)
    run_all(opened, ".kd-question >> nth=1", watch.errors)
    assert opened.locator(".kd-soft-targets").count() == 0
    questions(opened).first.get_by_role("radio", name="Up").check()
    expect(questions(opened).first.locator(".kd-reply")).to_have_text(SAID)
    expect(opened.locator(".kd-soft-targets:visible")).to_be_visible()
    slider = questions(opened).nth(1).get_by_role("slider", name="a")
    slider.focus()
    active = opened.locator(".jp-Cell.jp-mod-active").get_attribute("data-windowed-list-index")
    for key in ("ArrowUp", "ArrowUp", "ArrowDown", "b", "a", "d", "d"):
        opened.keyboard.press(key)
    assert opened.locator(".jp-Notebook .jp-CodeCell").count() == len(CELLS), "no cell was added or deleted"
    assert opened.locator(".jp-Cell.jp-mod-active").get_attribute("data-windowed-list-index") == active
    slider.press("End")
    questions(opened).nth(1).get_by_role("button", name="Answer").click()
    expect(questions(opened).nth(1)).to_contain_text("What came is drawn here as soon as it is known")
    assert kept(tmp_path) == {"first": "Up", "drawn": [1.0, 0.0]}

    opened.get_by_role("menuitem", name="Kernel").first.click()
    opened.get_by_text(re.compile("Restart Kernel and Run All Cells")).first.click()
    opened.locator(".jp-Dialog .jp-mod-accept").click()
    expect(opened.locator(".jp-InputPrompt", has_text="[3]")).to_be_visible(timeout=120_000)
    expect(questions(opened)).to_have_count(2)
    expect(questions(opened).first.locator(".kd-reply")).to_have_text(SAID)
    expect(questions(opened).first.get_by_role("radio", name="Down")).to_be_disabled()
    expect(opened.locator(".kd-soft-targets:visible")).to_be_visible()
    expect(questions(opened).nth(1).get_by_role("button", name="Answer")).to_be_hidden()


@pytest.mark.timeout(600)
def test_under_voila_each_browser_keeps_its_own_answers(tmp_path, serve, page):
    server = serve(str(notebook(tmp_path, *CELLS, SEE)))
    opened = page(server.url)
    expect(questions(opened)).to_have_count(2, timeout=120_000)
    questions(opened).first.get_by_role("radio", name="Up").check()
    expect(questions(opened).first.locator(".kd-reply")).to_have_text(SAID)
    questions(opened).nth(1).get_by_role("slider", name="a").press("End")
    questions(opened).nth(1).get_by_role("button", name="Answer").click()
    told = "25\u202f% of what you drew belongs on other bars."
    expect(questions(opened).nth(1).locator(".kd-reply")).to_have_text(told)
    opened.reload()
    expect(questions(opened)).to_have_count(2, timeout=120_000)
    expect(questions(opened).first.locator(".kd-reply")).to_have_text(SAID)
    expect(questions(opened).nth(1).locator(".kd-reply")).to_have_text(told)
    expect(opened.locator(".kd-soft-targets")).to_be_visible()
    other = page(server.url)
    expect(questions(other)).to_have_count(2, timeout=120_000)
    expect(questions(other).first.get_by_role("radio", name="Up")).not_to_be_checked()
    assert other.locator(".kd-soft-targets").count() == 0
    assert not list(tmp_path.glob("*.answers.json")), "what visitors answer is in no file that they share"
