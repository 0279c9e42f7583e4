"""Recorded runs, which the empty plot shows as dashed lines: what a run of these settings may look like.

``recorded.json`` is written by ``python benchmarks/record_ghost.py``: real runs, each with its settings, its seed and
the version of kdviz that trained it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from ...words import mark, number, t
from .choices import Choices, data_names

FILE = Path(__file__).with_name("recorded.json")
BESIDE_THE_POINT = ("seed", "smoothing")  # what may differ in a run "of these settings"
THESE = mark("Recorded with these settings, seed {seed}.")
OTHERS = mark("Recorded with other settings: {settings}.")
SETTINGS = mark("T = {temperature}, α = {alpha}, {labels} labels, {units} hidden units, seed {seed}")


@dataclass(frozen=True)
class Recording:
    """A run that was trained once, beside its twin where there are labels for one.

    Attributes
    ----------
    choices : Choices
    version : str
        Of the kdviz that trained it.
    teacher_error : float
        On validation data, in %.
    curves : dict
        By role: steps, and validation errors in % there.
    """

    choices: Choices
    version: str
    teacher_error: float
    curves: Mapping[str, tuple[list[int], list[float]]]

    def fits(self, choices: Choices) -> bool:
        """Return whether it is of these very settings."""
        same = {name: getattr(choices, name) for name in BESIDE_THE_POINT}
        return replace(self.choices, **same) == choices

    def ghost(self, *, exact: bool) -> dict[str, Any]:
        """Return what the learning curves show of it."""
        c = self.choices
        numbers = {"temperature": number(c.temperature, "g"), "alpha": number(c.alpha, "g"), "seed": number(c.seed)}
        settings = t(SETTINGS, labels=number(c.labels), units=number(c.units), **numbers)
        return {
            "lines": [
                {"role": role, "steps": steps, "values": values} for role, (steps, values) in self.curves.items()
            ],
            "teacher": self.teacher_error,
            "says": t(THESE, seed=numbers["seed"]) if exact else t(OTHERS, settings=settings),
        }


def recordings() -> tuple[Recording, ...]:
    """Return all recordings of the data sets that are here, those of the usual settings first."""
    return tuple(one for name in data_names() for one in recordings_of(name))


@cache
def recordings_of(data: str) -> tuple[Recording, ...]:
    """Return the recordings of a data set; no other one is loaded for it."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        Recording(Choices(**row["choices"]), row["version"], row["teacher_error"], row["curves"])
        for row in rows
        if row["choices"].get("data", Choices.data) == data
    )


def ghost(choices: Choices) -> dict[str, Any]:
    """Return the recording of these settings, else the first of the same data set; empty without one.

    >>> ghost(Choices(temperature=7.0))["says"]
    'Recorded with other settings: T = 4, α = 0.9, 4,000 labels, 128 hidden units, seed 0.'
    """
    alike = ("kind", "extra", "fault")  # what the curves are of: other data, or other faults, would mislead
    of_data = [
        one for one in recordings_of(choices.data) if all(getattr(one.choices, n) == getattr(choices, n) for n in alike)
    ]
    exact = next((one for one in of_data if one.fits(choices)), None)
    if exact is not None:
        return exact.ghost(exact=True)
    return of_data[0].ghost(exact=False) if of_data else {}
