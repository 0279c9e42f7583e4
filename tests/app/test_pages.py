"""The index: titles and descriptions from the notebooks themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kdviz.app import pages
from kdviz.app.mathml import mathml


def notebook(path: Path, *markdown: str, **metadata: Any) -> Path:
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in markdown]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_title_and_description_are_the_first_heading_and_sentence(tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.ipynb", "# *Temperature*\n\nWhat [a teacher](x) `knows` at $T$. And more.")
    assert pages.entry(path, tmp_path) == pages.Entry(
        path="a.ipynb", title="Temperature", description="What a teacher knows at T.", group="Notebooks"
    )


def test_metadata_comes_before_the_text(tmp_path: Path) -> None:
    told = {"title": "The Lab", "description": "Teach a student."}
    path = notebook(tmp_path / "a.ipynb", "# Heading\n\nText.", kdviz=told)
    found = pages.entry(path, tmp_path)
    assert (found.title, found.description) == ("The Lab", "Teach a student.")


def test_a_broken_notebook_is_listed_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "half-written.ipynb").write_text("{")
    assert pages.listing(tmp_path)[0].title == "half written"


def test_dashboards_come_first_and_hidden_folders_never(tmp_path: Path) -> None:
    for name in (
        "z.ipynb",
        "course/02-b.ipynb",
        "course/01-a.ipynb",
        "dashboards/compare.ipynb",
        "dashboards/lab.ipynb",
    ):
        notebook(tmp_path / name, "# x")
    notebook(tmp_path / "course" / ".ipynb_checkpoints" / "01-a.ipynb", "# x")
    assert [item.path for item in pages.listing(tmp_path)] == [
        "dashboards/lab.ipynb",
        "dashboards/compare.ipynb",
        "course/01-a.ipynb",
        "course/02-b.ipynb",
        "z.ipynb",
    ]


@given(st.text(max_size=40))
def test_any_formula_gives_markup_that_ends(latex: str) -> None:
    drawn = mathml(latex)
    assert drawn.endswith(("</math>", "</code>"))
    assert "<script" not in drawn.lower()


def test_a_formula_that_cannot_be_read_is_shown_as_it_stands() -> None:
    assert mathml(r"\frac{a}{") == r"<code>\frac{a}{</code>"
