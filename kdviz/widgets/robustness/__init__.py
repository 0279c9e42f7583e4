"""Robustness: what changed pictures do to teacher, student and twin, and the pictures themselves."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Dict, Int, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.catalogue import tab
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.measured import MeasuredView
from kdviz.widgets.traits import Packed, one_of, within

KINDS = ("fgsm", "pgd", "noise", "blur", "rotation", "contrast", "occlusion")
MADE_ON = ("own", "teacher", "student")
LEVELS = 6  # with the unchanged pictures


@tab("robustness", "Robustness", group="holds", place=85)
class Robustness(MeasuredView):
    """Accuracy of each model against the radius of an attack or the severity of a corruption, with example pictures.

    Python measures when the button asks for it (see `kdviz.measure.robustness`), with the custom message `{"command":
    "across"}`, and ends with `{"command": "stop"}`. Which radius is looked at is the browser's.

    Parameters
    ----------
    **traits
        Values by trait name; `Robustness.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value is not among those a trait can take.

    Examples
    --------
    >>> from kdviz.widgets.scene import Scene
    >>> Robustness(scene=Scene(view="robustness"), kind="noise").made_on
    'own'
    """

    _esm, _css = bundle.view(__file__)

    kind = Unicode("pgd", help=f"What changes the pictures: {', '.join(KINDS)}.").tag(**BY_PAGE)
    made_on = Unicode("own", help="Whose gradient an attack follows: each model's own, or one's.").tag(**BY_PAGE)
    level = Int(3, help="Which radius or severity is looked at, 0 to 5; 0 is the unchanged picture.").tag(**BY_PAGE)
    found = Dict(
        help='What was measured: {} or {"kind", "run", "step", "n", "steps", "levels", "models": [{"id", "role", '
        '"name"}], "curves": {made_on: {id: [[right, accuracy, low, high]]}}, "examples": [{"label", "says": {made_on: '
        '{id: [[class, probability]]}}}], "hides": [[id, made_on]]}; a corruption has the one made_on "".'
    ).tag(sync=True)
    pictures = Packed(
        "u1",
        help="The examples' pictures as grey values: stack (`found.stacks`) × level × example × H × W.",
    ).tag(sync=True)

    @traitlets.validate("kind")
    def _check_kind(self, proposal: Any) -> str:
        return one_of("kind", proposal["value"], KINDS)

    @traitlets.validate("made_on")
    def _check_made_on(self, proposal: Any) -> str:
        return one_of("made_on", proposal["value"], MADE_ON)

    @traitlets.validate("level")
    def _check_level(self, proposal: Any) -> int:
        return int(within("level", proposal["value"], 0, LEVELS - 1))
