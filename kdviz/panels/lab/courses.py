"""What the page shows of a number that follows a course: its way through the run, for a reader and for the views."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...distill import Distillation, Edit, Schedule
from ...distill.courses import RATE_COURSES, TEMPERATURE_COURSES, Course, chosen_number, course_of
from ...distill.live import OF_OBJECTIVE
from ...distill.schedules import Hyperparameter, value_at
from ...words import t
from .choices import Choices

MOST_POINTS = 256  # of a way; between two of them it is drawn straight
NAMED: Mapping[str, Mapping[str, Course]] = {"temperature": TEMPERATURE_COURSES, "learning_rate": RATE_COURSES}


def planned(choices: Choices, edits: Sequence[Edit] = ()) -> list[dict[str, Any]]:
    """Return the courses of the run that choices would make.

    >>> planned(Choices())
    []
    >>> [(one["name"], one["start"], one["values"][-1]) for one in planned(Choices(temperature_course="falling"))]
    [('temperature', 4.0, 1.0)]
    """
    values = {"temperature": choices.objective().temperature, "learning_rate": choices.rate}
    return _rows(values, edits, choices.steps, choices.steps_per_epoch)


def of_run(run: Distillation) -> list[dict[str, Any]]:
    """Return the courses of a run, with the edits made on the way."""
    settings = run.settings
    values = {name: settings.objective.value(name) for name in OF_OBJECTIVE} | {"learning_rate": settings.learning_rate}
    return _rows(values, run.history.edits, run.total_steps, run.steps_per_epoch)


def _rows(
    values: Mapping[str, Hyperparameter | None], edits: Sequence[Edit], total: int, every: int
) -> list[dict[str, Any]]:
    rows = []
    for name, value in values.items():
        if isinstance(value, Schedule):
            steps, way = _way(value, [edit for edit in edits if edit.name == name], total)
            known = course_of(value, NAMED.get(name, {}), every)
            text = t(NAMED[name][known[1]].title) if known is not None else t("schedule")
            chosen = chosen_number(value)
            start = chosen if math.isfinite(chosen) else way[0]
            rows.append({"name": name, "text": text, "start": start, "steps": steps, "values": way})
    return rows


def _way(value: Hyperparameter, edits: Sequence[Edit], total: int) -> tuple[list[int], list[float]]:
    """Return steps, and the number in force at each; a step twice where an edit makes it jump."""
    last = max(0, total - 1)
    few = {*np.linspace(0, last, MOST_POINTS).round().astype(int).tolist()}
    if isinstance(value, Schedule):
        few |= set(range(min(last, MOST_POINTS // 2) + 1)) | {step for step in value.turns(total) if step <= last}
    changes = sorted((edit for edit in edits if edit.step <= last), key=lambda edit: edit.step)
    steps: list[int] = []
    way: list[float] = []
    for at, until in zip([0, *(e.step for e in changes)], [*(e.step for e in changes), last], strict=True):
        now = value if not steps else changes.pop(0).value
        inside = sorted({at, until, *(step for step in few if at <= step <= until)})
        steps += inside
        way += [float(value_at(now, step, total)) for step in inside]
    return steps, way
