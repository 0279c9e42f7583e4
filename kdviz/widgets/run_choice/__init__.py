"""RunChoice: which of the runs that a page was opened with it shows, and who teaches that one."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Bool, Dict, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, rows_with


class RunChoice(View):
    """A row of runs, of which one is shown; a select where there are many. With less than two it is not there.

    A choice sends the custom message `{"command": "show", "run": id}` (see `on_msg`); a new `chosen` answers it.

    Parameters
    ----------
    **traits
        Values by trait name; `RunChoice.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> RunChoice(runs=[{"id": "run-1", "name": "Generation 1", "round": 1}], chosen="run-1").note
    ''
    """

    _esm, _css = bundle.view(__file__)
    needs_python = True

    scene = SceneTrait()
    runs = List(Dict(), help='What can be shown: {"id", "name", "round": runs of one round share a page}.').tag(
        sync=True
    )
    chosen = Unicode("", help="Id of what is shown.").tag(sync=True)
    locked = Bool(False, help="Whether training keeps the page at the round that is shown.").tag(sync=True)
    note = Unicode("", help="Who teaches the run that is shown, in a sentence.").tag(sync=True)

    @traitlets.validate("runs")
    def _check_runs(self, proposal: Any) -> list[dict]:
        return rows_with("runs", proposal["value"], ("id", "name", "round"))
