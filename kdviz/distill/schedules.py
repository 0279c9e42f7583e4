"""Schedules: a hyperparameter as a function of how far the run is.

A schedule stands wherever a number may: ``SoftTargets(temperature=Linear(8, 1))``,
``learning_rate=WarmupCosine(1e-3)``. Each is a small frozen object with one method, ``at(step, total_steps)``, and so
can be written to a recipe and read back.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Schedule:
    """A number that depends on the step. Subclasses say how in ``at``."""

    def at(self, step: int, total_steps: int) -> float:
        """Return the value at ``step`` (0 for the first) of a run planned for ``total_steps``."""
        raise NotImplementedError

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

    def at(self, step: int, total_steps: int) -> float:
        return self.start / math.sqrt(1 + step / self.every)


@dataclass(frozen=True)
class WarmupCosine(Schedule):
    """Rise linearly to ``peak`` over the first ``warmup`` of the run, then fall to ``end`` along half a cosine."""

    peak: float
    warmup: float = 0.05
    end: float = 0.0

    def at(self, step: int, total_steps: int) -> float:
        rise = max(1, round(self.warmup * total_steps))
        if step < rise:
            return self.peak * (step + 1) / rise
        return Cosine(self.peak, self.end).at(step - rise, total_steps - rise)


@dataclass(frozen=True)
class Complement(Schedule):
    """1 − ``of``: the weight of the hard term where alpha follows the schedule ``of``."""

    of: Schedule

    def at(self, step: int, total_steps: int) -> float:
        return 1.0 - self.of.at(step, total_steps)

    def to_dict(self) -> dict[str, Any]:
        return {"schedule": "Complement", "of": self.of.to_dict()}


Hyperparameter = float | Schedule

_SCHEDULES: dict[str, type[Schedule]] = {c.__name__: c for c in (Linear, Cosine, InverseRoot, WarmupCosine, Complement)}


def value_at(value: Hyperparameter, step: int, total_steps: int) -> float:
    """Return the number that ``value`` (a number or a schedule) stands for at ``step``."""
    return value.at(step, total_steps) if isinstance(value, Schedule) else value


def extremes(value: Hyperparameter) -> tuple[float, ...]:
    """Return the numbers that ``value`` stands for at the beginning, in the middle and at the end of a run."""
    return tuple(value_at(value, step, 1001) for step in (0, 500, 1000))


def to_json(value: Hyperparameter) -> Any:
    """Return ``value`` as something JSON can hold."""
    return value.to_dict() if isinstance(value, Schedule) else value


def from_json(value: Any) -> Hyperparameter:
    """Return the number or schedule that ``to_json`` wrote.

    >>> from_json(to_json(Linear(8, 1)))
    Linear(start=8, end=1)
    """
    if not isinstance(value, dict):
        return float(value)
    fields = {k: from_json(v) if isinstance(v, dict) else v for k, v in value.items() if k != "schedule"}
    name = value.get("schedule")
    if name not in _SCHEDULES:
        raise ValueError(f"schedule must be one of {', '.join(_SCHEDULES)}, got {name!r}")
    return _SCHEDULES[name](**fields)


def _progress(step: int, total_steps: int) -> float:
    """How far the run is: 0 at its first step, 1 at its last and after."""
    return min(1.0, step / max(1, total_steps - 1))
