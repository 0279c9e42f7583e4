"""How a page opens: what is shown, what a lecturer hid, locked or bounded, and the edits that wait for their steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, make_dataclass
from typing import Any

from ...distill import Distillation, Edit, Schedule, checks
from ...distill.live import LIVE, WITH_SLIDER
from ...widgets.scene import VIEWS
from ...widgets.share import CONTROLS, PARTS
from ..live.checks import one_of, shown
from ..live.parameters import is_number
from ..views.probes import WatchedExamples
from .presets import BY_NAME, check_bet, named

_RANGES: list[tuple[str, Any, Any]] = [
    (f"{name}_range", tuple[float, float], LIVE[name].slider) for name in WITH_SLIDER
]
SliderRanges: Any = make_dataclass("SliderRanges", _RANGES, frozen=True, kw_only=True)  # a field NAME_range for each


@dataclass(frozen=True, kw_only=True)
class PageOptions(SliderRanges):
    """The part of the Lab's state that is no choice about training; the field names are the Lab's keyword arguments.

    Attributes
    ----------
    view : {"one", "many", "draw"}
    selected : int
        The watched example shown.
    preset : str
        Name of the preset whose question stands on the page; empty for the default.
    bet : str
        What the reader bets on it: the name of an answer, or a number of errors as digits; empty for none. A link does
        not hold it.
    hidden, locked : tuple of str
        Parts that are not drawn, controls that cannot be changed.
    temperature_range, alpha_range, fairness_range, epochs_range : tuple
        Lowest and highest value of a slider; there is one for each of ``kdviz.distill.live.WITH_SLIDER``.
    edits : tuple of (step, name, value)
        Edits that are made at their steps, of any number in ``kdviz.distill.live.LIVE``.
    """

    view: str = "one"
    selected: int = -1
    preset: str = ""
    bet: str = ""
    hidden: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()
    epochs_range: tuple[int, int] = (1, 200)
    edits: tuple[tuple[int, str, float], ...] = ()

    def __post_init__(self) -> None:
        one_of("view", self.view, VIEWS)
        for name, known in (("hidden", PARTS), ("locked", CONTROLS)):
            object.__setattr__(self, name, _several(name, getattr(self, name)))
            for given in getattr(self, name):
                one_of(name, given, tuple(known))
        for name in (*(f"{number}_range" for number in WITH_SLIDER), "epochs_range"):
            object.__setattr__(self, name, _rising(name, getattr(self, name)))
        object.__setattr__(self, "edits", tuple(_edit(e) for e in _several("edits", self.edits)))
        one_of("preset", self.preset, ("", *BY_NAME))
        check_bet(self.preset, self.bet)
        if checks.whole("selected", self.selected) < -1:
            raise ValueError(
                f"selected must be the index of an example, or -1 for the page's choice, got {self.selected}"
            )

    def waiting(self) -> list[Edit]:
        """Return the edits as a run's history holds them."""
        return [Edit(step, name, value) for step, name, value in sorted(self.edits, key=lambda e: e[0])]

    def own_choice(self, watched: WatchedExamples) -> int:
        """Return the example that the page chooses by itself."""
        return watched.torn if named(self.preset).two_peaks else watched.first

    def shown_first(self, watched: WatchedExamples) -> int:
        """Return the example that the page opens with."""
        return self.selected if self.selected >= 0 else self.own_choice(watched)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them."""
        return {k: _lists(v) for k, v in asdict(self).items()}


def edits_made(run: Distillation) -> tuple[tuple[int, str, float], ...]:
    """Return the edits of a run as an opening holds them; a schedule has no place in a link."""
    numbers = [e for e in run.history.edits if e.name in LIVE and not isinstance(e.value, Schedule)]
    return tuple((e.step, e.name, float(e.value)) for e in numbers)  # type: ignore[arg-type]


def _several(name: str, given: Any) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        raise ValueError(f"{name} must be a list, got {shown(given)}")
    return tuple(given)


def _rising(name: str, pair: Sequence[float]) -> tuple[float, ...]:
    values = tuple(pair) if isinstance(pair, list | tuple) else ()
    if len(values) != 2 or not all(map(is_number, values)) or not -math.inf < values[0] < values[1] < math.inf:
        raise ValueError(f"{name} must be two numbers, the smaller first, got {shown(pair)}")
    return values


def _edit(given: Sequence[Any]) -> tuple[int, str, float]:
    if not isinstance(given, list | tuple) or len(given) != 3:
        raise ValueError(f"an edit must be (step, name, value), got {shown(given)}")
    step, name, value = given
    one_of("an edit's name", name, tuple(LIVE))
    if checks.whole("an edit's step", step) < 0:
        raise ValueError(f"an edit's step must be >= 0, got {step}")
    if not is_number(value) or not math.isfinite(value):
        raise ValueError(f"an edit's value must be a finite number, got {shown(value)}")
    return int(step), name, float(value)


def _lists(value: Any) -> Any:
    return [_lists(v) for v in value] if isinstance(value, tuple) else value
