"""Attention: where the layers of both models look, at the example and the step shown."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, get_args

import traitlets
from traitlets import Dict, Int, List, Unicode

from kdviz.measure.attention import Form
from kdviz.widgets import bundle
from kdviz.widgets.catalogue import tab
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.measured import MeasuredView
from kdviz.widgets.traits import Packed, one_of, rows_with

KINDS = ("activation", "heads", "rollout")
FORMS = get_args(Form)
THIRD = ("overlay", "difference")
LAYER = ("name", "height", "width", "heads")


@tab("attention", "Attention", group="looks", place=60)
class Attention(MeasuredView):
    """The example, a layer's map of each model, both as one; the layers in a row; on request, what many examples say.

    The maps and their distances are Python's (see `kdviz.measure.attention`), of all layers at once: which of them are
    looked at is the browser's. The button sends the custom message `{"command": "across"}`, and `{"command": "stop"}`.

    Parameters
    ----------
    **traits
        Values by trait name; `Attention.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value is not among those a trait can take, or a layer lacks a field.

    Examples
    --------
    >>> from kdviz.widgets.scene import Scene
    >>> Attention(scene=Scene(view="attention"), form="max").third
    'overlay'
    """

    _esm, _css = bundle.view(__file__)
    needs_python = True

    kind = Unicode("", help=f"What is shown: {', '.join(KINDS)}; empty for the first of `kinds`.").tag(**BY_PAGE)
    kinds = List(Unicode(), help="What there is of one model or both.").tag(sync=True)
    form = Unicode("sum", help=f"How channels become one map, p = 2: {', '.join(FORMS)}.").tag(**BY_PAGE)
    teacher_layer = Unicode("", help="Name of the teacher's layer shown; one that is not there: the last.").tag(
        **BY_PAGE
    )
    student_layer = Unicode("", help="Name of the student's layer shown, likewise.").tag(**BY_PAGE)
    teacher_head = Int(-1, help="The teacher's head shown, from 0; -1, or one it lacks: the mean of heads.").tag(
        **BY_PAGE
    )
    student_head = Int(-1, help="The student's head shown, likewise.").tag(**BY_PAGE)
    third = Unicode("overlay", help=f"How both maps are shown as one: {', '.join(THIRD)}.").tag(**BY_PAGE)

    made_of = Dict(help='What the maps are of: {} or {"kind", "form", "teacher_head", "student_head"}.').tag(sync=True)
    teacher_layers = List(
        Dict(),
        help='The teacher\'s layers, in order: {"name", "height", "width", "heads"}; of a text also "layer", "head" '
        '(from 1, 0 for all) and "most", its largest weight.',
    ).tag(sync=True)
    student_layers = List(Dict(), help="The student's, likewise.").tag(sync=True)
    teacher_maps = Packed("<f4", help="The teacher's maps, layer by layer and row by row, the largest of each 1.").tag(
        sync=True
    )
    student_maps = Packed("<f4", help="The student's, likewise.").tag(sync=True)
    tokens = List(Unicode(), help="Of a text its tokens, along both sides of each map; empty for pictures.").tag(
        sync=True
    )
    place = Int(-1, help="Which of them both models are asked about; -1 for none.").tag(sync=True)
    reasons = Dict(help='Why a model has no maps: {} or {"teacher" or "student": sentence}.').tag(sync=True)
    numbers = Dict(
        help='Of each teacher layer and student layer: {} or {"cosine", "squared", "chance": rows of numbers or None, '
        '"others": examples that chance is from}.'
    ).tag(sync=True)
    across = Dict(help="What many examples say; {} before it was asked for.").tag(sync=True)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        heads = range(-1, max((row["heads"] for row in [*self.teacher_layers, *self.student_layers]), default=0))
        return {
            "kind": self.kinds,
            "teacher_layer": [row["name"] for row in self.teacher_layers],
            "student_layer": [row["name"] for row in self.student_layers],
            "teacher_head": heads,
            "student_head": heads,
        }

    @traitlets.validate("kind")
    def _check_kind(self, proposal: Any) -> str:
        return one_of("kind", proposal["value"], ("", *KINDS))

    @traitlets.validate("kinds")
    def _check_kinds(self, proposal: Any) -> list[str]:
        return [one_of("kinds", kind, KINDS) for kind in proposal["value"]]

    @traitlets.validate("form")
    def _check_form(self, proposal: Any) -> str:
        return one_of("form", proposal["value"], FORMS)

    @traitlets.validate("third")
    def _check_third(self, proposal: Any) -> str:
        return one_of("third", proposal["value"], THIRD)

    @traitlets.validate("teacher_layers", "student_layers")
    def _check_layers(self, proposal: Any) -> list[dict[str, Any]]:
        return rows_with(proposal["trait"].name, proposal["value"], LAYER)
