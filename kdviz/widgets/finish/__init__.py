"""Finish: how much of a lesson has been answered, how much of it is right once that is told, and a button to submit."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Bool, Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.question import TELLS
from kdviz.widgets.traits import View, one_of


class Finish(View):
    """The end of a lesson: what was answered, what is right, and Submit where answers are told after it.

    Under Voila the browser keeps that a lesson was submitted, as it keeps the answers, and says so again on the next
    visit. In a page in one file the count is the page's own, and there is no score.

    Parameters
    ----------
    **traits
        Values by trait name; `Finish.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> Finish(lesson="temperature", asked=["temperature/second"], answered=1).answered
    1
    """

    _esm, _css = bundle.view(__file__)

    lesson = Unicode(help="Under which the browser keeps that it was submitted.").tag(sync=True)
    asked = List(Unicode(), help='The questions that are asked: "lesson/part".').tag(sync=True)
    answered = Int(0, help="How many of them have been answered.").tag(sync=True)
    score = List(Int(), default_value=[0, 0], help="Right answers, and all that can be; [0, 0]: not told.").tag(
        sync=True
    )
    tells = Unicode("at-once", help="When it is told what is right: one of TELLS.").tag(sync=True)
    submits = Bool(help="Whether there is a button to submit.").tag(sync=True)
    submitted = Bool(help="Whether the answers have been submitted.").tag(**BY_PAGE)

    def page_choices(self) -> dict[str, Any]:
        return {"submitted": (True,) if self.submits else (self.submitted,)}

    @traitlets.validate("tells")
    def _check_tells(self, proposal: Any) -> str:
        return one_of("tells", proposal["value"], TELLS)
