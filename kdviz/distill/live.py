"""The numbers that can be changed while a student learns, each declared once: a field of :class:`LiveNumbers`.

The objective, twins, studies, links, sliders, the fields of a branch and what a lecturer locks read the declaration. A
new one is a field here, and a term that it belongs to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ..words import mark
from . import schedules
from .schedules import Hyperparameter


@dataclass(frozen=True, kw_only=True)
class LiveNumber:
    """One of them.

    Attributes
    ----------
    name : str
        As ``run.edit`` knows it.
    title, symbol : str
        Beside its slider; in a sentence.
    meaning : str
        What it is, for an error: "it is the weight of the soft targets".
    default : float
    least, most : float
        The values that it can take.
    above : bool
        ``least`` itself is not among them.
    slider : tuple of float, optional
        Lowest and highest value of its slider unless a lecturer chooses others; None where the scene has no slider.
    stops : {"ratio", "hundredths", "fine"}
        How the slider goes from the lowest to the highest value: by equal ratios, by hundredths, finer near 0.
    ticks : tuple of float
    link : str
        Its name in a link.
    most_in_a_link : float
    of_objective : bool
        A number of the objective; else one of the run.
    of_twin : bool
        An edit of it concerns the twin without a teacher, too.
    needs : str
        A trait of the scene that is empty where there is no such number.
    """

    name: str = ""
    title: str
    symbol: str
    meaning: str = ""
    default: float
    least: float = 0.0
    most: float = math.inf
    above: bool = False
    slider: tuple[float, float] | None = None
    stops: str = "ratio"
    ticks: tuple[float, ...] = ()
    link: str = ""
    most_in_a_link: float = 1.0
    of_objective: bool = True
    of_twin: bool = False
    needs: str = ""

    def holds(self, value: float) -> bool:
        """Whether it can take a value; NaN and infinity are none.

        >>> LIVE["alpha"].holds(1.0), LIVE["temperature"].holds(0.0)
        (True, False)
        """
        return math.isfinite(value) and self.least <= value <= self.most and not (self.above and value == self.least)

    @property
    def wanted(self) -> str:
        """What a value must be.

        >>> LIVE["temperature"].wanted, LIVE["alpha"].wanted, LIVE["fairness"].wanted
        ('be a finite number > 0', 'lie in [0, 1]', 'be a finite number >= 0')
        """
        if math.isfinite(self.most):
            return f"lie in [{self.least:g}, {self.most:g}]"
        return f"be a finite number {self._from}"

    @property
    def _from(self) -> str:
        return f"{'>' if self.above else '>='} {self.least:g}"

    def check(self, value: Hyperparameter) -> None:
        """Raise a one-sentence ``ValueError`` unless it can take a value, all along where this follows a schedule.

        >>> LIVE["alpha"].check(1.5)
        Traceback (most recent call last):
            ...
        ValueError: alpha must lie in [0, 1] (it is the weight of the soft targets), got 1.5
        """
        for number in schedules.extremes(value):
            if not self.holds(number):
                meaning = f" (it is {self.meaning})" if self.meaning else ""
                raise ValueError(f"{self.name} must {self.wanted}{meaning}, got {number}")

    def check_ends(self, pair: Sequence[float]) -> None:
        """Raise a one-sentence ``ValueError`` unless these are the lowest and the highest value of a slider."""
        ends = list(pair)
        if len(ends) != 2 or not all(map(self.holds, ends)) or not ends[0] < ends[1]:
            bounded = math.isfinite(self.most)
            wanted = f"numbers in [{self.least:g}, {self.most:g}]" if bounded else f"finite numbers {self._from}"
            raise ValueError(f"{self.name}_range must be two {wanted}, the smaller first, got {ends}")


def _live(title: str, symbol: str, default: float, **traits: Any) -> Any:
    declared = LiveNumber(title=title, symbol=symbol, default=default, **traits)
    return field(default=default, metadata={"live": declared})


@dataclass(frozen=True, kw_only=True)
class LiveNumbers:
    """Values of all of them; who holds such values inherits its fields from here."""

    temperature: float = _live(
        mark("Temperature"),
        "T",
        4.0,
        above=True,
        slider=(0.5, 100.0),
        ticks=(0.5, 1, 2, 5, 10, 20, 50, 100),
        link="T",
        most_in_a_link=1000.0,
    )
    alpha: float = _live(
        mark("Weight of the soft term"),
        "α",
        0.9,
        meaning="the weight of the soft targets",
        most=1.0,
        slider=(0.0, 1.0),
        stops="hundredths",
        ticks=(0, 0.5, 1),
    )
    fairness: float = _live(
        mark("Fairness"),
        mark("fairness"),
        0.0,
        meaning="the weight of the penalty",
        slider=(0.0, 50.0),
        stops="fine",
        ticks=(0, 1, 10, 50),
        most_in_a_link=1000.0,
        of_twin=True,
        needs="penalty",
    )
    learning_rate: float = _live(
        mark("Learning rate"),
        mark("learning rate"),
        3e-3,
        above=True,
        most_in_a_link=10.0,
        of_objective=False,
        of_twin=True,
    )


def _declared() -> dict[str, LiveNumber]:
    found = {}
    for one in fields(LiveNumbers):
        known: LiveNumber = one.metadata["live"]
        found[one.name] = replace(known, name=one.name, link=known.link or one.name)
    return found


LIVE = _declared()
OF_OBJECTIVE = tuple(name for name, one in LIVE.items() if one.of_objective)
WITH_SLIDER = tuple(name for name, one in LIVE.items() if one.slider is not None)
