"""Schemes: the schemes of the field by family, found by name or acronym, one of them chosen, with what can be set."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Bool, Dict, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_HAND
from kdviz.widgets.traits import View, one_of, rows_with

FAMILIES = ("online", "rows", "self", "several", "place", "answers", "budget", "text")


class Schemes(View):
    """A list of schemes grouped by family, with a field that finds them, and the options of the one chosen.

    An option sends the custom message `{"command": "option", "name": "peers", "value": "4"}` (see `on_msg`). Under
    Voila what a reader chose is also kept in the page's address, so that a reload or a copied link comes back to it.

    Parameters
    ----------
    **traits
        Values by trait name; `Schemes.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> row = {"name": "born_again", "title": "Born again", "family": "self", "acronym": "BAN", "found_by": "BAN"}
    >>> Schemes(schemes=[row], chosen="born_again").locked
    False
    """

    _esm, _css = bundle.view(__file__)

    schemes = List(Dict(), help='What can be chosen: {"name", "title", "family", "acronym", "found_by": words}.').tag(
        sync=True
    )
    chosen = Unicode("", help="Name of the scheme chosen.").tag(**BY_HAND)
    options = List(
        Dict(), help='What can be set: {"name", "title", "chosen": value, "values": [{"value", "text"}]}.'
    ).tag(sync=True)
    locked = Bool(False, help="Whether nothing can be chosen now.").tag(sync=True)
    locked_reason = Unicode("", help="Why not, in one sentence.").tag(sync=True)
    note = Unicode("", help="What is learned from and what is counted, in one sentence.").tag(sync=True)
    query = Unicode("", help="The page's link as a query string, for its address.").tag(sync=True)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        return {"chosen": [row["name"] for row in self.schemes]}

    @traitlets.validate("schemes")
    def _check_schemes(self, proposal: Any) -> list[dict]:
        rows = rows_with("schemes", proposal["value"], ("name", "title", "family", "acronym", "found_by"))
        for index, row in enumerate(rows):
            one_of(f"schemes[{index}]['family']", row["family"], FAMILIES)
        return rows

    @traitlets.validate("options")
    def _check_options(self, proposal: Any) -> list[dict]:
        return rows_with("options", proposal["value"], ("name", "title", "chosen", "values"))
