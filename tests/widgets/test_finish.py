"""The end of a lesson: what was answered, what is right once that is told, and Submit."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kdviz.lessons import Choice, Lesson
from kdviz.widgets import Finish
from kdviz.widgets.traits import WrongTraitError

ASKED = ["sums/first", "sums/last"]


def submitted(page) -> list[bool]:
    return page.evaluate("() => model.log.filter((one) => one.saved).map((one) => one.saved.submitted)")


@pytest.fixture
def lesson(tmp_path):
    def make(tell: str) -> Lesson:
        made = Lesson("sums", tell=tell, folder=tmp_path)
        for name in ("first", "last"):
            made.add(name, Choice("2 + 2?", {"4": "So it is.", "5": "Count again."}, right="4"), quiz=name == "last")
        made.ask("first")
        return made

    return make


def test_it_counts_says_the_score_and_submits_by_keyboard(mount):
    page = mount(Finish(lesson="sums", asked=ASKED, answered=0, tells="submitted", submits=True))
    submit = page.get_by_role("button", name="Submit")
    expect(page.get_by_role("status")).to_have_text("0 of 2 answered.")
    submit.press("Enter")
    assert submitted(page) == [], "there is nothing to submit"
    page.evaluate("() => { model.exported = false; model.set('answered', 1); }")
    expect(page.get_by_text("1 is not answered yet.")).to_be_visible()
    submit.press("Enter")
    page.evaluate("() => model.set('score', [1, 1])")
    assert submitted(page) == [True]
    expect(page.get_by_role("status")).to_have_text("Submitted: 1 of 2 answered. 1 of 1 right.")
    expect(submit).to_be_hidden()


@pytest.mark.parametrize("tells", ["at-once", "never"])
def test_without_submission_there_is_no_button(mount, tells):
    page = mount(Finish(lesson="sums", asked=ASKED, answered=2, score=[1, 2], tells=tells))
    expect(page.get_by_role("status")).to_contain_text("2 of 2 answered. 1 of 2 right.")
    page.evaluate("() => model.set('score', [1, 1])")
    expect(page.get_by_role("status")).to_contain_text("2 of 2 answered. 1 right of 1 marked.")
    expect(page.get_by_role("button")).to_have_count(0)


def test_a_page_may_submit_once_and_not_take_it_back():
    finish = Finish(lesson="sums", asked=ASKED, submits=True)
    finish.set_state({"submitted": True, "answered": 9, "score": [9, 9], "submits": False})
    assert (finish.submitted, finish.answered, finish.score, finish.submits) == (True, 0, [0, 0], True)
    finish.set_state({"submitted": False})
    assert finish.submitted
    with pytest.raises(WrongTraitError, match="tells must be one of"):
        Finish(tells="later")


def test_where_nothing_is_submitted_no_page_can_submit():
    finish = Finish(lesson="sums", asked=ASKED)
    finish.set_state({"submitted": True})
    assert not finish.submitted


def test_a_lesson_tells_after_its_button_was_pressed(lesson):
    one = lesson("submitted")
    quiz = one.quiz()
    question, finish = quiz.widgets[0], quiz.finish
    one.answer("last", "4")
    assert (finish.asked, finish.answered, finish.score, finish.submits) == (ASKED, 1, [0, 0], True)
    assert question.solution == {}
    finish.set_state({"submitted": True})
    assert one.kept.submitted and finish.score == [1, 1] and question.solution["right"] == "4"


@pytest.mark.parametrize(("tell", "score", "submits"), [("at-once", [1, 1], False), ("never", [0, 0], True)])
def test_a_lesson_without_a_quiz_ends_with_its_own_cell(lesson, tell, score, submits):
    one = lesson(tell)
    finish = one.finish().finish
    one.answer("first", "4")
    assert (finish.asked, finish.answered) == (["sums/first"], 1)
    assert (finish.score, finish.submits) == (score, submits)
