"""The index: titles and descriptions from the notebooks themselves."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdviz.app import notebooks, pages
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


@pytest.mark.parametrize(
    ("markdown", "description"),
    [
        (
            "# A\n\n![a picture](a.png)\n\n<p>HTML</p>\n\n| a | b |\n| - | - |\n\n- a list\n\nWords\nat last! No.",
            "Words at last!",
        ),
        ("# A\n\n```\ncode.\n```\nOf 3.5 points <b>bold</b>", "Of 3.5 points bold"),
        ("A\n=\n\n> quoted.\n\n$$x$$\n\n5 \\* 5 *is* `a_b`.", "5 * 5 is a_b."),
        ("# A", ""),
    ],
)
def test_the_first_sentence_is_that_of_the_first_paragraph(markdown: str, description: str, tmp_path: Path) -> None:
    found = pages.entry(notebook(tmp_path / "a.ipynb", "No heading.", markdown), tmp_path)
    assert (found.title, found.description) == ("A", description)


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


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_thousand_damaged_notebooks_are_listed_and_read_or_refused(tmp_path: Path) -> None:
    chance = random.Random(0)
    told = {"title": "T", "description": "D", "lang": "de"}
    whole = notebook(tmp_path / "whole.ipynb", "# A\n\nWords.", "$x$", kdviz=told, kernelspec={"name": "python3"})
    text, values = whole.read_text(), (None, 5, -1.5, True, [], {}, "x", [[]], {"a": None}, "\ud800", "\x00")
    path = tmp_path / "damaged.ipynb"
    refused = 0
    for _ in range(1000):
        if chance.random() < 0.3:
            damaged = bytearray(text.encode())
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            path.write_bytes(damaged)
        else:
            path.write_text(json.dumps(_changed(json.loads(text), chance, values)))
        listed = pages.entry(path, tmp_path)
        assert listed.title.encode()
        word = notebooks.trouble(path)
        if word:
            refused += 1
            assert listed.trouble, word
            assert len(word) < 120
        else:
            nbformat.validate(notebooks.read(path))
    assert 100 < refused < 900


def _changed(value: Any, chance: random.Random, values: tuple[Any, ...]) -> Any:
    """One place anywhere in a JSON value replaced."""
    if not value or not isinstance(value, (dict, list)) or chance.random() < 0.15:
        return chance.choice(values)
    key = chance.choice(list(value)) if isinstance(value, dict) else chance.randrange(len(value))
    value[key] = _changed(value[key], chance, values)
    return value


@pytest.mark.parametrize("lang", ["en", "de-CH", "zh-Hant-TW", "sr-Latn-RS", "sl-rozaj-biske"])
def test_a_language_is_a_tag(lang: str) -> None:
    assert notebooks.words({"kdviz": {"lang": lang}}) == {"lang": lang}


@pytest.mark.parametrize("lang", ['en"', "e", "", "en\n", "ен", "en-", "en us", "a" * 9, "en-" + "x" * 9])
def test_anything_else_is_no_language(lang: str) -> None:
    assert notebooks.words({"kdviz": {"lang": lang}}) == {}


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of nbformat: an old notebook's cells have no id
def test_an_older_notebook_is_brought_up(tmp_path: Path) -> None:
    cells = [{"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Old"]}]
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(old))
    assert notebooks.read(path).cells[0].source == "# Old"
    assert not notebooks.trouble(path)


@given(st.text(max_size=40))
def test_any_formula_gives_markup_that_ends(latex: str) -> None:
    drawn = mathml(latex)
    assert drawn.endswith(("</math>", "</code>"))
    assert "<script" not in drawn.lower()


def test_a_formula_that_cannot_be_read_is_shown_as_it_stands() -> None:
    assert mathml(r"\frac{a}{") == r"<code>\frac{a}{</code>"
