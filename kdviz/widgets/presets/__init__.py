"""Presets: where the page starts from, and the question that comes with it."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Bool, Dict, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, one_of, rows_with

FIELDS = ("name", "title", "question", "look")


class Presets(View):
    """A select of presets; the one chosen asks its question, and keeps what the reader expects until the run has ended.

    A choice sets `chosen` and sends the custom message `{"command": "preset", "name": name}` (see `on_msg`), "" for the
    default. Whoever refuses it sets `chosen` back. What the reader writes stays in the browser. Where the scene hides
    "presets" nothing is drawn; where it locks them, or while it trains, the select is disabled.

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
    >>> row = {"name": "hot", "title": "T = 100", "question": "What is left of the answers?", "look": "The bars."}
    >>> Presets(presets=[row], chosen="hot").chosen
    'hot'
    """

    _esm, _css = bundle.view(__file__)
    part = "presets"
    needs_python = True

    scene = SceneTrait()
    presets = List(
        Dict(), help='What can be chosen: {"name", "title", "question", "look": where to look on the page}.'
    ).tag(sync=True)
    chosen = Unicode("", help='Name of the preset chosen; "" for the default.').tag(**BY_PAGE)
    finished = Bool(False, help="Whether the run on the page has ended: what was expected is shown again.").tag(
        sync=True
    )

    @traitlets.validate("presets")
    def _check_presets(self, proposal: Any) -> list[dict]:
        return rows_with("presets", proposal["value"], FIELDS)

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: Any) -> str:
        return one_of("chosen", proposal["value"], ["", *(row["name"] for row in self.presets)])
