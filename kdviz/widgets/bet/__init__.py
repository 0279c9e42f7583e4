"""Bet: a question that a run will answer, the reader's bet on it, and what became of it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Bool, Dict, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, one_of, rows_with

FIELDS = ("name", "text")


class Bet(View):
    """A question with a few answers; one of them can be bet on until the run begins.

    Nothing is drawn where there is no question, or where a page has no button that would have it answered.

    Parameters
    ----------
    **traits
        Values by trait name; `Bet.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> both = [{"name": "student", "text": "the student"}, {"name": "twin", "text": "its twin"}]
    >>> Bet(question="Which of them will make fewer errors?", answers=both, bet="twin").bet
    'twin'
    """

    _esm, _css = bundle.view(__file__)
    part = "bet"

    scene = SceneTrait()
    question = Unicode("", help="What the run will answer.").tag(sync=True)
    answers = List(Dict(), help='What can be bet on: {"name", "text"}.').tag(sync=True)
    bet = Unicode("", help='Name of the answer that is bet on, or "".').tag(**BY_PAGE)
    closed = Bool(False, help="Whether the run has begun, so that no bet is taken.").tag(sync=True)
    verdict = Unicode("", help="What became of it, in sentences; empty before.").tag(sync=True)
    meaning = Unicode("", help="What the numbers of the verdict are; one hover away.").tag(sync=True)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        return {"bet": () if self.closed else ["", *(row["name"] for row in self.answers)]}

    @traitlets.validate("answers")
    def _check_answers(self, proposal: Any) -> list[dict]:
        return rows_with("answers", proposal["value"], FIELDS)

    @traitlets.validate("bet")
    def _check_bet(self, proposal: Any) -> str:
        return one_of("bet", proposal["value"], ["", *(row["name"] for row in self.answers)])
