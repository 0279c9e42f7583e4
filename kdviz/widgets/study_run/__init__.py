"""StudyRun: start a study, stop it, go on with it; how far it is and how long it still takes."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Float, Int, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, finite_from_zero, one_of

STATES = ("opening", "idle", "running", "stopping", "stopped", "finished", "failed", "too_large")


class StudyRun(View):
    """Start, which also goes on, and Stop; a bar with the time left, and one status sentence.

    A click sends the custom message `{"command": "start"}` or `{"command": "stop"}` (see `on_msg`). What can be
    pressed: idle, stopped and failed start | running stop | all else nothing.

    Parameters
    ----------
    **traits
        Values by trait name; `StudyRun.own_traits()` lists them with their units.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> StudyRun(state="stopped", done=12, total=48).share
    0.0
    """

    _esm, _css = bundle.view(__file__)
    part = "run"
    needs_python = True

    scene = SceneTrait()
    state = Unicode("opening", help=f"One of {', '.join(STATES)}.").tag(sync=True)
    done = Int(0, help="Runs that have finished.").tag(sync=True)
    total = Int(0, help="Runs in all; 0 when not known.").tag(sync=True)
    share = Float(0.0, help="How much of the work is done, from 0 to 1; runs under way count in part.").tag(sync=True)
    seconds_left = Float(None, allow_none=True, help="Time left in seconds; None when not known.").tag(sync=True)
    status = Unicode("", help="One sentence on what happens now, errors too; read out by screen readers.").tag(
        sync=True
    )

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> str:
        return one_of("state", proposal["value"], STATES)

    @traitlets.validate("done", "total", "share", "seconds_left")
    def _check_not_negative(self, proposal: Any) -> Any:
        value = proposal["value"]
        return value if value is None else finite_from_zero(proposal["trait"].name, value)
