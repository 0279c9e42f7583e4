"""Traits of the numbers that change while a student learns, made from their declarations in `kdviz.distill.live`."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Any

import traitlets

from kdviz.distill.live import LIVE, LiveNumber
from kdviz.widgets.from_page import Between
from kdviz.widgets.traits import WrongTraitError
from kdviz.words import t


class Live(traitlets.Float):
    """The value of one of them."""

    def __init__(self, number: LiveNumber, **tags: Any) -> None:
        self._number = number
        super().__init__(number.default, help=f"{number.title}; must {number.wanted}.")
        self.tag(**tags)

    def validate(self, obj: Any, value: Any) -> float:
        """Return the value if it can be one."""
        value = super().validate(obj, value)
        return _checked(self._number.check, value)


class Ends(traitlets.List):
    """Lowest and highest value of its slider."""

    def __init__(self, number: LiveNumber) -> None:
        self._number = number
        ends = list(number.slider or ())
        super().__init__(traitlets.Float(), ends, help=f"Lowest and highest value of the slider: {number.title}.")
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> list[float]:
        """Return the two numbers if a slider can go from one to the other."""
        value = super().validate(obj, value)
        return _checked(self._number.check_ends, value)


def _checked(check: Callable[[Any], None], value: Any) -> Any:
    try:
        check(value)
    except ValueError as error:
        raise WrongTraitError(str(error)) from None
    return value


def live_traits(*names: str, **tags: Any) -> Any:
    """Return a class that has a trait NAME for each number and NAME_range for its slider; for views to inherit from.

    Its trait ``live`` has what sliders and the fields of a branch show of all numbers.

    Parameters
    ----------
    *names : str
        Of `kdviz.distill.live.LIVE`.
    **tags
        Of the values.
    """
    shown = traitlets.List(traitlets.Dict(), help="What can change while a student learns, for a reader.")
    traits: dict[str, Any] = {
        "live": shown.tag(sync=True),
        "_default_live": traitlets.default("live")(lambda view: rows()),
    }
    for name in names:
        traits |= {name: Live(LIVE[name], **tags), f"{name}_range": Ends(LIVE[name])}
    return type("LiveTraits", (traitlets.HasTraits,), traits)


def page_bounds(view: traitlets.HasTraits, names: Sequence[str]) -> dict[str, Container[Any]]:
    """Return what a page may set of each: what lies on its slider."""
    return {name: Between(*getattr(view, f"{name}_range")) for name in names}


def rows() -> list[dict[str, Any]]:
    """Return what sliders and the fields of a branch show of each number."""
    return [
        {
            "name": name,
            "title": t(one.title),
            "symbol": t(one.symbol),
            "label": t(one.label),
            "stops": one.stops,
            "ticks": list(one.ticks),
            "slider": one.slider is not None,
            "needs": one.needs,
        }
        for name, one in LIVE.items()
    ]
