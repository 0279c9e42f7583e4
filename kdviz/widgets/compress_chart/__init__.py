"""CompressChart: errors against bytes and time, a mark for each small network, and all numbers as a table."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Bool, Dict, Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, one_of, rows_with

AXES = ("gzipped", "bytes", "ratio")
PARTS = ("validation", "test")
FIELDS = ("id", "name", "way", "errors", "examples", "bytes", "gzipped", "ratio", "ms")
WAYS = ("distilled", "weights", "units", "rank", "integers", "several", "none")


class CompressChart(View):
    """One chart and one table of the same points.

    *Remove* sends the custom message `{"command": "remove", "id": number}`, *Remove all* `{"command": "clear"}`, *Open
    the test set* `{"command": "open"}`, and whose errors are shown `{"command": "count_on", "part": one of PARTS}` (see
    `on_msg`). Choosing an axis or a point, and saving, work without Python.

    Parameters
    ----------
    **traits
        Values by trait name; `CompressChart.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> CompressChart(across="ratio").selected
    -1
    """

    _esm, _css = bundle.view(__file__)
    part = "chart"

    scene = SceneTrait()
    teacher = Dict(
        help='The teacher of the points: {"name", "errors", "examples", "bytes", "gzipped"}; empty for none.'
    ).tag(sync=True)
    points = List(
        Dict(),
        help='Small networks: {"id", "name", "way", "errors", "examples", "bytes", "gzipped", "ms", "ratio", '
        '"ratio_low", "ratio_high", "note", "beside_twin", "code", "twin_code"} and, where it learned, "twin_errors", '
        '"low", "high".',
    ).tag(sync=True)
    errors_on = Unicode("validation", help=f"Whose errors are shown: one of {', '.join(PARTS)}.").tag(sync=True)
    opened = Bool(False, help="Whether the test set has been opened for this teacher.").tag(sync=True)
    across = Unicode("gzipped", help=f"What the horizontal axis shows: one of {', '.join(AXES)}.").tag(sync=True)
    selected = Int(-1, help="The id of the point that is read; -1 for none.").tag(sync=True)
    sentences = List(Unicode(), help="What the points show, in sentences.").tag(sync=True)
    csv = Unicode("", help="The table as CSV; empty: nothing to save yet.").tag(sync=True)

    @traitlets.validate("points")
    def _check_points(self, proposal: Any) -> list[dict]:
        rows = rows_with("points", proposal["value"], FIELDS)
        for row in rows:
            one_of("way", row["way"], WAYS)
        return rows

    @traitlets.validate("errors_on")
    def _check_errors_on(self, proposal: Any) -> str:
        return one_of("errors_on", proposal["value"], PARTS)

    @traitlets.validate("across")
    def _check_across(self, proposal: Any) -> str:
        return one_of("across", proposal["value"], AXES)
