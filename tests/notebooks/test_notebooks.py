"""Every page runs headless from top to bottom; every notebook is committed without outputs."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

import kdviz as kd
from kdviz.panels.lab import link

from .in_process import run

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*/[!.]*.ipynb"))


PAGES = [path for path in NOTEBOOKS if path.parent.name == "dashboards" or not path.name[0].isdigit()]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_notebook_is_committed_clean(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert "widgets" not in notebook.metadata
    nbformat.validate(notebook)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_a_page_runs_and_shows_a_widget(path: Path) -> None:
    """Lessons: see test_lessons.py; a page in a kernel: tests/panels/lab/test_lab_in_browser.py and those like it."""
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    panels = run(path)["Out"].values()
    kinds = {kind for panel in panels for kind in panel._repr_mimebundle_()[0]}
    for panel in panels:
        panel.close()
    assert not code or "application/vnd.jupyter.widget-view+json" in kinds, "the notebook shows no widget"


def test_the_lesson_plan_has_seven_links_that_can_be_followed_and_fills_its_minutes() -> None:
    path = next(p for p in NOTEBOOKS if p.stem == "lesson-plan")
    notebook = nbformat.read(path, as_version=4)
    rows = re.findall(r"^\| (\d+)–(\d+) \| \d · \[.*?\]\((.*?)\)", notebook.cells[0].source, re.MULTILINE)
    assert [int(start) for start, _, _ in rows] == [0, *(int(end) for _, end, _ in rows[:-1])]
    assert (len(rows), int(rows[-1][1])) == (7, notebook.metadata.kdviz.minutes)
    for _, _, target in rows:
        place, _, query = target.partition("?")
        assert (path.parent / place).resolve() in NOTEBOOKS
        assert query == "" or link.follow(query).left_out == {}
    first = link.follow(rows[0][2].partition("?")[2]).state
    picture = kd.data.mnist().validation.x[first["selected"]].flatten().tolist()
    ink = re.findall(r'fill-opacity="([\d.]+)"', (path.parent / "lesson-sheet.svg").read_text(encoding="utf-8"))
    assert ink == [f"{v / 255:.2f}" for v in picture if v], "the first link opens the digit that the sheet shows"
    notes = re.findall(r"<summary><b>(\d) · ", notebook.cells[1].source)
    assert notes == [str(number) for number in range(1, 8)], "each link has its note"
