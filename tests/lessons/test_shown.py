"""Questions on a page: what a page sends is kept; what is told, and what opens, follows the lesson."""

from __future__ import annotations

import json

import pytest
from ipywidgets.widgets import widget as ipywidgets_widget

from kdviz.panels.soft_targets import SoftTargets

from .conftest import RIGHT, WRONG


def send(widget, **state) -> None:
    widget._handle_msg({"content": {"data": {"method": "update", "state": state}}, "buffers": []})


@pytest.mark.parametrize("name", RIGHT)
def test_an_answer_of_the_page_is_kept_and_told(name: str, begin) -> None:
    lesson = begin()
    widget = lesson.ask(name).widgets[0]
    assert (widget.answer, widget.final, widget.tells) == ("", False, "at-once")
    given = json.dumps(WRONG[name], separators=(",", ":"))  # as a browser writes it
    send(widget, answer=given)
    assert (
        widget.answer == given and widget.final and lesson.kept[name].answer == lesson.part(name).checked(WRONG[name])
    )
    assert widget.solution == (lesson.question(name).solution() if name != "later" else {})
    send(widget, answer=json.dumps(RIGHT[name]))
    assert lesson.kept[name].tries == 1 and widget.answer == given, "the first answer stands"
    again = begin().ask(name).widgets[0]
    assert json.loads(again.answer) == lesson.kept[name].answer and again.final


@pytest.mark.parametrize("tell", ["submitted", "never"])
def test_the_page_knows_no_solution_before_it_may_be_told(tell: str, begin) -> None:
    lesson = begin(tell=tell)
    shown = [lesson.ask(name) for name in RIGHT if name not in ("even", "order")] + [lesson.quiz()]
    widgets = [widget for one in shown for widget in one.widgets]
    for widget, (name, answer) in zip(widgets, RIGHT.items(), strict=True):
        send(widget, answer=json.dumps(answer))
        assert not widget.final, name
    sent = json.dumps([widget.get_state() for widget in widgets], default=str)
    assert not [said for said in ("So it is.", "Because.", "One is odd.") if said in sent]
    assert all(widget.solution == {} for widget in widgets) and shown[-1].finish.score == [0, 0]
    lesson.submit()
    known = [widget.solution != {} for widget in widgets]
    assert known == ([name != "later" for name in RIGHT] if tell == "submitted" else [False] * len(RIGHT))
    assert all(widget.final and widget.submitted for widget in widgets)
    assert shown[-1].finish.score == ([5, 5] if tell == "submitted" else [0, 0]), "the quiz ends with all that is told"


@pytest.mark.parametrize(
    "answer",
    ['"six"', "[]", "5", "null", "{}", "", '"\\ud800"', "1" * 400, "[[[1]]]", "NaN", "not JSON", "1e999", "[" * 900],
)  # fmt: skip
def test_what_a_page_may_send_and_is_no_answer_changes_nothing(answer: str, begin) -> None:
    lesson = begin()
    for name in RIGHT:
        if (name, answer) in (("even", "[]"), ("later", "5"), ("words", '"six"'), ("words", '"\\ud800"')):
            continue
        widget = lesson.ask(name).widgets[0]
        send(widget, answer=answer)
        assert lesson.kept.get(name) is None and widget.answer == "" and not widget.final, name
        assert "\n" not in widget.note


def test_what_waits_behind_a_question_opens_when_it_is_answered(begin) -> None:
    lesson = begin(tell="never")
    shown = lesson.ask("choice", opens=SoftTargets(examples=[1]))
    gate = shown.view.children[-1]
    assert not gate.opened
    send(shown.widgets[0], answer='"five"')
    assert gate.opened
    assert begin(tell="never").ask("choice", opens=SoftTargets(examples=[1])).view.children[-1].opened, (
        "after a restart"
    )
    lesson.reset()
    assert not gate.opened and shown.widgets[0].answer == ""


def test_answers_by_hand_appear_on_the_page(begin) -> None:
    lesson = begin()
    widget, quiz = lesson.ask("later").widgets[0], lesson.quiz()
    lesson.answer("later", 95)
    lesson.answer("even", ["2"])
    assert widget.answer == "95.0" and widget.solution == {}
    lesson.see("later", 100)
    assert widget.solution["right"] == 100
    assert [one.answer for one in quiz.widgets] == ['["2"]', ""] and quiz.finish.score == [2, 2]


@pytest.mark.parametrize("tell", ["at-once", "submitted"])
def test_a_page_without_python_has_nobody_to_submit_to_and_counts_no_marks(tell: str, begin) -> None:
    lesson = begin(tell=tell)
    lesson.answer("even", ["2"])
    quiz = lesson.quiz()
    assert quiz.finish.score == ([1, 1] if tell == "at-once" else [0, 0])
    assert quiz._without_python()[quiz.finish] == {"submits": False, "score": [0, 0]}


def test_why_answers_cannot_be_kept_is_said_on_the_page(begin, tmp_path) -> None:
    (tmp_path / "everything.answers.json").write_text("damaged")
    assert "could not be read" in begin().ask("choice").widgets[0].note


def test_a_question_that_is_asked_again_leaves_nothing_behind(begin) -> None:
    lesson = begin()
    lesson.ask("choice")
    lesson.quiz()
    before = len(ipywidgets_widget._instances)
    for _ in range(3):
        lesson.ask("choice", opens=SoftTargets(examples=[1]))
        lesson.quiz()
    lesson.ask("choice")
    assert len(ipywidgets_widget._instances) == before


def test_where_no_widget_lives_the_question_is_text_with_its_answers(begin) -> None:
    lesson = begin()
    data, _ = lesson.ask("choice")._repr_mimebundle_()
    assert data["text/plain"] == str(lesson.ask("choice"))
    assert sorted(str(lesson.ask("choice")).splitlines()) == sorted(
        ["2 + 2?", "  - four", "  - five", "  lesson.answer('choice', ...)"]
    )
    assert str(lesson.quiz()).count("lesson.answer(") == 2


def test_an_exported_page_asks_before_it_tells_and_never_tells_where_that_is_asked(begin, tmp_path) -> None:
    for tell, told in (("at-once", True), ("never", False)):
        text = begin(tell=tell).ask("choice").to_html(tmp_path / "page.html").read_text(encoding="utf-8")
        assert ("Count again." in text) == told and "2 + 2?" in text
    with pytest.raises(ValueError, match=r"^a question has no state to share; share its notebook$"):
        begin().ask("choice").state  # noqa: B018
