"""Presets: where the page starts from, the question that comes with it, the reader's bet, and what became of it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Dict, Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import Packed, View, WrongTraitError, one_of, rows_with

FIELDS = ("name", "title", "question", "look", "answers", "seeds", "next")
MOST_DIGITS = 6  # of a number of errors
CLOSED = ("loading", "running", "paused", "stopped", "finished")  # states in which no bet is taken


class Presets(View):
    """A row of presets; the one chosen asks its question, takes a bet, and answers it when the run has ended.

    A choice sets `chosen` and sends the custom message `{"command": "preset", "name": name}` (see `on_msg`), "" for the
    default. Whoever refuses it sets `chosen` back. The answer may offer `{"command": "repeat", "seeds": 5}`. Where the
    scene hides "presets" nothing is drawn; where it locks them, or while it trains, the choice is disabled. The bet can
    be made before the first step only.

    Parameters
    ----------
    **traits
        Values by trait name; `Presets.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> row = {"name": "hot", "title": "T = 100?", "question": "What is left of the answers?", "look": "the bars."}
    >>> row |= {"answers": [{"name": "much", "text": "Much"}], "seeds": 1, "next": ""}
    >>> Presets(presets=[row], chosen="hot", bet="much").bet
    'much'
    """

    _esm, _css = bundle.view(__file__)
    part = "presets"
    needs_python = True

    scene = SceneTrait()
    presets = List(
        Dict(),
        help='What can be chosen: {"name", "title", "question", "look": where to look on the page, "answers": '
        '[{"name", "text"}] or none where a number is to be guessed, "seeds": how many settle it, "next": name}.',
    ).tag(sync=True)
    chosen = Unicode("", help='Name of the preset chosen; "" for the default.').tag(**BY_PAGE)
    bet = Unicode("", help='The reader\'s bet: name of an answer, a number of errors as digits, or "".').tag(**BY_PAGE)
    answer = Dict(
        help='What became of it, empty before: {"verdict", "why", "repeat": whether more seeds would tell more}.'
    ).tag(sync=True)
    pictures = Packed("<f4", help="Weights of the student's units, from −1 to 1, picture after picture.").tag(sync=True)
    picture_shape = List(Int(), default_value=[0, 0], help="Height and width of one picture.").tag(sync=True)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        closed = self.scene is not None and self.scene.state in CLOSED
        return {"bet": ()} if closed else {}

    @traitlets.validate("presets")
    def _check_presets(self, proposal: Any) -> list[dict]:
        return rows_with("presets", proposal["value"], FIELDS)

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: Any) -> str:
        return one_of("chosen", proposal["value"], list(dict.fromkeys(["", *(row["name"] for row in self.presets)])))

    @traitlets.validate("bet")
    def _check_bet(self, proposal: Any) -> str:
        value = proposal["value"]
        row = next((row for row in self.presets if row["name"] == self.chosen), None)
        answers = [answer["name"] for answer in row["answers"]] if row else []
        if answers or not row:
            return one_of("bet", value, ["", *answers])
        if value and not (len(value) <= MOST_DIGITS and value.isascii() and value.isdigit()):
            raise WrongTraitError(f"bet must be a number of errors of at most {MOST_DIGITS} digits, got {value[:20]!r}")
        return value
