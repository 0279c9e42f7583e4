"""Runs: every run on the page, with its numbers; which one the views show; and what the comparison is worth."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Bool, Bunch, Dict, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View


def _branches(scene: Any) -> frozenset[str]:
    return frozenset(row["id"] for row in scene.runs if row["role"] == "branch") if scene is not None else frozenset()


class Runs(View):
    """A compact list of the scene's runs, and the verdict on them.

    It sends custom messages (see `on_msg`): `{"command": "show", "run": id}`, `{"command": "rename", "run": id, "name":
    str}` (empty: its first name), `{"command": "hide", "run": id, "hidden": bool}`, `{"command": "remove", "run": id}`,
    `{"command": "undo"}`, `{"command": "twins"}` and `{"command": "repeat", "seeds": 5}`. "show" also moves the views
    in the browser at once. It is folded into one line until there is a branch, and unfolds each time one comes. Below
    stand the runs made before, with the errors on the test set over T.

    Parameters
    ----------
    **traits
        Values by trait name; `Runs.own_traits()` lists them with their units.

    Examples
    --------
    >>> from kdviz.widgets.scene import Scene
    >>> runs = Runs(scene=Scene(runs=[]), can_repeat=True)
    >>> runs.folded
    True
    """

    _esm, _css = bundle.view(__file__)

    scene = SceneTrait()
    folded = Bool(True, help="Whether the list is folded into one line.").tag(**BY_PAGE)
    can_repeat = Bool(False, help="Whether the runs can be repeated with other seeds now.").tag(sync=True)
    repeat_note = Unicode("", help="What repeating will take, or how far it is.").tag(sync=True)
    can_twin = Bool(False, help="Whether twins can be trained beside the student, which has none.").tag(sync=True)
    undo = Unicode("", help="What was removed last and can be brought back; empty: nothing.").tag(sync=True)
    note = Unicode("", help="What happened to earlier runs, in a sentence.").tag(sync=True)
    verdict = Unicode("", help="One sentence on what the difference between the runs is worth.").tag(sync=True)
    caveat = Unicode("", help="What that verdict does not cover; shown on demand.").tag(sync=True)

    cost = Unicode("", help="What the student costs beside its teacher; empty before it was measured.").tag(sync=True)

    took = List(
        Dict(),
        help='What it took to come to the student, in seconds of this machine: {"who", "name", "seconds", "text"}; '
        '"seconds" is None where they are not known.',
    ).tag(sync=True)

    _watched: View | None = None
    _branches: frozenset[str] = frozenset()

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        if "folded" not in traits and self._branches:
            self.folded = False

    @traitlets.observe("scene")
    def _on_scene(self, change: Bunch) -> None:
        self._watch(change.new)

    def _watch(self, scene: View | None) -> None:
        if self._watched is not None:
            self._watched.unobserve(self._on_runs, "runs")
        self._watched, self._branches = scene, _branches(scene)
        if scene is not None:
            scene.observe(self._on_runs, "runs")

    def _on_runs(self, change: Bunch) -> None:
        known, self._branches = self._branches, _branches(change.owner)
        if self._branches - known:
            self.folded = False

    def close(self) -> None:
        """Close the widget and let go of its scene."""
        self._watch(None)
        super().close()
