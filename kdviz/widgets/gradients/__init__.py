"""Gradients: what each term of an objective gives, how hard it pulls at the student, and whether the terms agree."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Dict, Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.traits import View, WrongTraitError, rows_with


class Gradients(View):
    """Three small plots over steps, with the newest numbers: values, lengths of gradients, cosines between them.

    Of K terms there are K(K − 1)/2 cosines, in the order (1, 2), (1, 3), ..., (2, 3), ...

    Parameters
    ----------
    **traits
        Values by trait name; `Gradients.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> terms = [{"name": "hard", "title": "labels", "own": False}, {"name": "hint", "title": "hint", "own": True}]
    >>> Gradients(terms=terms, steps=[0], values=[[2.3, 0.1]], norms=[[0.4, 0.4]], cosines=[[0.05]]).total_steps
    0
    """

    _esm, _css = bundle.view(__file__)

    terms = List(
        Dict(), help='The K terms: {"name", "title", "own": whether it is the method\'s}; in every row below.'
    ).tag(sync=True)
    steps = List(Int(), help="The N steps at which they were looked at, in order.").tag(sync=True)
    values = List(List(), help="What each term gave, unweighted, N rows of K numbers.").tag(sync=True)
    norms = List(List(), help="Length of the gradient of weight · value, N rows of K numbers.").tag(sync=True)
    cosines = List(List(), help="Between these gradients, N rows of K(K − 1)/2 numbers, None where one is 0.").tag(
        sync=True
    )
    total_steps = Int(0, help="Optimiser steps planned; the right end of the plots.").tag(sync=True)
    sentence = Unicode("", help="One sentence on what they show; also the screen reader's text.").tag(sync=True)

    @traitlets.validate("terms")
    def _check_terms(self, proposal: Any) -> list[dict]:
        return rows_with("terms", proposal["value"], ("name", "title", "own"))

    @traitlets.validate("steps", "values", "norms", "cosines")
    def _check_rows(self, proposal: Any) -> list:
        rows, name, count = proposal["value"], proposal["trait"].name, len(self.terms)
        if len(rows) != len(self.steps):
            raise WrongTraitError(f"{name} must have a row for each of {len(self.steps)} steps, got {len(rows)}")
        wide = {"values": count, "norms": count, "cosines": count * (count - 1) // 2}.get(name)
        odd = next((row for row in rows if wide is not None and len(row) != wide), None)
        if odd is not None:
            raise WrongTraitError(f"a row of {name} must have {wide} numbers for {count} terms, got {odd}")
        return rows
