"""Executed cells as HTML: what waits for an answer, what is folded, what needs Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from kdviz.app.site.cells import PLOTLY, drawn
from kdviz.app.site.links import Links

PAGES = {"course/a.ipynb": "course/a.html", "dashboards/lab.ipynb": "dashboards/lab.html"}


def text(source: str) -> dict[str, Any]:
    return {"kind": "markdown", "source": source, "tags": []}


def code(source: str, *outputs: dict[str, Any], hidden: bool = False) -> dict[str, Any]:
    return {"kind": "code", "source": source, "tags": ["hide-input"] if hidden else [], "outputs": list(outputs)}


def ask(*names: str) -> dict[str, Any]:
    return {"widget": f"box-{names[0]}", "asks": list(names)}


def page(*cells: dict[str, Any]) -> Tag:
    return BeautifulSoup(drawn(list(cells), Links("course/a.ipynb", Path("/nowhere"), PAGES)).body, "html.parser")


def waiting(found: Tag) -> dict[str, str]:
    return {
        one["data-kd-after"]: one.select_one(".kd-site-after-body").get_text(" ", strip=True)
        for one in found.select(".kd-site-after")
    }


def test_what_came_waits_for_the_questions_of_its_section_with_the_text_below_it() -> None:
    found = page(
        text("# A"),
        code("", {"print": "before"}),
        code("", ask("q1")),
        text("Measured:"),
        code("", {"print": "first"}),
        code("", {"print": "second"}),
        text("So it is.\n\n## B\n\nNew."),
        code("", {"print": "free"}),
        code("", ask("q2")),
        code("", ask("q3")),
        code("", {"print": "both"}),
        text("## Quiz"),
        code("", ask("q4", "q5")),
        code("", {"print": "after the quiz"}),
    )
    assert waiting(found) == {"q1": "first second So it is.", "q2 q3": "both"}


def test_the_truth_of_a_question_waits_for_it_in_a_later_section_too() -> None:
    told = {**code("", {"print": "the truth"}), "reveals": ["q1"]}
    found = page(code("", ask("q1")), text("## B"), code("", {"print": "free"}), told, code("", {"print": "and more"}))
    assert waiting(found) == {"q1": "the truth and more"}


def test_a_comment_makes_no_exercise() -> None:
    found = page(text("# A"), code("", ask("q")), code("x = 1  # trained now", {"print": "came"}))
    assert waiting(found) == {"q": "Code x = 1 # trained now came"}
    assert not found.select("details[open]")


def test_code_is_folded_hidden_where_it_draws_and_open_where_it_is_an_exercise() -> None:
    found = page(
        code("x = 1 < 2"),
        code("draw()", hidden=True),
        code(
            "def f():\n    # Write your code here.\n    raise NotImplementedError",
            {"checked": "<p>no</p>", "passed": False},
        ),
        code("check()", {"checked": "<p>2 of 2 checks passed.</p>", "passed": True}),
        code("", {"print": "no code"}),
    )
    folds = found.select("details.kd-code")
    assert [(fold.has_attr("open"), "kd-code-hidden" in fold["class"]) for fold in folds] == [
        (False, False),
        (False, True),
        (True, False),
        (True, False),
    ]
    assert folds[0].select_one("code").get_text() == "x = 1 < 2"
    assert [one.get_text() for one in found.select(".kd-site-needs")] == [
        "Python checks this exercise: download the notebook, then jupyter lab a.ipynb."
    ]
    assert "2 of 2 checks passed." in found.get_text()


@pytest.mark.parametrize(
    ("output", "selector", "words"),
    [
        ({"print": "\x1b[31mred\x1b[0m <b>\n1 %\r2 %\n"}, "pre.kd-site-printed", "red <b>\n2 %"),
        ({"data": {"text/html": "<table><tr><td>1", "text/plain": "1"}}, ".kd-site-table[tabindex] td", "1"),
        ({"data": {"text/markdown": "of *T* $T^2$", "text/plain": "M"}}, ".kd-site-text math", "T2"),
        ({"data": {"image/svg+xml": "<svg/>", "text/plain": "x"}}, 'img[src^="data:image/svg+xml;base64,"]', ""),
        ({"data": {"image/png": "aGk=", "text/plain": "x"}}, 'img[src="data:image/png;base64,aGk="]', ""),
        ({"data": {"text/plain": "<Figure>"}}, "pre", "<Figure>"),
        ({"widget": "w1", "asks": []}, '[data-widget="w1"]', ""),
        ({"needs_python": True}, ".kd-site-needs", "This part needs Python: kdviz serve."),
        ({"waits": True}, ".kd-site-needs", "This cell waits for your code."),
    ],
)  # fmt: skip
def test_each_kind_of_output_has_its_form(output: dict[str, Any], selector: str, words: str) -> None:
    assert page(code("", output)).select_one(selector).get_text() == words


def test_a_figure_has_a_name_a_height_and_its_numbers() -> None:
    figure = {
        "data": [{"y": [1, 2]}],
        "layout": {"title": {"text": "<b>Errors</b>"}, "height": 300, "template": {"layout": {"colorway": ["#123"]}}},
    }
    made = drawn([code("", {"data": {PLOTLY: figure}})], Links("course/a.ipynb", Path("/nowhere"), PAGES))
    place = BeautifulSoup(made.body, "html.parser").select_one("[data-figure]")
    assert (place["aria-label"], place["style"], len(made.figures)) == ("Errors", "height:300px", 1)
    narrow = page(code("", {"data": {PLOTLY: {"data": [], "layout": {"width": 640, "height": 300}}}}))
    assert narrow.select_one("[data-figure]")["style"] == "height:300px;max-width:640px"
    assert '"width"' not in narrow.select_one("script").get_text()
    assert '"colorway":["#123"]' in made.body and "template" not in made.body


def test_the_note_on_the_lab_ends_the_section_with_the_link() -> None:
    found = page(text("## Explore\n\nTrain [here](../dashboards/lab.ipynb).\n\n## Quiz\n\nNow."))
    note = found.select_one(".kd-site-needs")
    assert "recorded run" in note.get_text()
    assert [one.get_text() for one in found.select("h2")] == ["Explore", "Quiz"]
    assert note.find_next("h2").get_text() == "Quiz"
    assert drawn([text("## A $x$\n\n### B")], Links("course/a.ipynb", Path("/nowhere"), PAGES)).headings == [
        ("a-x", "A x")
    ]
