"""Schedules: a hyperparameter as a function of the run's progress.

A schedule can replace any number: ``SoftTargets(temperature=Linear(8, 1))``, ``learning_rate=WarmupCosine(1e-3)``. Each
is a small frozen object with one method, ``at(step, total_steps)``, and can be written to a recipe and read back.
"""

from __future__ import annotations

import math
import numbers
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from .schema import AnyOf, Number, Record, Switch


@dataclass(frozen=True)
class Schedule:
    """A number that depends on the step. Subclasses implement ``at``."""

    def __post_init__(self) -> None:
        for field in fields(self):
            check_finite(f"{field.name} of {type(self).__name__}", getattr(self, field.name))

    def at(self, step: int, total_steps: int) -> float:
        """Return the value at ``step`` (0 for the first) of a run planned for ``total_steps``."""
        raise NotImplementedError

    def turns(self, total_steps: int) -> tuple[int, ...]:
        """Return the steps, other than the first and the last, at which the value is largest or smallest."""
        return ()

    def to_dict(self) -> dict[str, Any]:
        return {"schedule": type(self).__name__, **asdict(self)}


@dataclass(frozen=True)
class Linear(Schedule):
    """From ``start`` to ``end`` in a straight line.

    >>> Linear(8, 2).at(50, 101)
    5.0
    """

    start: float
    end: float

    def at(self, step: int, total_steps: int) -> float:
        return self.start + (self.end - self.start) * _progress(step, total_steps)


@dataclass(frozen=True)
class Cosine(Schedule):
    """From ``start`` to ``end`` along half a cosine: slow, fast, slow."""

    start: float
    end: float = 0.0

    def at(self, step: int, total_steps: int) -> float:
        return self.end + (self.start - self.end) * (1 + math.cos(math.pi * _progress(step, total_steps))) / 2


@dataclass(frozen=True)
class InverseRoot(Schedule):
    """``start`` / √(1 + step / every): with ``every`` the steps of an epoch it is the 1/√epoch of the literature."""

    start: float
    every: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.every < 1:
            raise ValueError(f"every of InverseRoot must be at least 1 step, got {self.every}")

    def at(self, step: int, total_steps: int) -> float:
        return self.start / math.sqrt(1 + step / self.every)


@dataclass(frozen=True)
class WarmupCosine(Schedule):
    """Rise linearly to ``peak`` over the first ``warmup`` of the run, then fall to ``end`` along half a cosine."""

    peak: float
    warmup: float = 0.05
    end: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.warmup <= 1:
            raise ValueError(f"warmup of WarmupCosine must be a share of the run from 0 to 1, got {self.warmup}")

    def turns(self, total_steps: int) -> tuple[int, ...]:
        return (max(1, round(self.warmup * total_steps)) - 1,)

    def at(self, step: int, total_steps: int) -> float:
        rise = max(1, round(self.warmup * total_steps))
        if step < rise:
            return self.peak * (step + 1) / rise
        return Cosine(self.peak, self.end).at(step - rise, total_steps - rise)


@dataclass(frozen=True)
class Complement(Schedule):
    """1 − ``of``: the weight of the hard term where alpha follows the schedule ``of``."""

    of: Schedule

    def __post_init__(self) -> None:
        if not isinstance(self.of, Schedule):
            raise TypeError(f"of must be the schedule that Complement is taken from, got {self.of!r}")

    def turns(self, total_steps: int) -> tuple[int, ...]:
        return self.of.turns(total_steps)

    def at(self, step: int, total_steps: int) -> float:
        return 1.0 - self.of.at(step, total_steps)

    def to_dict(self) -> dict[str, Any]:
        return {"schedule": "Complement", "of": self.of.to_dict()}


Hyperparameter = float | Schedule

_SCHEDULES: dict[str, type[Schedule]] = {c.__name__: c for c in (Linear, Cosine, InverseRoot, WarmupCosine, Complement)}


def value_at(value: Hyperparameter, step: int, total_steps: int) -> float:
    """Return the value at ``step`` of a number or a schedule."""
    return value.at(step, total_steps) if isinstance(value, Schedule) else value


def extremes(value: Hyperparameter) -> tuple[float, ...]:
    """Return the values of a number or a schedule at the beginning, in the middle and at the end of a run, and at its
    extremes in between.

    >>> max(extremes(WarmupCosine(1.5)))
    1.5
    """
    turns = value.turns(1001) if isinstance(value, Schedule) else ()
    return tuple(value_at(value, step, 1001) for step in (0, *turns, 500, 1000))


def to_json(value: Hyperparameter) -> Any:
    """Return ``value`` in a form for JSON."""
    return value.to_dict() if isinstance(value, Schedule) else value


def from_json(value: Any, path: str = "a hyperparameter") -> Hyperparameter:
    """Return the number or schedule that ``to_json`` wrote; raise in one sentence with the path for anything else.

    >>> from_json(to_json(Linear(8, 1)))
    Linear(start=8, end=1)
    """
    HYPERPARAMETER.check(value, path)
    if not isinstance(value, dict):
        return float(value)
    arguments = {k: from_json(v, path) if isinstance(v, dict) else v for k, v in value.items() if k != "schedule"}
    try:
        return _SCHEDULES[value["schedule"]](**arguments)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from None


def check_finite(name: str, value: object) -> None:
    """Raise in one sentence unless ``value`` is a finite number; booleans are not numbers."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, got {value!r}")


def _written() -> dict[str, Record]:
    """Return the JSON format of each schedule, by name."""
    records = {}
    for name, kind in _SCHEDULES.items():
        inner = {f.name: SCHEDULE if kind is Complement else Number() for f in fields(kind)}
        needed = {f.name: inner[f.name] for f in fields(kind) if f.default is MISSING}
        records[name] = Record(needed, {k: v for k, v in inner.items() if k not in needed})
    return records


SCHEDULE = Switch("schedule", _written, called="a schedule")
HYPERPARAMETER = AnyOf((Number(), SCHEDULE))
"""The JSON format of a hyperparameter."""


def _progress(step: int, total_steps: int) -> float:
    """Progress of the run: 0 at its first step, 1 at its last and after."""
    return min(1.0, step / max(1, total_steps - 1))


def positive(what: str, value: Hyperparameter, *, zero: bool = False) -> Hyperparameter:
    """Return a hyperparameter as a float or schedule; raise unless it is finite and > 0 (or >= 0).

    >>> positive("delta", 2), positive("beta", 0, zero=True)
    (2.0, 0.0)
    """
    for number in extremes(value):
        if not (number < float("inf") and (number > 0 or (zero and number == 0))):
            raise ValueError(f"{what} must be a finite number {'>=' if zero else '>'} 0, got {number}")
    return value if isinstance(value, Schedule) else float(value)
