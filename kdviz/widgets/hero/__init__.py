"""Hero: teacher and student to scale, one example, and what each says of it."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Int, List

from kdviz.widgets import bundle
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, WrongTraitError


class Hero(View):
    """The picture a page opens with: two networks whose areas are their weights, and their soft targets of one example.

    Bars follow the scene's T, example and step in the browser. When the page opens they grow from the label to the soft
    targets; while the student learns it pulses with the steps. Neither moves where the reader wants no motion.

    Parameters
    ----------
    **traits
        Values by trait name; `Hero.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a layer has a negative number of weights.

    Examples
    --------
    >>> sum(Hero(teacher_layers=[940_800, 1_440_000, 12_000]).teacher_layers)
    2392800
    """

    _esm, _css = bundle.view(__file__)
    part = "hero"

    scene = SceneTrait()
    teacher_layers = List(
        Int(), help="Parameters of each layer of the teacher, from its input on; empty where they are not known."
    ).tag(sync=True)
    student_layers = List(Int(), help="The same of the student.").tag(sync=True)

    @traitlets.validate("teacher_layers", "student_layers")
    def _check_layers(self, proposal: Any) -> list[int]:
        name, value = proposal["trait"].name, proposal["value"]
        if any(n < 0 for n in value):
            raise WrongTraitError(f"{name} must be numbers >= 0, got {value}")
        return value
