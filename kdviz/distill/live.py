"""The numbers that can be changed while a student learns, each declared once: a field of :class:`LiveNumbers`.

The objective, twins, studies, links, sliders, the fields of a branch and a lecturer's locks read the declaration. To
add one, add a field here and the term that it belongs to.
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
    """The declaration of one live number.

    Attributes
    ----------
    name : str
        Its name in ``run.edit``.
    title, symbol : str
        Its label beside the slider; its name in a sentence.
    meaning : str
        What it is, for error messages: "the weight of the soft targets".
    default : float
    least, most : float
        The range of valid values.
    above : bool
        Whether ``least`` itself is excluded.
    slider : tuple of float, optional
        Default lowest and highest value of its slider; None where the scene has no slider.
    stops : {"ratio", "hundredths", "fine"}
        The spacing of the slider's values: equal ratios, hundredths, or finer near 0.
    ticks : tuple of float
    link : str
        Its name in a link.
    most_in_a_link : float
    of_objective : bool
        Whether it belongs to the objective; else to the run.
    of_twin : bool
        Whether an edit also applies to the twin without a teacher.
    needs : str
        A trait of the scene that is empty where the number does not exist.
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

    @property
    def label(self) -> str:
        """What it is called where there is no room for title and symbol: its symbol, if that is one letter.

        >>> LIVE["temperature"].label, LIVE["learning_rate"].label
        ('T', 'Learning rate')
        """
        return self.symbol if len(self.symbol) == 1 else self.title

    def holds(self, value: float) -> bool:
        """Whether a value is valid; NaN and infinity are not.

        >>> LIVE["alpha"].holds(1.0), LIVE["temperature"].holds(0.0)
        (True, False)
        """
        return math.isfinite(value) and self.least <= value <= self.most and not (self.above and value == self.least)

    @property
    def wanted(self) -> str:
        """The requirement on a value, for an error message.

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
        """Raise a one-sentence ``ValueError`` unless a value is valid; for a schedule, throughout the run.

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
    """The values of all live numbers; classes that hold such values inherit these fields."""

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
        mark("How much to trust the teacher"),
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
    by_name = {}
    for one in fields(LiveNumbers):
        declared: LiveNumber = one.metadata["live"]
        by_name[one.name] = replace(declared, name=one.name, link=declared.link or one.name)
    return by_name


LIVE = _declared()
OF_OBJECTIVE = tuple(name for name, one in LIVE.items() if one.of_objective)
WITH_SLIDER = tuple(name for name, one in LIVE.items() if one.slider is not None)
