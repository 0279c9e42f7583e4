"""StudyMap: a study's outcomes over two axes, beside the twin's, with the noise; and the same as tables."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Dict, Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_HAND, Between
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, one_of, rows_with

CELL = ("x", "y", "name", "seeds", "of", "failed", "values")
KIND = ("name", "title", "meaning", "unit", "better", "of_twin")
SHOWN = ("value", "difference")


class StudyMap(View):
    """A heat map that is a table: columns and rows are the values of two axes, each cell a button that can be read.

    Which outcome it shows, and whether the student's or its difference from the twin, is chosen in the browser: all
    numbers are there. A cell whose 95 % interval of student − twin holds 0 is grey, hatched and has the mark ≈; the
    best on validation data has the mark ★. It works without Python.

    Parameters
    ----------
    **traits
        Values by trait name; `StudyMap.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> kind = {"name": "errors", "title": "Test errors", "meaning": "", "unit": "count", "better": "lower"}
    >>> StudyMap(columns=["1", "4"], rows=["0.9"], kinds=[kind | {"of_twin": True}]).outcome
    'errors'
    """

    _esm, _css = bundle.view(__file__)
    part = "map"

    scene = SceneTrait()
    x_title = Unicode("", help="What varies across.").tag(sync=True)
    y_title = Unicode("", help="What varies down.").tag(sync=True)
    columns = List(Unicode(), help="Its values, from the left.").tag(sync=True)
    rows = List(Unicode(), help="Its values, from the top.").tag(sync=True)
    cells = List(
        Dict(),
        help='Cells: {"x", "y", "name", "seeds": finished, "of": seeds, "failed": why, or "", "values": {outcome: '
        '{"value", "sd", "n", "twin", "difference", "low", "high"}}}, numbers or None.',
    ).tag(sync=True)
    kinds = List(Dict(), help=f"Outcomes to choose from: {', '.join(KIND)}.").tag(sync=True)
    best = Int(-1, help="Index of the cell that is best on validation data; -1: none yet.").tag(sync=True)
    under_way = Dict(
        help='Cells that are trained now: {} or {"errors": {index: validation errors so far}, "examples", "step", '
        '"total_steps"}.'
    ).tag(sync=True)
    caption = Unicode("", help="What all cells have in common, in a sentence.").tag(sync=True)
    sentences = List(Unicode(), help="What the map shows, and what choosing the best costs.").tag(sync=True)
    outcome = Unicode("errors", help="Name of the outcome shown.").tag(**BY_HAND)
    shown = Unicode("value", help=f"One of {', '.join(SHOWN)}.").tag(**BY_HAND)
    selected = Int(-1, help="Index of the cell that is read; -1: none.").tag(**BY_HAND)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        return {
            "outcome": [kind["name"] for kind in self.kinds],
            "shown": SHOWN,
            "selected": Between(-1, len(self.cells) - 1),
        }

    @traitlets.validate("cells")
    def _check_cells(self, proposal: Any) -> list[dict]:
        return rows_with("cells", proposal["value"], CELL)

    @traitlets.validate("kinds")
    def _check_kinds(self, proposal: Any) -> list[dict]:
        return rows_with("kinds", proposal["value"], KIND)

    @traitlets.validate("shown")
    def _check_shown(self, proposal: Any) -> str:
        return one_of("shown", proposal["value"], SHOWN)
