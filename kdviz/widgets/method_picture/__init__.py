"""MethodPicture: what a method compares, its formula with its sliders, and its code."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Bool, Dict, Float, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_HAND, Between
from kdviz.widgets.traits import View, WrongTraitError, finite_above_zero, one_of, rows_with, within

SYMBOLS = ("", "bars", "map", "maps", "matrix", "tokens", "vector")
LINK = ("teacher", "student", "through")
CHOICE = ("teacher", "student", "fits", "says")
MOST_CHARACTERS = 1000  # of links between layers


class _Links:
    """The links between layers that a page may draw, as texts: those of layers that fit, or none.

    >>> boxes = [{"name": "input"}, {"name": "relu1"}]
    >>> choices = [{"teacher": 1, "student": 1, "fits": True, "says": ""}]
    >>> drawn = _Links({"teacher": boxes, "student": boxes, "choices": choices})
    >>> "relu1:relu1" in drawn, "" in drawn, "input:relu1" in drawn, "os:abort" in drawn
    (True, True, False, False)
    """

    def __init__(self, drawing: Mapping[str, Any]) -> None:
        names = {who: [str(box.get("name", "")) for box in drawing.get(who, ())] for who in ("student", "teacher")}
        self._fit = {
            f"{names['student'][one['student']]}:{names['teacher'][one['teacher']]}"
            for one in drawing.get("choices", ())
            if one["fits"]
        }

    def __contains__(self, value: object) -> bool:
        return isinstance(value, str) and (value == "" or all(part in self._fit for part in value.split(",")))


class MethodPicture(View):
    """One method, or two: the layers of teacher and student with what is compared, the formula, the code.

    The sliders keep what is set in `weight`, `temperature`, `second_weight` and `second_temperature`, once they are
    released. A link that is dragged to another layer, or chosen from the lists below the picture, is written in
    `layers`.

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
        'the input\'s first. Where links can be drawn otherwise: "choices": [{"teacher", "student", "fits", "says"}].'
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
    seconds = List(Dict(), help='Methods whose term can be added: {"name", "title"}; none: no choice of them.').tag(
        sync=True
    )
    second = Unicode("", help="Name of the method whose term is added; empty for none.").tag(**BY_HAND)
    second_weight = Float(1.0, help="Weight of that term; >= 0.").tag(**BY_HAND)
    second_symbol = Unicode("", help="Its letter in the formula; empty: there is no such slider.").tag(sync=True)
    second_range = List(Float(), default_value=[0.0, 1.0], help="Lowest and highest weight of that slider.").tag(
        sync=True
    )
    second_temperature = Float(4.0, help="Temperature of that method; > 0.").tag(**BY_HAND)
    second_temperature_symbol = Unicode("", help="Its letter in the formula; empty: there is no such slider.").tag(
        sync=True
    )
    second_temperature_range = List(Float(), help="Lowest and highest temperature of that slider.").tag(sync=True)
    layers = Unicode("", help='The links that the reader drew: "student:teacher,..."; empty: as usual.').tag(**BY_HAND)
    locked = Bool(False, help="Whether links and the second method stay as they are now.").tag(sync=True)
    code = Unicode("", help="The program that does the same.").tag(sync=True)
    query = Unicode("", help="The page's link as a query string, for its address.").tag(sync=True)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        weights = Between(0, 1) if self.weight_symbol == "α" else Between(*self.weight_range)
        return {
            "weight": weights if self.weight_symbol else (),
            "temperature": Between(*self.temperature_range) if self.temperature_range else (),
            "second": ["", *(row["name"] for row in self.seconds)],
            "second_weight": Between(*self.second_range) if self.second_symbol else (),
            "second_temperature": Between(*self.second_temperature_range) if self.second_temperature_symbol else (),
            "layers": _Links(self.drawing),
        }

    @traitlets.validate("weight", "second_weight")
    def _check_weight(self, proposal: Any) -> float:
        return within(proposal["trait"].name, proposal["value"], 0, 1e9)

    @traitlets.validate("seconds")
    def _check_seconds(self, proposal: Any) -> list[dict]:
        return rows_with("seconds", proposal["value"], ("name", "title"))

    @traitlets.validate("layers")
    def _check_layers(self, proposal: Any) -> str:
        text = proposal["value"]
        if len(text) > MOST_CHARACTERS or any(part.count(":") != 1 for part in text.split(",") if text):
            raise WrongTraitError(f'layers must be pairs as "student:teacher,...", got {text[:40]!r}')
        return text

    @traitlets.validate("temperature", "second_temperature")
    def _check_temperature(self, proposal: Any) -> float:
        return finite_above_zero(proposal["trait"].name, proposal["value"])

    @traitlets.validate("weight_range", "temperature_range", "second_range", "second_temperature_range")
    def _check_range(self, proposal: Any) -> list[float]:
        name, pair = proposal["trait"].name, list(proposal["value"])
        if pair == [] and name.endswith("temperature_range"):
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
        for name, fields in (("links", LINK), ("choices", CHOICE)):
            for at, link in enumerate(rows_with(f"drawing[{name!r}]", value.get(name, []), fields)):
                one_of(f"drawing[{name!r}][{at}]['symbol']", link.get("symbol", ""), SYMBOLS)
                for who in ("teacher", "student"):
                    within(f"drawing[{name!r}][{at}][{who!r}]", link[who], 0, len(value.get(who, ())) - 1)
        return value
