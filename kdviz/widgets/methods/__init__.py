"""Methods: the methods of the field by family, one of them chosen, and what they are tried on."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Bool, Dict, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_HAND
from kdviz.widgets.traits import View, one_of, rows_with

FAMILIES = ("labels", "response", "feature", "relation", "adversarial", "transformer", "elsewhere")


class Methods(View):
    """A list of methods grouped by family, and a search; those that two models have no layers for say why.

    Under Voila a choice is also kept in the page's address, so that a reload or a copied link comes back to it.

    Parameters
    ----------
    **traits
        Values by trait name; `Methods.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> row = {"name": "hint", "title": "Hints", "family": "feature", "reason": ""}
    >>> Methods(methods=[row], chosen="hint").locked
    False
    """

    _esm, _css = bundle.view(__file__)

    methods = List(
        Dict(),
        help='What can be chosen: {"name", "title", "family", "reason": why it cannot be, or ""}; for the search too '
        '"acronyms", separated by commas, and "words". The family "elsewhere", without names, is only found by it, and '
        'may have a "link" to the page that runs it with what it "says", "formula" and "source".',
    ).tag(sync=True)
    chosen = Unicode("", help="Name of the method chosen.").tag(**BY_HAND)
    pairs = List(Dict(), help='Teachers with a student: {"name", "title"}; none where both are given.').tag(sync=True)
    pair = Unicode("", help="Name of the pair chosen.").tag(**BY_HAND)
    given = Unicode("", help="What two given models are called, where there are no pairs.").tag(sync=True)
    locked = Bool(False, help="Whether nothing can be chosen now.").tag(sync=True)
    locked_reason = Unicode("", help="Why not, in one sentence.").tag(sync=True)
    note = Unicode("", help="What is learned from and what is counted, in one sentence.").tag(sync=True)
    query = Unicode("", help="The page's link as a query string, for its address.").tag(sync=True)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        lists = (("chosen", self.methods), ("pair", self.pairs))
        return {name: [row["name"] for row in rows if row["name"]] for name, rows in lists}

    @traitlets.validate("methods")
    def _check_methods(self, proposal: Any) -> list[dict]:
        rows = rows_with("methods", proposal["value"], ("name", "title", "family", "reason"))
        for index, row in enumerate(rows):
            one_of(f"methods[{index}]['family']", row["family"], FAMILIES)
        return rows

    @traitlets.validate("pairs")
    def _check_pairs(self, proposal: Any) -> list[dict]:
        return rows_with("pairs", proposal["value"], ("name", "title"))
