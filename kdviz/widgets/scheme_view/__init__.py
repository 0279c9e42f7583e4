"""SchemeView: what makes a scheme visible, as a few generic drawings: curves, bars, matrices, images."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Dict, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.traits import View, one_of, rows_with

FIELDS = {
    "curves": ("title", "lines", "x", "y", "percent", "sentence"),
    "bars": ("title", "rows", "unit", "sentence"),
    "matrix": ("title", "rows", "columns", "values", "texts", "low", "high", "across", "down", "sentence"),
    "images": ("title", "shape", "pixels", "captions", "sentence"),
}


class SchemeView(View):
    """Drawings, one below the other, each with its sentence. A drawing is data: whoever has numbers fills one in.

    With a "meaning", what its numbers are is one hover away.

    * ``{"kind": "curves", "title", "lines": [{"name", "look", "x": [], "y": []}], "x", "y": what the axes are,
      "percent": bool, "sentence"}``
    * ``{"kind": "bars", "title", "rows": [{"name", "look", "value", "text", "note"}], "unit", "sentence"}``
    * ``{"kind": "matrix", "title", "rows": names, "columns": names, "values": [[number or None]], "texts": [[str]],
      "low", "high", "across", "down", "sentence"}``
    * ``{"kind": "images", "title", "shape": [height, width], "pixels": [[0 to 255]], "captions", "sentence"}``

    A look is that of a run: "student", "hinton", "twin", "teacher", "branch-0" to "branch-4".

    Parameters
    ----------
    **traits
        Values by trait name; `SchemeView.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> bars = {"kind": "bars", "title": "Errors", "rows": [], "unit": "", "sentence": ""}
    >>> SchemeView(drawings=[bars]).note
    ''
    """

    _esm, _css = bundle.view(__file__)

    title = Unicode("", help="What the drawings are called together; empty: what the scheme does.").tag(sync=True)
    drawings = List(Dict(), help="What is drawn, in order.").tag(sync=True)
    note = Unicode("", help="What holds for all of them, in one sentence.").tag(sync=True)

    @traitlets.validate("drawings")
    def _check_drawings(self, proposal: Any) -> list[dict]:
        rows = rows_with("drawings", proposal["value"], ("kind",))
        for index, row in enumerate(rows):
            one_of(f"drawings[{index}]['kind']", row["kind"], tuple(FIELDS))
            rows_with(f"drawings, number {index},", [row], FIELDS[row["kind"]])
        return rows
