"""Question: say, or draw, what you expect before you look; and a gate for what comes after."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from traitlets import Bool, Dict, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_PAGE, Box, reference
from kdviz.widgets.traits import View, WrongTraitError, one_of

KINDS = ("choice", "several", "number", "order", "text", "bars", "curve", "heat-map", "point")
TELLS = ("at-once", "submitted", "never")
MOST_VALUES = 400  # numbers or texts in one answer


class Gate(Box):
    """Widgets that are drawn once it is opened; before, nothing of them is on the page.

    Parameters
    ----------
    children : sequence of anywidget.AnyWidget
    opened : bool
    """

    _esm = bundle.alone(Path(__file__).with_name("gate.js"))
    _kinds = ("kd-box", "kd-column", "kd-gate")

    opened = Bool(help="Whether the widgets are drawn.").tag(**BY_PAGE)

    def __init__(self, children: Sequence[anywidget.AnyWidget] = (), **traits: Any) -> None:
        super().__init__(children, **traits)


class Question(View):
    """A question that is answered with a choice, a number, an order, words, or a drawing.

    The page draws the kind, takes the answer, and replies to it once it has the solution; the first answer stands where
    that is told at once. Under Voila and in a page in one file the browser keeps the answer and brings it back.

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
    >>> question = Question(kind="choice", text="2 + 2?", asked={"choices": ["4", "5"]})
    >>> question.answer = '"4"'
    >>> question.answer
    '"4"'
    """

    _esm, _css = bundle.view(__file__)

    key = Unicode(help='Under which the browser keeps the answer: "lesson/part".').tag(sync=True)
    kind = Unicode("choice", help="What is answered with: one of KINDS.").tag(sync=True)
    text = Unicode("", help="The question.").tag(sync=True)
    asked = Dict(help="What the kind needs to ask; see kdviz.lessons.").tag(sync=True)
    solution = Dict(help="What the page needs to reply; empty as long as it is not told.").tag(sync=True)
    answer = Unicode("", help='The answer as JSON; "" before.').tag(**BY_PAGE)
    final = Bool(help="Whether the answer stands.").tag(sync=True)
    tells = Unicode("at-once", help='When it is told what is right: "at-once", "submitted" or "never".').tag(sync=True)
    submitted = Bool(help="Whether the lesson's answers have been submitted.").tag(sync=True)
    gate = traitlets.Instance(Gate, allow_none=True, help="What an answer opens.").tag(sync=True, to_json=reference)
    note = Unicode("", help="What went wrong, in a sentence.").tag(sync=True)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        return {"answer": (self.answer,)} if self.final and self.answer else {}

    @traitlets.validate("kind")
    def _check_kind(self, proposal: Any) -> str:
        return one_of("kind", proposal["value"], KINDS)

    @traitlets.validate("tells")
    def _check_tells(self, proposal: Any) -> str:
        return one_of("tells", proposal["value"], TELLS)

    @traitlets.validate("answer")
    def _check_answer(self, proposal: Any) -> str:
        value = proposal["value"]
        if value and not _is_answer(value):
            raise WrongTraitError(f"answer must be JSON of a text, a number or a list of these, got {value[:40]!r}")
        return value


def _is_answer(text: str) -> bool:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    values = value if isinstance(value, list) else [value]
    flat = [one for row in values for one in (row if isinstance(row, list) else [row])]
    return len(flat) <= MOST_VALUES and all(_is_plain(one) for one in flat)


def _is_plain(value: Any) -> bool:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return abs(value) <= 2**1000  # no infinity, no NaN, and no int that no float holds
    return isinstance(value, str)
