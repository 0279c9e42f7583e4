"""MethodPicture: what a method compares, its formula with its sliders, and its code."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Dict, Float, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_HAND, Between
from kdviz.widgets.traits import View, WrongTraitError, finite_above_zero, one_of, rows_with, within

SYMBOLS = ("", "bars", "map", "maps", "matrix", "tokens", "vector")
LINK = ("teacher", "student", "through")


class MethodPicture(View):
    """One method: the layers of teacher and student with what is compared, the formula, the code.

    The sliders keep what is set in `weight` and `temperature`, once they are released.

    Parameters
    ----------
    **traits
        Values by trait name; `MethodPicture.own_traits()` lists them with their units.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> MethodPicture(title="Hints", weight=10.0, weight_symbol="λ", weight_range=[0.1, 1000.0]).temperature_range
    []
    """

    _esm, _css = bundle.view(__file__)

    title = Unicode("", help="What a reader calls the method.").tag(sync=True)
    says = Unicode("", help="What the student is asked, in one sentence.").tag(sync=True)
    source = Unicode("", help="Authors and year; may be empty.").tag(sync=True)
    formulas = List(Unicode(), help="The objective, and what its letters mean, each as MathML.").tag(sync=True)
    drawing = Dict(
        help='{"teacher": [box], "student": [box], "links": [{"teacher", "student": places, "through": str}], '
        '"symbol": str, "labels": bool, "sentence": str}; a box is {"name", "shape", "compared": bool} or {"more": n}, '
        "the input's first."
    ).tag(sync=True)
    weight = Float(1.0, help="Weight of the method's term; >= 0.").tag(**BY_HAND)
    weight_symbol = Unicode("", help="Its letter in the formula; empty: there is no such slider.").tag(sync=True)
    weight_range = List(Float(), default_value=[0.0, 1.0], help="Lowest and highest weight of the slider.").tag(
        sync=True
    )
    temperature = Float(4.0, help="Temperature T or τ of the method; > 0.").tag(**BY_HAND)
    temperature_range = List(
        Float(), help="Lowest and highest temperature of the slider; empty: the method has none."
    ).tag(sync=True)
    code = Unicode("", help="The program that does the same.").tag(sync=True)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        weights = Between(0, 1) if self.weight_symbol == "α" else Between(*self.weight_range)
        return {
            "weight": weights if self.weight_symbol else (),
            "temperature": Between(*self.temperature_range) if self.temperature_range else (),
        }

    @traitlets.validate("weight")
    def _check_weight(self, proposal: Any) -> float:
        return within("weight", proposal["value"], 0, 1e9)

    @traitlets.validate("temperature")
    def _check_temperature(self, proposal: Any) -> float:
        return finite_above_zero("temperature", proposal["value"])

    @traitlets.validate("weight_range", "temperature_range")
    def _check_range(self, proposal: Any) -> list[float]:
        name, pair = proposal["trait"].name, list(proposal["value"])
        if pair == [] and name == "temperature_range":
            return pair
        if len(pair) != 2 or not 0 <= pair[0] < pair[1]:
            raise WrongTraitError(f"{name} must be two numbers >= 0, the smaller first, got {pair}")
        return pair

    @traitlets.validate("drawing")
    def _check_drawing(self, proposal: Any) -> dict[str, Any]:
        value = proposal["value"]
        if not value:
            return value
        one_of("drawing['symbol']", value.get("symbol"), SYMBOLS)
        for at, link in enumerate(rows_with("drawing['links']", value.get("links", []), LINK)):
            for who in ("teacher", "student"):
                within(f"drawing['links'][{at}][{who!r}]", link[who], 0, len(value.get(who, ())) - 1)
        return value
