"""The links of the Study page: ``?T=1,2,4&alpha=0.1,0.9&seeds=5``; of an axis all values, of everything else one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from ...distill.variants import PENALTIES
from ...words import t
from ..live.checks import shown
from ..live.link import Link, opened_with
from ..live.parameters import Parameter, number, whole, word, words
from .choices import (
    AXES,
    BATCHES,
    MOST_EPOCHS,
    MOST_RATE,
    MOST_SEEDS,
    MOST_TEMPERATURE,
    MOST_UNITS,
    MOST_VALUES,
    MOST_WEIGHT,
    SHOWN,
    StudyChoices,
    data_names,
    teacher_names,
)

HIDEABLE = ("setup", "run", "export", "share")  # parts of the page that a link can hide
OUTCOME = re.compile(r"[\w:-]{1,100}", re.ASCII)


def several(of: Parameter) -> Parameter:
    """Some values of a kind, each once."""

    def check(name: str, values: Any) -> list[Any]:
        given = list(values) if isinstance(values, list | tuple) else [values]
        if not 1 <= len(given) <= MOST_VALUES:
            raise ValueError(
                t("{name} must have 1 to {most} values, got {n}", name=name, most=MOST_VALUES, n=len(given))
            )
        return [of.check(name, value) for value in given]

    def read(name: str, text: str) -> list[Any]:
        parts = text.split(",")
        if len(parts) > MOST_VALUES:
            raise ValueError(
                t("{name} must have 1 to {most} values, got {n}", name=name, most=MOST_VALUES, n=len(parts))
            )
        return [of.read(name, part) for part in parts]

    return Parameter(read, lambda values: ",".join(of.write(v) for v in values), check)


def _outcome() -> Parameter:
    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or not OUTCOME.fullmatch(value):
            raise ValueError(t("{name} must be a name, got {value}", name=name, value=shown(value)))
        return value

    return Parameter(check, str, check)


def _among(values: Sequence[int]) -> Parameter:
    def check(name: str, value: Any) -> int:
        if isinstance(value, bool) or value not in values:
            told = {"names": ", ".join(map(str, values)), "value": shown(value)}
            raise ValueError(t("{name} must be one of {names}, got {value}", name=name, **told))
        return int(value)

    reader: Callable[[str, str], Any] = whole(0, max(values)).read
    return Parameter(reader, str, check)


LINK = Link(
    {
        "data": word(data_names()),
        "x": word(tuple(AXES)),
        "y": word(tuple(AXES)),
        "temperature": several(number(MOST_TEMPERATURE, above=True)),
        "alpha": several(number(1)),
        "units": several(whole(1, MOST_UNITS)),
        "labels": several(whole(1, 10**6)),
        "teacher": several(word(tuple(name for data in data_names() for name in teacher_names(data)))),
        "method": several(word(AXES["method"].offered)),
        "learning_rate": several(number(MOST_RATE, above=True)),
        "fairness": several(number(MOST_WEIGHT)),
        "penalty": word(tuple(PENALTIES)),
        "group": word(),
        "epochs": whole(1, MOST_EPOCHS),
        "batch_size": _among(BATCHES),
        "seeds": whole(1, MOST_SEEDS),
        "outcome": _outcome(),
        "shown": word(SHOWN),
        "hidden": words(HIDEABLE),
    },
    opened_with(StudyChoices.of),
    {"temperature": "T", "hidden": "hide"},
)


def said_in_link(choices: StudyChoices, hidden: Sequence[str] = ()) -> dict[str, Any]:
    """Return the fields of a link to these choices: what is not as it would be without being said.

    >>> LINK.written(said_in_link(StudyChoices.of({"units": [8, 32], "seeds": 5})))
    '?units=8,32&seeds=5'
    """
    now, said = choices.to_dict(), {}
    for name in LINK.fields:
        if name in ("hidden", "x", "y"):
            continue
        if {**StudyChoices.of({"data": choices.data, "x": choices.x, "y": choices.y}).to_dict()}[name] != now[name]:
            said[name] = now[name]
    if choices.data != StudyChoices.data:
        said = {"data": choices.data, **said}
    found = StudyChoices.of(said)
    if (found.x, found.y) != (choices.x, choices.y) or found != choices:
        said = {**said, "x": choices.x, "y": choices.y}
    return {name: said[name] for name in LINK.fields if name in said} | ({"hidden": list(hidden)} if hidden else {})
