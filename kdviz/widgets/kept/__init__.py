"""Kept: runs of an earlier visit that can be taken up again."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Dict, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, rows_with

FIELDS = ("id", "title", "when", "steps_done", "total_steps")


class Kept(View):
    """A notice above the page: what is kept from an earlier visit, to take up or to forget.

    A click sends the custom message `{"command": "take_up", "kept": id}`, `{"command": "forget", "kept": id}` or, to
    undo that, `{"command": "restore", "kept": id}` (see `on_msg`); new `offers` answer it, or a run on the scene.
    Nothing is drawn where there is nothing to offer, once there is a run on the scene, or where the scene hides "kept".
    The time is written by the browser, for its reader's place and language.

    Parameters
    ----------
    **traits
        Values by trait name; `Kept.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> row = {"id": "a", "title": "MNIST", "when": "2025-01-31T12:31:00+00:00", "steps_done": 40, "total_steps": 90}
    >>> Kept(offers=[row]).offers[0]["title"]
    'MNIST'
    """

    _esm, _css = bundle.view(__file__)
    part = "kept"
    needs_python = True

    scene = SceneTrait()
    offers = List(
        Dict(),
        help='What is kept, the newest first: {"id", "title", "when": ISO 8601, "steps_done", "total_steps"}.',
    ).tag(sync=True)

    discarded = Unicode("", help="Id of what was discarded just now and can be brought back; empty: nothing.").tag(
        sync=True
    )

    @traitlets.validate("offers")
    def _check_offers(self, proposal: Any) -> list[dict]:
        return rows_with("offers", proposal["value"], FIELDS)
