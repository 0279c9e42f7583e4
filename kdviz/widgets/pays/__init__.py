"""Pays: measured seconds, assumptions that can be moved, and the day from which distilling has paid."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Bool, Dict, Float, Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_HAND, Between
from kdviz.widgets.traits import View, rows_with, within

FIELDS = ("name", "title", "teacher", "asking", "student", "answers", "weights", "errors", "examples", "beside_twin")
BATCHES = ("1", "64")
INSTEAD = ("teacher", "twin")
SHOWS = ("energy", "money", "grams")
RANGES = {  # of the numbers that the page sets
    "answers": (1, 10**9),
    "days": (1, 3650),
    "students": (1, 100),
    "watts": (0, 10**6),
    "price": (0, 10**6),
    "grid": (0, 10**6),
}


class Pays(View):
    """What training takes and a student's answers save, drawn from measured seconds and visible assumptions.

    The sums are made in the browser, as :func:`kdviz.measure.pays` makes them. Under Voila the page's address holds
    what is not as it was at first.

    Parameters
    ----------
    **traits
        Values by trait name; `Pays.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> Pays(answers=500).answers
    500
    """

    _esm, _css = bundle.view(__file__)

    cases = List(
        Dict(),
        help='What was measured: {"name", "title", "teacher", "asking", "student": seconds, "answers": by examples at '
        'once {"teacher", "student": seconds of one, "ratio", "low", "high"}, "weights", "errors", "examples", '
        '"beside_twin": in words, "note"}.',
    ).tag(sync=True)
    command = Unicode("", help="What measures it again.").tag(sync=True)
    watts_note = Unicode("", help="Where the watts come from, in a sentence.").tag(sync=True)
    usual = Dict(help="What the page opens with, by trait: its link says what is otherwise.").tag(sync=True)
    case = Unicode("", help="Name of the case that is shown.").tag(**BY_HAND)
    batch = Unicode("1", help="How many examples are answered at once: one of BATCHES.").tag(**BY_HAND)
    answers = Int(10_000, help="Answers a day, of each student.").tag(**BY_HAND)
    days = Int(365, help="Days that a student is used.").tag(**BY_HAND)
    students = Int(1, help="Students that share the teacher and its answers.").tag(**BY_HAND)
    watts = Float(65.0, help="What the machine draws while it computes.").tag(**BY_HAND)
    price = Float(0.3, help="Of a kWh.").tag(**BY_HAND)
    grid = Float(300.0, help="Grams of CO₂ equivalents for a kWh.").tag(**BY_HAND)
    trained_for_it = Bool(True, help="Whether the teacher is trained for this alone.").tag(**BY_HAND)
    instead = Unicode("teacher", help="What would answer otherwise: one of INSTEAD.").tag(**BY_HAND)
    shows = Unicode("energy", help="What the figure shows: one of SHOWS.").tag(**BY_HAND)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        numbers = {name: Between(low, high) for name, (low, high) in RANGES.items()}
        chosen = {"case": [row["name"] for row in self.cases], "batch": BATCHES, "instead": INSTEAD, "shows": SHOWS}
        return {**numbers, **chosen}

    @traitlets.validate("cases")
    def _check_cases(self, proposal: Any) -> list[dict]:
        return rows_with("cases", proposal["value"], FIELDS)

    @traitlets.validate(*RANGES)
    def _check_number(self, proposal: Any) -> float:
        name = proposal["trait"].name
        return within(name, proposal["value"], *RANGES[name])
