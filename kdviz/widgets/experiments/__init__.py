"""Experiments: a list of recorded ones, each with its question, a guess, and then what came of it."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Dict, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_HAND, BY_PAGE
from kdviz.widgets.traits import View, WrongTraitError, rows_with

GUESSES = ("fewer", "same", "more", "shown")  # the last: the numbers were asked for without a guess
FIELDS = ("name", "title", "question", "setting", "guess", "rows", "head", "told")


class Experiments(View):
    """Recorded experiments: one is chosen, its outcome guessed, and then its numbers shown.

    Before the guess none of its numbers is on the page. All texts but those of the page itself come written out, in the
    reader's language. Under Voila the page's address says which one is open, and the browser keeps the guesses.

    Parameters
    ----------
    **traits
        Values by trait name; `Experiments.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> row = {"name": "a", "title": "A", "question": "Why?", "setting": "3 seeds", "rows": [], "head": [], "told": []}
    >>> row["guess"] = {"text": "Fewer?", "right": "fewer", "verdict": "3 fewer."}
    >>> Experiments(experiments=[row], chosen="a", guesses='{"a": "more"}').chosen
    'a'
    """

    _esm, _css = bundle.view(__file__)

    experiments = List(
        Dict(),
        help='What can be chosen: {"name", "title", "question", "setting", "guess": {"text", "right", "verdict"}, '
        '"head": names of columns, "wraps": the column of long texts or 0, "rows": [{"name", "role", "cells", "mean", '
        '"low", "high", "each", "teacher"}], "told": sentences below, "paper", "source", "differs", "command", "href", '
        '"page", "call"}.',
    ).tag(sync=True)
    chosen = Unicode("", help="Name of the experiment that is open.").tag(**BY_HAND)
    guesses = Unicode("{}", help="The reader's guesses by experiment, as JSON: each one of GUESSES.").tag(**BY_PAGE)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        return {"chosen": [row["name"] for row in self.experiments]}

    @traitlets.validate("experiments")
    def _check_experiments(self, proposal: Any) -> list[dict]:
        return rows_with("experiments", proposal["value"], FIELDS)

    @traitlets.validate("guesses")
    def _check_guesses(self, proposal: Any) -> str:
        value = proposal["value"]
        try:
            held = json.loads(value)
        except (ValueError, RecursionError):
            held = None
        names = {row["name"] for row in self.experiments}
        if not isinstance(held, dict) or not set(held) <= names or not all(one in GUESSES for one in held.values()):
            raise WrongTraitError(f"guesses must be JSON of names to one of {', '.join(GUESSES)}, got {value[:60]!r}")
        return value
