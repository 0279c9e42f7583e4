"""Saliency: where teacher and student look, at the example and the step shown."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Dict, Int, List, Unicode

from kdviz.measure.saliency import METHODS
from kdviz.widgets import bundle
from kdviz.widgets.catalogue import tab
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.measured import MeasuredView
from kdviz.widgets.traits import Packed, one_of

TARGETS = ("teacher", "student", "label")


@tab("saliency", "Saliency", group="looks", place=50)
class Saliency(MeasuredView):
    """The example, both models' maps and their signed difference; on request, how alike the maps of many examples are.

    The maps are Python's (see `kdviz.measure.saliency`); their difference is the browser's. The button sends the custom
    message `{"command": "across"}`, and `{"command": "stop"}`.

    Parameters
    ----------
    **traits
        Values by trait name; `Saliency.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value is not among those a trait can take.

    Examples
    --------
    >>> from kdviz.widgets.scene import Scene
    >>> Saliency(scene=Scene(view="saliency"), method="occlusion").target
    'teacher'
    """

    _esm, _css = bundle.view(__file__)
    needs_python = True

    method = Unicode("input_x_gradient", help=f"How maps are made: {', '.join(METHODS)}.").tag(**BY_PAGE)
    methods = List(Unicode(), default_value=list(METHODS), help="The methods that are offered.").tag(sync=True)
    target = Unicode("teacher", help=f"Whose class the maps are about, or the true one: {', '.join(TARGETS)}.").tag(
        **BY_PAGE
    )
    explained = Int(-1, help="The class that the maps are about; -1 before there is one.").tag(sync=True)
    teacher_map = Packed("<f4", help="The teacher's map, its largest size 1: H·W numbers, or one a feature.").tag(
        sync=True
    )
    student_map = Packed("<f4", help="The student's map, likewise.").tag(sync=True)
    features = List(Unicode(), help="Names of the features, for rows; empty for images.").tag(sync=True)
    tokens = List(Unicode(), help="Of a text its tokens, each with a number in the maps; empty for others.").tag(
        sync=True
    )
    place = Int(-1, help="Which of them both models are asked about; -1 for none.").tag(sync=True)
    numbers = Dict(help='How alike both maps are: {} or {"rank", "cosine", "overlap"}.').tag(sync=True)
    across = Dict(help="The same over many examples; {} before it was asked for.").tag(sync=True)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        return {"method": self.methods}

    @traitlets.validate("method")
    def _check_method(self, proposal: Any) -> str:
        return one_of("method", proposal["value"], METHODS)

    @traitlets.validate("target")
    def _check_target(self, proposal: Any) -> str:
        return one_of("target", proposal["value"], TARGETS)
