"""What can be chosen in the Lab: data sets that are here, their teachers, students from tiny to large."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

from torch import nn

from .. import data as data_sets
from .. import models
from ..data import Splits

LABEL_CHOICES = (100, 300, 1000, 4000, 10_000, 30_000)
SMALLER = 4  # a student proposed by the page has at most this fraction of its teacher's parameters
STUDENT_UNITS = (8, 16, 32, 64, 128, 300, 800)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The Lab's settings, checked against what there is; the field names are the Lab's keyword arguments.

    The default run is one where the teacher's help is real, large and quick (``benchmarks/lab.py`` prints it): few
    labels and a student with room.
    """

    data: str = "mnist"
    labels: int = 4000
    keep_unlabelled: bool = False
    teacher: str = "mnist-mlp-1200"
    units: int = 128
    epochs: int = 60
    temperature: float = 4.0
    alpha: float = 0.9
    learning_rate: float = 3e-3
    batch_size: int = 128
    seed: int = 0

    def __post_init__(self) -> None:
        one_of("data", self.data, data_names())
        one_of("teacher", self.teacher, teacher_names(self.data))
        one_of("units", self.units, STUDENT_UNITS)
        one_of("labels", self.labels, label_choices(self.data))

    def with_data(self, name: str) -> Choices:
        """Return the choices for another data set: its first teacher, labels it has, a student well below it."""
        teacher = self.teacher if self.teacher in teacher_names(name) else teacher_names(name)[0]
        labels = min(label_choices(name), key=lambda n: abs(n - self.labels))
        room = models.card(teacher).parameters / SMALLER
        smaller = [row["units"] for row in student_rows(name) if row["parameters"] <= room] or [STUDENT_UNITS[0]]
        return replace(self, data=name, teacher=teacher, labels=labels, units=min(self.units, smaller[-1]))

    def splits(self) -> Splits:
        """Return the data with as many labels as chosen."""
        whole = data_sets.load(self.data)
        if self.labels == len(whole.train):
            return whole
        return whole.with_labels(self.labels, keep_unlabelled=self.keep_unlabelled, seed=0)

    def student(self) -> nn.Module:
        """Return a fresh student."""
        return build_student(self.data, self.units, self.seed)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def build_student(data: str, units: int, seed: int = 0) -> nn.Module:
    """Return an untrained student with one hidden layer for a data set."""
    splits = data_sets.load(data)
    return models.mlp((units,), inputs=math.prod(splits.shape), classes=len(splits.classes), seed=seed)


@cache
def data_names() -> tuple[str, ...]:
    """Names of the data sets that are here and have a shipped teacher."""
    return tuple(name for name in data_sets.available() if teacher_names(name))


@cache
def teacher_names(data: str) -> tuple[str, ...]:
    """Names of the shipped teachers of a data set, the largest first."""
    cards = [models.card(name) for name in models.names()]
    fitting = sorted((c for c in cards if c.data == data), key=lambda c: -c.parameters)
    return tuple(c.name for c in fitting)


@cache
def label_choices(data: str) -> tuple[int, ...]:
    """How many labels the student may be given, up to all of them."""
    size = len(data_sets.load(data).train)
    return (*(n for n in LABEL_CHOICES if n < size), size)


@cache
def student_rows(data: str) -> tuple[dict[str, int], ...]:
    """Units, parameters and multiply-accumulates of each student."""
    shape = data_sets.load(data).shape
    return tuple(
        {
            "units": units,
            "parameters": models.parameter_count(build_student(data, units)),
            "macs": models.mac_count(build_student(data, units), shape),
        }
        for units in STUDENT_UNITS
    )


def teacher_rows(data: str) -> list[dict[str, Any]]:
    """What the Setup widget says of each teacher."""
    cards = [models.card(name) for name in teacher_names(data)]
    return [
        {
            "name": c.name,
            "title": c.title,
            "parameters": c.parameters,
            "macs": c.macs,
            "errors": c.test_errors,
            "examples": c.test_examples,
        }
        for c in cards
    ]


def data_rows() -> list[dict[str, Any]]:
    """What the Setup widget says of each data set."""
    return [{"name": n, "title": data_sets.load(n).title, "available": True} for n in data_names()]


def one_of(what: str, value: Any, choices: tuple[Any, ...]) -> None:
    """Raise a one-sentence ``ValueError`` unless ``value`` is among ``choices``."""
    if value not in choices:
        raise ValueError(f"{what} must be one of {', '.join(map(str, choices))}, got {value!r}")
