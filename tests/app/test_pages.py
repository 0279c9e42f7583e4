"""The index: titles and descriptions from the notebooks themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from kdviz.app import notebooks, pages

from .written import notebook


def test_title_and_description_are_the_first_heading_and_sentence(tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.ipynb", "# *Temperature*\n\nWhat [a teacher](x) `knows` at $T$. And more.")
    assert pages.entry(path, tmp_path) == pages.Entry(
        path="a.ipynb", title="Temperature", description="What a teacher knows at T.", group="Notebooks"
    )


def test_a_notebook_says_when_to_open_it_and_for_how_long(tmp_path: Path) -> None:
    said = {"place": 2, "minutes": 10, "picture": "lab"}
    notebook(tmp_path / "b.ipynb", "# Second", kdviz=said)
    notebook(tmp_path / "c.ipynb", "# First", kdviz={**said, "place": 1})
    notebook(tmp_path / "a.ipynb", "# Some time", kdviz={"place": "soon", "minutes": 10**9, "picture": "<b>"})
    first, second, last = pages.listing(tmp_path)
    assert (first.title, second.title, last.title) == ("First", "Second", "Some time")
    assert (second.place, second.minutes, second.picture) == (2, 10, "lab")
    assert (last.place, last.minutes, last.picture) == (0, 0, "")


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


@pytest.mark.parametrize("lang", ["en", "de-CH", "zh-Hant-TW", "sr-Latn-RS", "sl-rozaj-biske"])
def test_a_language_is_a_tag(lang: str) -> None:
    assert notebooks.words({"kdviz": {"lang": lang}}) == {"lang": lang}


@pytest.mark.parametrize("lang", ['en"', "e", "", "en\n", "ен", "en-", "en us", "a" * 9, "en-" + "x" * 9])
def test_anything_else_is_no_language(lang: str) -> None:
    assert notebooks.words({"kdviz": {"lang": lang}}) == {}
