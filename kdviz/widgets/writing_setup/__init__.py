"""WritingSetup: what is learned from, who learns, and how: a few selects, locked while a run is under way."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Bool, Dict, Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.traits import View, rows_with

FIELDS = ("name", "title", "options", "value")


class WritingSetup(View):
    """Selects, one for each thing that is chosen, with a sentence below the one that needs it.

    A choice sends the custom message ``{"command": "choose", "name": field, "value": text}`` (see `on_msg`). ``answer``
    counts the answers, so that a choice that was refused is taken back on the page.

    Parameters
    ----------
    **traits
        Values by trait name; `WritingSetup.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> WritingSetup(locked=True).answer
    0
    """

    _esm, _css = bundle.view(__file__)

    fields = List(
        Dict(),
        help='In their order: {"name", "title", "options": [{"value", "text"}], "value", "hint"}. Of one option its '
        "text is drawn in place of a choice.",
    ).tag(sync=True)
    locked = Bool(False, help="Whether nothing can be chosen now.").tag(sync=True)
    locked_reason = Unicode("", help="Why not, in one sentence.").tag(sync=True)
    note = Unicode("", help="What is learned from and what is counted, in sentences.").tag(sync=True)
    code = Unicode("", help="The Python that does the same.").tag(sync=True)
    query = Unicode("", help="The page's link as a query string, for its address.").tag(sync=True)
    answer = Int(0, help="How many choices were answered.").tag(sync=True)

    @traitlets.validate("fields")
    def _check_fields(self, proposal: Any) -> list[dict]:
        return rows_with("fields", proposal["value"], FIELDS)
