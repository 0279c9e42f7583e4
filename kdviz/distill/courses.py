"""Courses: how the temperature, or the learning rate, goes from the number chosen through a run.

Each is declared once, here; the Lab, its setup, its links and the diagnosis read it. The engine itself takes any
:class:`kdviz.distill.schedules.Schedule`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..words import mark
from .schedules import Cosine, Hyperparameter, InverseRoot, Linear, Schedule, WarmupCosine

CONSTANT = "constant"


@dataclass(frozen=True)
class Course:
    """A course, and what a reader chooses it by.

    Attributes
    ----------
    title : str
    made : callable
        Returns the number or schedule, from the number at the start (or at the peak) and the steps of an epoch.
    """

    title: str
    made: Callable[[float, int], Hyperparameter]


TEMPERATURE_COURSES = {
    CONSTANT: Course(mark("constant"), lambda start, _: start),
    "falling": Course(mark("falling to 1 in a straight line"), lambda start, _: Linear(start, min(start, 1.0))),
    "inverse_root": Course(mark("T / √(1 + epoch)"), InverseRoot),
}
RATE_COURSES = {
    CONSTANT: Course(mark("constant"), lambda start, _: start),
    "cosine": Course(mark("cosine: slow, fast, slow, down to 0"), lambda start, _: Cosine(start, 0.0)),
    "warmup": Course(mark("warm-up (a twentieth of the run), then cosine"), lambda start, _: WarmupCosine(start)),
    "inverse_root": Course(mark("rate / √(1 + epoch)"), InverseRoot),
}


def chosen_number(value: Hyperparameter) -> float:
    """Return the number that a course was made with; a number itself.

    >>> chosen_number(WarmupCosine(0.01)), chosen_number(Linear(8.0, 1.0)), chosen_number(3)
    (0.01, 8.0, 3.0)
    """
    start = next((getattr(value, name) for name in ("start", "peak") if hasattr(value, name)), value)
    return math.nan if isinstance(start, Schedule) else float(start)


def course_of(value: Hyperparameter, among: Mapping[str, Course], every: int) -> tuple[float, str] | None:
    """Return the number and the name of the course that make a value, or None if there is no such course.

    >>> course_of(Linear(8.0, 1.0), TEMPERATURE_COURSES, 30), course_of(2.0, RATE_COURSES, 30)
    ((8.0, 'falling'), (2.0, 'constant'))
    """
    start = chosen_number(value)
    if math.isnan(start):
        return None
    return next(((start, name) for name, one in among.items() if one.made(start, every) == value), None)
