"""What is chosen on the Compress page: a teacher, and what is done to it, in a fixed order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

from ... import data as data_sets
from ... import models
from ...distill import symbols
from ...distill.schema import Kind, Number, OneOf, Whole
from ...words import mark, number, t, tn
from ..live.checks import one_of, shown

KINDS = ("mlp", "convnet", "resnet")  # architectures from which whole units can be taken
STUDENTS = {"mlp": (8, 16, 32, 64, 128, 300), "convnet": (2, 4, 8, 16)}
INTEGERS = ("none", "dynamic", "static", "rounded")
MOST_UNITS, MOST_WEIGHTS, MOST_RANK, MOST_EPOCHS = 0.95, 0.99, 256, 20
WHOLE = {"student": (0, 300), "rank": (0, MOST_RANK), "bits": (2, 8), "teaching": (0, MOST_EPOCHS)}
WAYS = ("distilled", "weights", "units", "rank", "integers")


@dataclass(frozen=True, kw_only=True)
class CompressChoices:
    """What makes a teacher small; the field names are the keyword arguments of the panel.

    Parameters
    ----------
    teacher : str
        One of the shipped perceptrons, convolutional or residual networks.
    student : int
        Hidden units, or channels, of a fresh student that is distilled first; 0 for the teacher itself.
    units : float
        Share of whole units or channels that are then taken away.
    rank : int
        Of the layers thereafter; 0 for all of it.
    weights : float
        Share of single weights set to zero.
    integers : {"none", "dynamic", "static", "rounded"}
        PyTorch's own eight-bit integers after all else, or weights rounded to ``bits`` while it learns.
    bits : int
        Of a rounded weight, 2 to 8.
    teaching : int
        Epochs of teaching after that; 0 for none.

    Raises
    ------
    ValueError
        In one sentence, when a value is not among what there is.

    Examples
    --------
    >>> CompressChoices.of({"units": 0.75}).ways, CompressChoices(teaching=0).trains
    (('units',), False)
    """

    teacher: str = "mnist-mlp-1200"
    student: int = 0
    units: float = 0.0
    rank: int = 0
    weights: float = 0.8
    integers: str = "none"
    bits: int = 4
    teaching: int = 3

    def __post_init__(self) -> None:
        one_of("teacher", self.teacher, teacher_names())
        one_of("integers", self.integers, INTEGERS)
        for name, (low, high) in WHOLE.items():
            _check_whole(name, getattr(self, name), low, high)
        for name, most in (("units", MOST_UNITS), ("weights", MOST_WEIGHTS)):
            object.__setattr__(self, name, _check_share(name, getattr(self, name), most))

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> CompressChoices:
        """Return these choices; the rest is as usual."""
        symbols.check("Compress", given, cls.__dataclass_fields__)
        if any(name in given for name in ("student", "units", "rank", "integers")) and "weights" not in given:
            given = {**given, "weights": 0.0}
        return cls(**given)

    def with_value(self, name: str, value: Any) -> CompressChoices:
        return replace(self, **{name: value})

    @property
    def ways(self) -> tuple[str, ...]:
        """Which of the ways are taken, in their order."""
        taken = {
            "distilled": self.student > 0,
            "weights": self.weights > 0,
            "units": self.units > 0,
            "rank": self.rank > 0,
            "integers": self.integers != "none",
        }
        return tuple(name for name in WAYS if taken[name])

    @property
    def trains(self) -> bool:
        """Whether anything is learned, so that there is a twin."""
        return self.student > 0 or self.teaching > 0

    @property
    def data(self) -> str:
        return models.card(self.teacher).data

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def four_ways(teacher: str) -> tuple[CompressChoices, ...]:
    """Return the page's first points: each way alone, and two combinations."""
    small = student_sizes(teacher)[-3]
    none = CompressChoices(teacher=teacher, weights=0.0)
    return (
        replace(none, student=small, teaching=0),
        replace(none, units=0.8),
        replace(none, rank=16),
        replace(none, weights=0.8),
        replace(none, integers="dynamic", teaching=0),
        replace(none, student=small, weights=0.75, integers="rounded", bits=4),
    )


@cache
def teacher_names() -> tuple[str, ...]:
    """Names of the shipped teachers of the data that are here, from which units can be taken; the largest first."""
    there = data_sets.available()
    cards = [models.card(name) for name in models.names()]
    found = [c for c in cards if c.data in there and c.architecture["name"] in KINDS and not c.name.endswith("student")]
    return tuple(c.name for c in sorted(found, key=lambda c: (c.data != "mnist", -c.parameters)))


def student_sizes(teacher: str) -> tuple[int, ...]:
    """Return the sizes offered for a fresh student: all smaller than the teacher."""
    architecture = models.card(teacher).architecture
    if architecture["name"] == "mlp":
        return tuple(n for n in STUDENTS["mlp"] if n < max(architecture["hidden"]))
    return tuple(n for n in STUDENTS["convnet"] if n < architecture["width"])


def student_of(choices: CompressChoices, seed: int = 0) -> Any:
    """Return the fresh student of these choices: a perceptron of the teacher's depth, or a convolutional network."""
    return models.build(student_architecture(choices), seed=seed)


def student_architecture(choices: CompressChoices) -> dict[str, Any]:
    """Return what the fresh student is: of the teacher's kind and depth, without dropout."""
    architecture = models.card(choices.teacher).architecture
    same = {name: architecture[name] for name in ("classes", "mean", "std")}
    if architecture["name"] == "mlp":
        hidden = [choices.student] * len(architecture["hidden"])
        return {"name": "mlp", "hidden": hidden, "inputs": architecture["inputs"], **same}
    return {"name": "convnet", "width": choices.student, "channels": architecture["channels"], **same}


def name_of(choices: CompressChoices) -> str:
    """Return what a reader calls the result of these choices.

    >>> name_of(CompressChoices(units=0.75, weights=0.5, integers="rounded")).replace("\u202f", " ")
    '75 % of units away, 50 % of weights at zero, 4 bits'
    """
    parts = []
    if choices.student:
        parts.append(t("distilled into {n}", n=number(choices.student)))
    if choices.units:
        parts.append(t("{share} of units away", share=_percent(choices.units)))
    if choices.rank:
        parts.append(t("rank {n}", n=number(choices.rank)))
    if choices.weights:
        parts.append(t("{share} of weights at zero", share=_percent(choices.weights)))
    if choices.integers == "rounded":
        parts.append(tn("{n} bit", "{n} bits", choices.bits))
    elif choices.integers != "none":
        parts.append(t(INTEGER_NAMES[choices.integers]))
    return ", ".join(parts) or t("the teacher as it is")


INTEGER_NAMES = {"dynamic": mark("int8, dynamic"), "static": mark("int8, static")}


def _percent(share: float) -> str:
    return number(share, ".0%")


def _check_whole(name: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        told = {"low": number(low), "high": number(high), "value": shown(value)}
        raise ValueError(t("{name} must be a whole number from {low} to {high}, got {value}", name=name, **told))


def _check_share(name: str, value: Any, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        told = {"low": 0, "high": f"{most:g}", "value": shown(value)}
        raise ValueError(t("{name} must be a number from {low} to {high}, got {value}", name=name, **told))
    return float(value)


def compress_kinds() -> dict[str, Kind]:
    """Return what each field of a state of the page may be."""
    return {
        "teacher": OneOf(teacher_names()),
        "units": Number(least=0, most=MOST_UNITS),
        "weights": Number(least=0, most=MOST_WEIGHTS),
        "integers": OneOf(INTEGERS),
        **{name: Whole(least=low, most=high) for name, (low, high) in WHOLE.items()},
    }
