"""Question: say what you expect before you look."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.traits import View, WrongTraitError


class Question(View):
    """A question with a few answers; choosing one shows what can be said to it.

    Parameters
    ----------
    **traits
        Values by trait name; `Question.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> question = Question(text="2 + 2?", choices=["4", "5"], replies=["Yes.", "Count again."])
    >>> question.answer is None
    True
    """

    _esm, _css = bundle.view(__file__)

    text = Unicode("", help="The question.").tag(sync=True)
    choices = List(Unicode(), help="What can be answered.").tag(sync=True)
    replies = List(Unicode(), help="What is said to each answer, in the order of the choices.").tag(sync=True)
    answer = Int(None, allow_none=True, help="Index of the answer chosen, from 0; None before.").tag(**BY_PAGE)

    @traitlets.validate("replies")
    def _check_replies(self, proposal: Any) -> list[str]:
        value = proposal["value"]
        if value and len(value) != len(self.choices):
            raise WrongTraitError(f"replies must be one for each of {len(self.choices)} choices, got {len(value)}")
        return value

    @traitlets.validate("answer")
    def _check_answer(self, proposal: Any) -> int | None:
        value = proposal["value"]
        if value is not None and not 0 <= value < len(self.choices):
            raise WrongTraitError(f"answer must be None or below {len(self.choices)}, got {value}")
        return value
