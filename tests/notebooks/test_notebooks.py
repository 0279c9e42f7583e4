"""Every notebook runs headless from top to bottom, and is committed without outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*/[!.]*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_committed_clean_and_runs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
    kinds = {kind for cell in code for output in cell.outputs for kind in output.get("data", {})}
    assert "application/vnd.jupyter.widget-view+json" in kinds, "the notebook shows no widget"


def test_the_lesson_prints_what_the_formula_says() -> None:
    path = next(p for p in NOTEBOOKS if p.stem == "02-temperature")
    notebook = nbformat.read(path, as_version=4)
    check = "import math\nassert all(abs(v - math.log2(10)) < 0.2 for v in [entropy.item()]), 'at T = 20 nearly even'"
    notebook.cells.insert(6, nbformat.v4.new_code_cell(check))
    NotebookClient(notebook, timeout=300).execute()
