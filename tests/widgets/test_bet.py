"""A bet on the page: it is sent, locks when the run begins, and gives way to what became of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kdviz.widgets import Bet, Scene
from kdviz.widgets.traits import WrongTraitError

from ..axe import serious

ANSWERS = [{"name": "student", "text": "the student"}, {"name": "twin", "text": "its twin"}]
QUESTION = "Which will make fewer errors?"


def test_a_bet_is_sent_locks_and_is_answered(mount):
    page = mount(Bet(question=QUESTION, answers=ANSWERS, meaning="A mean with its interval."), width=400)
    expect(page.get_by_text("Make your bet, then press Train.")).to_be_visible()
    group = page.get_by_role("group", name=QUESTION)
    twin = group.get_by_role("radio", name="its twin")
    twin.focus()
    twin.press("Space")
    expect(page.get_by_text("It locks at Train.")).to_be_visible()
    assert page.evaluate("() => model.log.at(-1).saved.bet") == "twin"
    page.evaluate("() => model.set('closed', true)")
    expect(page.get_by_text("Your bet is locked.")).to_be_visible()
    expect(twin).to_be_disabled()
    expect(page.get_by_role("button", name="What does the interval say?")).to_be_hidden()
    page.evaluate("() => model.set('verdict', 'You said “its twin”: right.')")
    expect(group).to_be_hidden()
    expect(page.get_by_text("right.")).to_be_visible()
    page.get_by_role("button", name="What does the interval say?").focus()
    expect(page.get_by_role("tooltip")).to_be_visible()
    assert serious(page) == []


def test_without_a_question_or_where_a_link_hides_it_nothing_is_drawn(mount):
    page = mount(Bet(scene=Scene(hidden=["transport"]), question=QUESTION, answers=ANSWERS), dark=True)
    heading = page.get_by_role("heading", name=QUESTION)
    expect(heading).to_be_hidden()  # there is no button that has it answered
    page.evaluate("() => model.set('verdict', 'It is the student.')")
    expect(heading).to_be_visible()
    page.evaluate("() => { model.set('verdict', ''); scene.set('hidden', ['bet']); }")
    expect(heading).to_be_hidden()
    page.evaluate("() => scene.set('hidden', [])")
    expect(page.get_by_text("press Train")).to_be_visible()
    page.evaluate("() => model.set('question', '')")
    expect(page.get_by_text("press Train")).to_be_hidden()


def test_a_page_can_bet_on_what_is_offered_and_only_before_the_run():
    bet = Bet(question=QUESTION, answers=ANSWERS)
    bet.set_state({"bet": "nobody"})
    assert bet.bet == ""
    bet.set_state({"bet": "student"})
    bet.closed = True
    bet.set_state({"bet": "twin"})
    assert bet.bet == "student"
    with pytest.raises(WrongTraitError, match="bet must be one of"):
        bet.bet = "nobody"
