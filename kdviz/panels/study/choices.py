"""What is chosen on the Study page: two axes with several values each, everything else with one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

from ... import data as data_sets
from ... import models
from ...distill import Objective, symbols
from ...distill.grouping import MOST_GROUPS
from ...distill.method import Method
from ...distill.methods import METHODS
from ...distill.pairing import LayerPairs
from ...distill.schema import Distinct, Kind, ListOf, Number, OneOf, Text, Whole
from ...distill.variants import PENALTIES
from ...study.outcomes import kind
from ...words import mark, number, t, tn
from ..live.checks import one_of, shown

MOST_VALUES = 8  # of an axis
MOST_SEEDS = 10
MOST_EPOCHS = 500
MOST_UNITS = 1024
MOST_TEMPERATURE = 1000.0
MOST_RATE = 1.0
MOST_WEIGHT = 1000.0
BATCHES = (16, 32, 64, 128, 256)
SHOWN = ("value", "difference")
FAMILIES = ("labels", "response")  # methods of one teacher's answers and of labels
NO_LAYERS = LayerPairs()


@dataclass(frozen=True)
class Axis:
    """A setting that can be varied.

    Attributes
    ----------
    title, symbol : str
        For a reader; the symbol is empty where there is none.
    usual : tuple
        The values it has when it becomes an axis.
    one : object
        Its value where it is none.
    offered : tuple
        What the page lists; a link may ask for others.
    """

    title: str
    symbol: str
    usual: tuple[Any, ...]
    one: Any
    offered: tuple[Any, ...]


_TEMPERATURES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0)
_LABELS = (100, 200, 300, 500, 1000, 2000, 3000, 10_000)
_PENALTIES = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_METHODS = tuple(
    name for name, one in METHODS.items() if one.family in FAMILIES and one.fits(NO_LAYERS) and name != "hard_labels"
)
_FOUR = ("soft_targets", "reverse_kl", "jensen_shannon", "decoupled")

AXES: dict[str, Axis] = {
    "temperature": Axis(mark("Temperature"), "T", (1.0, 4.0, 10.0, 20.0), 4.0, _TEMPERATURES),
    "alpha": Axis(mark("Weight of the soft targets"), "α", (0.1, 0.5, 0.9), 0.9, tuple(i / 10 for i in range(11))),
    "units": Axis(mark("Width: hidden units"), "", (8, 16, 32, 64), 64, (4, 8, 16, 32, 64, 128, 300)),
    "labels": Axis(mark("Labelled examples"), "", (100, 300, 1000, 3000), 1000, _LABELS),
    "teacher": Axis(mark("Teacher"), "", (), "mnist-mlp-1200", ()),
    "method": Axis(mark("Method"), "", _FOUR, "soft_targets", _METHODS),
    "learning_rate": Axis(mark("Learning rate"), "", (1e-3, 3e-3, 1e-2), 3e-3, (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)),
    "fairness": Axis(mark("Weight of the fairness penalty"), "λ", (0.0, 0.5, 1.0, 2.0), 0.0, _PENALTIES),
}


@dataclass(frozen=True, kw_only=True)
class StudyChoices:
    """The page's settings; the field names are the keyword arguments of the panel.

    Parameters
    ----------
    data : str
    x, y : str
        The two axes, by name of a field below.
    temperature, alpha, units, labels, teacher, method, learning_rate, fairness : tuple
        Their values: several of an axis, one of everything else. ``units`` are those of the one hidden layer,
        ``labels`` how many examples have one, ``method`` a method that needs no layers, ``fairness`` the weight of
        ``penalty`` between the groups of ``group``.
    penalty, group : str
    epochs, batch_size : int
        The budget of each run.
    seeds : int
        How many, from 0 on.
    outcome : str
        What the map shows, as ``kdviz.study.outcomes.kind`` knows it.
    shown : {"value", "difference"}
        The student's, or student − twin.

    Raises
    ------
    ValueError
        In one sentence, when a value is not among what there is, or two do not fit.

    Examples
    --------
    >>> chosen = StudyChoices.of({"units": [8, 32], "labels": [100, 300]})
    >>> chosen.x, chosen.y, chosen.temperature
    ('units', 'labels', (4.0,))
    """

    data: str = "mnist"
    x: str = "temperature"
    y: str = "alpha"
    temperature: tuple[float, ...] = AXES["temperature"].usual
    alpha: tuple[float, ...] = AXES["alpha"].usual
    units: tuple[int, ...] = (AXES["units"].one,)
    labels: tuple[int, ...] = (AXES["labels"].one,)
    teacher: tuple[str, ...] = (AXES["teacher"].one,)
    method: tuple[str, ...] = (AXES["method"].one,)
    learning_rate: tuple[float, ...] = (AXES["learning_rate"].one,)
    fairness: tuple[float, ...] = (AXES["fairness"].one,)
    penalty: str = "demographic_parity"
    group: str = "sex"
    epochs: int = 20
    batch_size: int = 16
    seeds: int = 3
    outcome: str = "errors"
    shown: str = "value"

    def __post_init__(self) -> None:
        one_of("data", self.data, data_names())
        for name in ("x", "y"):
            one_of(name, getattr(self, name), axes_of(self.data))
        if self.x == self.y:
            raise ValueError(t("the two axes must differ, got {name} twice; choose another", name=self.x))
        one_of("penalty", self.penalty, tuple(PENALTIES))
        one_of("group", self.group, group_columns(self.data) or (self.group,))
        one_of("batch_size", self.batch_size, BATCHES)
        one_of("shown", self.shown, SHOWN)
        kind(self.outcome)
        for name, most in (("epochs", MOST_EPOCHS), ("seeds", MOST_SEEDS)):
            _check_whole(name, getattr(self, name), 1, most)
        for name in AXES:
            object.__setattr__(self, name, self._checked(name))
        self._check_method()

    def _checked(self, name: str) -> tuple[Any, ...]:
        """Return the values of a setting in order, each checked."""
        given = getattr(self, name)
        values = list(given) if isinstance(given, list | tuple) else [given]
        least, most = 1, MOST_VALUES if name in (self.x, self.y) else 1
        if not least <= len(values) <= most:
            text = mark("{name} must have 1 to {most} values, as it is an axis, got {n}")
            text = text if most > 1 else mark("{name} must have one value, as it is no axis, got {n}")
            raise ValueError(t(text, name=name, most=most, n=len(values)))
        checked = [_CHECKS[name](name, value, self.data) for value in values]
        if len(set(checked)) < len(checked):
            raise ValueError(t("{name} must have each value once, got {value}", name=name, value=shown(values)))
        return tuple(checked if isinstance(checked[0], str) else sorted(checked))

    def _check_method(self) -> None:
        """Raise where an axis is no setting of a method."""
        for name in ("temperature", "alpha"):
            without = [one for one in self.method if name not in METHODS[one].objective(NO_LAYERS).editable]
            if name in (self.x, self.y) and without:
                told = {"method": t(METHODS[without[0]].title), "name": name}
                raise ValueError(t("{method} has no {name}, so it cannot be an axis; choose another", **told))

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> StudyChoices:
        """Return these choices; of what is not given, what suits the data set and the axes."""
        symbols.check("StudyPage", given, cls.__dataclass_fields__)
        data = given.get("data", cls.data)
        one_of("data", data, data_names())
        several = [n for n in AXES if isinstance(given.get(n), list | tuple) and len(given[n]) > 1]
        wanted = [given[n] for n in ("x", "y") if n in given]
        free = [n for n in (*several, cls.x, cls.y, "units") if n not in wanted]
        x = given.get("x") or free.pop(0)
        y = given.get("y") or next(n for n in free if n != x)
        values = {n: given[n] if n in given else usual(n, data) if n in (x, y) else (one(n, data),) for n in AXES}
        columns = group_columns(data)
        group = {} if "group" in given or not columns else {"group": columns[0]}
        return cls(**{**given, **values, **group, "data": data, "x": x, "y": y})

    def with_values(self, name: str, value: Any) -> StudyChoices:
        """Return the choices with another value of one field; another axis or data set brings its usual values.

        Raises
        ------
        ValueError
            If that cannot be.
        """
        if name == "data":
            one_of("data", value, data_names())
            kept = {n: getattr(self, n) for n in ("epochs", "batch_size", "seeds", "shown")}
            axes = {n: getattr(self, n) for n in ("x", "y") if getattr(self, n) in axes_of(value)}
            return self.of({**kept, **axes, "data": value})
        if name not in ("x", "y"):
            return replace(self, **{name: value})
        one_of(name, value, axes_of(self.data))
        other = "y" if name == "x" else "x"
        before = getattr(self, name)
        if value == before:
            return self
        if value == getattr(self, other):  # the two change places
            return replace(self, x=self.y, y=self.x)
        values = {value: usual(value, self.data), before: (one(before, self.data),)}
        method = {} if value == "method" or "method" in values else {"method": (one("method", self.data),)}
        return replace(self, **{name: value, **method, **values})

    @property
    def axes(self) -> dict[str, tuple[Any, ...]]:
        """The values of both axes, x first."""
        return {name: getattr(self, name) for name in (self.x, self.y)}

    def objective(self, name: str) -> Objective:
        """Return the objective of a method, with T, α and the penalty where they are not axes."""
        made = METHODS[name].objective(NO_LAYERS)
        for number_ in ("temperature", "alpha"):
            if number_ in made.editable:
                made = made.edited(**{number_: getattr(self, number_)[0]})
        if any(self.fairness):
            made = made + float(self.fairness[0]) * PENALTIES[self.penalty].term(self.group)
        return made

    def to_dict(self) -> dict[str, Any]:
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def usual(name: str, data: str) -> tuple[Any, ...]:
    """Return the values that a setting has when it becomes an axis."""
    if name == "teacher":
        return teacher_names(data)[:MOST_VALUES]
    return tuple(n for n in AXES[name].usual if name != "labels" or n <= size_of(data))


def one(name: str, data: str) -> Any:
    """Return the value that a setting has where it is no axis."""
    if name == "teacher":
        names = teacher_names(data)
        return AXES[name].one if AXES[name].one in names else names[0]
    return min(AXES[name].one, size_of(data)) if name == "labels" else AXES[name].one


def axes_of(data: str) -> tuple[str, ...]:
    """Return what can be an axis on a data set."""
    return tuple(n for n in AXES if n != "fairness" or group_columns(data))


def methods_for(x: str, y: str) -> tuple[str, ...]:
    """Return the methods that have what is varied."""
    needed = [name for name in ("temperature", "alpha") if name in (x, y)]
    return tuple(n for n in AXES["method"].offered if all(name in _editable(METHODS[n]) for name in needed))


def _editable(method: Method) -> Sequence[str]:
    return method.objective(NO_LAYERS).editable


@cache
def data_names() -> tuple[str, ...]:
    """Names of the data sets that are here and have a shipped teacher."""
    return tuple(name for name in data_sets.available() if teacher_names(name))


@cache
def teacher_names(data: str) -> tuple[str, ...]:
    """Names of the shipped models of a data set that can be teachers, the largest first."""
    cards = [models.card(name) for name in models.names()]
    return tuple(c.name for c in sorted((c for c in cards if c.data == data), key=lambda c: -c.parameters))


@cache
def size_of(data: str) -> int:
    """How many training examples a data set has."""
    return len(data_sets.load(data).train)


@cache
def group_columns(data: str) -> tuple[str, ...]:
    """Names of the columns whose groups a penalty can compare."""
    groups = data_sets.load(data).train.groups
    return tuple(name for name, column in groups.items() if 2 <= len(set(column.tolist())) <= MOST_GROUPS)


def value_text(name: str, value: Any) -> str:
    """Return a value as a reader sees it."""
    if name == "teacher":
        return t(models.card(value).title)
    if name == "method":
        return t(METHODS[value].title)
    if name in ("units", "labels"):
        return number(value)
    return number(value, "g")


def place_text(place: Mapping[str, Any]) -> str:
    """Return a cell's place for a reader, such as "T = 4, α = 0.9".

    >>> place_text({"temperature": 4.0, "units": 32})
    'T = 4, 32 hidden units'
    """
    return ", ".join(_placed(name, value) for name, value in place.items())


def _placed(name: str, value: Any) -> str:
    text = value_text(name, value)
    if AXES[name].symbol:
        return f"{AXES[name].symbol} = {text}"
    if name == "units":
        return tn("{n} hidden unit", "{n} hidden units", value, n=text)
    if name == "labels":
        return tn("{n} label", "{n} labels", value, n=text)
    return t("learning rate {n}", n=text) if name == "learning_rate" else text


def _check_whole(name: str, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        told = {"low": number(least), "high": number(most), "value": shown(value)}
        raise ValueError(t("{name} must be a whole number from {low} to {high}, got {value}", name=name, **told))
    return value


def _number(low: float, high: float, *, above: bool = False) -> Callable[[str, Any, str], float]:
    def check(name: str, value: Any, _data: str) -> float:
        plain = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not plain or not low <= value <= high or (above and value == low):
            told = {"low": f"{low:g}", "high": f"{high:g}", "value": shown(value)}
            text = mark("{name} must be a number above {low}, up to {high}, got {value}")
            text = text if above else mark("{name} must be a number from {low} to {high}, got {value}")
            raise ValueError(t(text, name=name, **told))
        return float(value)

    return check


def _labels(name: str, value: Any, data: str) -> int:
    return _check_whole(name, value, len(data_sets.load(data).classes), size_of(data))


def _teacher(name: str, value: Any, data: str) -> str:
    one_of(name, value, teacher_names(data))
    return str(value)


def _method(name: str, value: Any, _data: str) -> str:
    one_of(name, value, AXES["method"].offered)
    return str(value)


def _fairness(name: str, value: Any, data: str) -> float:
    found = _number(0, MOST_WEIGHT)(name, value, data)
    if found and not group_columns(data):
        raise ValueError(t("fairness needs data that name groups, and {data} names none; leave it at 0", data=data))
    return found


_CHECKS: dict[str, Callable[[str, Any, str], Any]] = {
    "temperature": _number(0, MOST_TEMPERATURE, above=True),
    "alpha": _number(0, 1),
    "units": lambda name, value, _data: _check_whole(name, value, 1, MOST_UNITS),
    "labels": _labels,
    "teacher": _teacher,
    "method": _method,
    "learning_rate": _number(0, MOST_RATE, above=True),
    "fairness": _fairness,
}


def study_kinds() -> dict[str, Kind]:
    """Return what each field of a state of the page may be."""

    def several(of: Kind) -> Kind:
        return Distinct(ListOf(of, fewest=1, longest=MOST_VALUES))

    names = tuple({name for data in data_names() for name in teacher_names(data)})
    return {
        "data": OneOf(data_names()),
        **dict.fromkeys(("x", "y"), OneOf(tuple(AXES))),
        "temperature": several(Number(above=0, most=MOST_TEMPERATURE)),
        "alpha": several(Number(least=0, most=1)),
        "units": several(Whole(least=1, most=MOST_UNITS)),
        "labels": several(Whole(least=1, most=10**9)),
        "teacher": several(OneOf(names)),
        "method": several(OneOf(AXES["method"].offered)),
        "learning_rate": several(Number(above=0, most=MOST_RATE)),
        "fairness": several(Number(least=0, most=MOST_WEIGHT)),
        "penalty": OneOf(tuple(PENALTIES)),
        "group": Text(longest=60),
        "epochs": Whole(least=1, most=MOST_EPOCHS),
        "batch_size": OneOf(BATCHES),
        "seeds": Whole(least=1, most=MOST_SEEDS),
        "outcome": Text(longest=100),
        "shown": OneOf(SHOWN),
    }
