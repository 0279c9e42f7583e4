"""Transport: buttons that start, pause, step, stop and reset training, with progress and status."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Float, Int, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, finite_from_zero, one_of

STATES = ("empty", "idle", "loading", "running", "paused", "stopped", "finished", "failed")
COMMANDS = ("train", "pause", "step", "stop", "reset")


class Transport(View):
    """Buttons, a progress bar with the time left, and one status sentence.

    A click sends the custom message `{"command": name}` (see `on_msg`), name one of "train" (also resumes),
    "pause", "step", "stop" and "reset". The button shows at once that it waits, until `state`, `status` or
    `step` answers (after "pause" and "stop" only `state` does). What can be pressed: idle train, step |
    loading stop | running pause, stop | paused train, step, stop, reset | stopped train, step, reset |
    finished train, reset | failed reset | empty nothing.

    Parameters
    ----------
    **traits
        Values by trait name; `Transport.own_traits()` lists them with their units.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> transport = Transport(state="idle", total_steps=400)
    >>> transport.on_msg(lambda widget, content, buffers: print(content["command"]))
    """

    _esm, _css = bundle.view(__file__)
    part = "transport"
    needs_python = True

    scene = SceneTrait()
    state = Unicode("empty", help=f"One of {', '.join(STATES)}.").tag(sync=True)
    step = Int(0, help="Optimiser steps done; while loading, answers the teacher has given.").tag(sync=True)
    total_steps = Int(0, help="Optimiser steps planned, or answers asked for; 0 when not known.").tag(sync=True)
    seconds_left = Float(None, allow_none=True, help="Time left in seconds; None when not known.").tag(sync=True)
    status = Unicode("", help="One sentence on what happens now, errors too; read out by screen readers.").tag(
        sync=True
    )

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> str:
        return one_of("state", proposal["value"], STATES)

    @traitlets.validate("step", "total_steps", "seconds_left")
    def _check_not_negative(self, proposal: Any) -> Any:
        value = proposal["value"]
        return value if value is None else finite_from_zero(proposal["trait"].name, value)
