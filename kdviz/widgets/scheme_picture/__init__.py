"""SchemePicture: who teaches whom and when, as a moving diagram, and the code of the scheme."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Dict, Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.traits import View, WrongTraitError, one_of, rows_with

KINDS = ("teacher", "student", "peer", "data", "other")


class SchemePicture(View):
    """One scheme: its diagram, phase by phase, what the page does not show of it, and its code.

    Without a run the phases take turns until the reader stops them; with one, its own phase is shown. Where less motion
    is asked for nothing moves, and the phases are gone through by hand.

    Parameters
    ----------
    **traits
        Values by trait name; `SchemePicture.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> parties = [{"name": "a", "title": "A", "kind": "teacher", "column": 0, "row": 0}]
    >>> SchemePicture(title="Alone", parties=parties).phase
    -1
    """

    _esm, _css = bundle.view(__file__)

    title = Unicode("", help="What a reader calls the scheme.").tag(sync=True)
    says = Unicode("", help="What it does, in one sentence.").tag(sync=True)
    source = Unicode("", help="Authors and year; may be empty.").tag(sync=True)
    misses = Unicode("", help="What the page does not show of it.").tag(sync=True)
    formula = Unicode("", help="What is minimized, as MathML; empty for none.").tag(sync=True)
    settings = Unicode("", help="How its paper's settings are had by name, in sentences; may be empty.").tag(sync=True)
    parties = List(Dict(), help='Boxes: {"name", "title", "kind", "column": int, "row": int}.').tag(sync=True)
    phases = List(
        Dict(), help='Stretches of time: {"says": a sentence, "arrows": [[from, to]]}, by the names of parties.'
    ).tag(sync=True)
    phase = Int(-1, help="The phase that the run under way is in; -1: none.").tag(sync=True)
    code = Unicode("", help="The text of the scheme's file.").tag(sync=True)
    file = Unicode("", help="Where that file is.").tag(sync=True)

    @traitlets.validate("parties")
    def _check_parties(self, proposal: Any) -> list[dict]:
        rows = rows_with("parties", proposal["value"], ("name", "title", "kind", "column", "row"))
        for index, row in enumerate(rows):
            one_of(f"parties[{index}]['kind']", row["kind"], KINDS)
        return rows

    @traitlets.validate("phases")
    def _check_phases(self, proposal: Any) -> list[dict]:
        rows = rows_with("phases", proposal["value"], ("says", "arrows"))
        for index, row in enumerate(rows):
            if any(len(arrow) != 2 for arrow in row["arrows"]):
                raise WrongTraitError(f"phases[{index}]['arrows'] must be pairs of names, got {row['arrows']!r}")
        return rows
