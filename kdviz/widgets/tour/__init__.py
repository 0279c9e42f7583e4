"""Tour: a few stops through a page, for who asks for it."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Dict, List

from kdviz.widgets import bundle
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, rows_with

FIELDS = ("part", "title", "text")


class Tour(View):
    """A quiet button that leads through a page: each stop outlines one part of it and says in two sentences what it is.

    Nothing starts by itself. The browser remembers how far the reader came. Left and Right go, Escape ends; the focus
    returns to the button. A stop whose part is hidden or absent is left out. Where the scene hides "tour" nothing is
    drawn.

    Parameters
    ----------
    **traits
        Values by trait name; `Tour.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> Tour(stops=[{"part": "transport", "title": "Train", "text": "A student learns."}]).stops[0]["title"]
    'Train'
    """

    _esm, _css = bundle.view(__file__)
    part = "tour"

    scene = SceneTrait()
    stops = List(
        Dict(),
        help='Where the tour stops: {"part": of the page, by name, or several with spaces: the first that is there, '
        '"title", "text"}.',
    ).tag(sync=True)

    @traitlets.validate("stops")
    def _check_stops(self, proposal: Any) -> list[dict]:
        return rows_with("stops", proposal["value"], FIELDS)
