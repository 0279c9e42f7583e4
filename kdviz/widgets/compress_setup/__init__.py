"""CompressSetup: what is done to a teacher, in order; start and stop; how far it is."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Dict, Float, Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, finite_from_zero, one_of, rows_with

STATES = ("opening", "idle", "running", "stopping", "failed")
FIELDS = ("name", "title", "kind", "options", "value")


class CompressSetup(View):
    """Selects and sliders, a step of the way each; buttons that add a point or several; a bar and a status sentence.

    A choice sends the custom message `{"command": "choose", "name": field, "value": text}`, a button
    `{"command": "add"}`, `{"command": "ways"}` or `{"command": "stop"}` (see `on_msg`). ``answer`` counts the answers,
    so that a choice that was refused is taken back on the page.

    Parameters
    ----------
    **traits
        Values by trait name; `CompressSetup.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> CompressSetup(state="running", share=0.25).answer
    0
    """

    _esm, _css = bundle.view(__file__)
    part = "setup"
    needs_python = True

    scene = SceneTrait()
    fields = List(
        Dict(),
        help='In their order: {"name", "title", "kind": "select" or "slider", "options": [{"value", "text"}], '
        '"value"}; a slider\'s options are its stops. "hint" and "group" where there are any.',
    ).tag(sync=True)
    estimate = Unicode("", help="How long the chosen point would take.").tag(sync=True)
    estimate_ways = Unicode("", help="How long the four ways together would take.").tag(sync=True)
    state = Unicode("opening", help=f"One of {', '.join(STATES)}.").tag(sync=True)
    share = Float(0.0, help="How much of the work is done, from 0 to 1.").tag(sync=True)
    seconds_left = Float(None, allow_none=True, help="Time left in seconds; None when not known.").tag(sync=True)
    status = Unicode("", help="One sentence on what happens now, errors too; read out by screen readers.").tag(
        sync=True
    )
    answer = Int(0, help="How many choices were answered.").tag(sync=True)

    @traitlets.validate("fields")
    def _check_fields(self, proposal: Any) -> list[dict]:
        return rows_with("fields", proposal["value"], FIELDS)

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> str:
        return one_of("state", proposal["value"], STATES)

    @traitlets.validate("share", "seconds_left")
    def _check_not_negative(self, proposal: Any) -> Any:
        value = proposal["value"]
        return value if value is None else finite_from_zero(proposal["trait"].name, value)
