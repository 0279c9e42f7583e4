"""What a value of a page's state may be: how a link writes it, how it is read again, what is checked.

All bounds on what a link or a state can ask for, in time and in memory, stand here or where these are called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from ...words import mark, t
from ...words.naming import listed
from .checks import shown

MOST_EDITS = 60
MOST_STEPS = 10**7

_WHOLE = re.compile(r"-?[0-9]{1,9}")
_NUMBER = re.compile(r"-?[0-9]{1,25}(\.[0-9]{1,25})?([eE]-?[0-9]{1,3})?")
_WORD = re.compile(r"[\w-]{1,60}", re.ASCII)


class PartlyLeftOutError(ValueError):
    """Of several names some cannot be.

    Attributes
    ----------
    kept : list of str
        Those that can.
    """

    def __init__(self, why: str, kept: list[str]) -> None:
        super().__init__(why)
        self.kept = kept


@dataclass(frozen=True)
class Parameter:
    """How one value of the state is written in a link, and read again."""

    read: Callable[[str, str], Any]  # name in the link, text
    write: Callable[[Any], str]
    check: Callable[[str, Any], Any]  # name, value: the value as the state holds it


def number_text(value: float) -> str:
    """Write a float so that it reads back as the same one, without a plus sign (which means a space to some)."""
    return repr(float(value)).removesuffix(".0").replace("e+", "e")


def is_number(value: Any) -> bool:
    """Whether a value is a number; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(high: float, *, above: bool = False) -> Parameter:
    """A number from 0 to ``high``; ``above``: not 0 itself."""
    text = mark("{name} must be a number above 0, up to {high}, got {value}")
    text = text if above else mark("{name} must be a number from 0 to {high}, got {value}")

    def refused(name: str, value: Any) -> ValueError:
        return ValueError(t(text, name=name, high=f"{high:g}", value=shown(value)))

    def read(name: str, text: str) -> float:
        if not _NUMBER.fullmatch(text):
            raise refused(name, text)
        return float(text)

    def check(name: str, value: Any) -> float:
        if not is_number(value) or not 0 <= value <= high or (above and value == 0):
            raise refused(name, value)
        return float(value)

    return Parameter(read, number_text, check)


def whole(low: int, high: int) -> Parameter:
    """A whole number from ``low`` to ``high``."""

    def refused(name: str, value: Any) -> ValueError:
        text = mark("{name} must be a whole number from {low} to {high}, got {value}")
        return ValueError(t(text, name=name, low=low, high=high, value=shown(value)))

    def read(name: str, text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise refused(name, text)
        return int(text)

    def check(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise refused(name, value)
        return value

    return Parameter(read, str, check)


def flag() -> Parameter:
    """True or False, 1 or 0 in a link."""

    def read(name: str, text: str) -> bool:
        if text not in ("0", "1"):
            raise ValueError(t("{name} must be 0 or 1, got {value}", name=name, value=shown(text)))
        return text == "1"

    def check(name: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(t("{name} must be True or False, got {value}", name=name, value=shown(value)))
        return value

    return Parameter(read, lambda value: str(int(value)), check)


def word(among: Collection[str] | None = None) -> Parameter:
    """One of several words; with none given, whoever takes it knows them."""

    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or (not _WORD.fullmatch(value) if among is None else value not in among):
            wanted = {"name": name, "value": shown(value)}
            if among is None:
                raise ValueError(t("{name} must be a name, got {value}", **wanted))
            raise ValueError(t("{name} must be one of {names}, got {value}", names=listed(among, value), **wanted))
        return value

    def read(name: str, text: str) -> str:
        if not _WORD.fullmatch(text):
            raise ValueError(t("{name} must be a name, got {value}", name=name, value=shown(text)))
        return text

    return Parameter(read, str, check)


def words(among: Collection[str]) -> Parameter:
    """Several words, each once. Where some cannot be, :class:`PartlyLeftOutError` has the others."""
    one = word(among)

    def check(name: str, values: Any) -> list[str]:
        names = list(values) if isinstance(values, list | tuple) else [None]
        if not all(isinstance(value, str) for value in names) or len(set(names)) < len(names):
            raise ValueError(t("{name} must be names, each once, got {value}", name=name, value=shown(values)))
        kept = [str(value) for value in names if value in among]
        for value in names:
            try:
                one.check(name, value)
            except ValueError as error:
                raise PartlyLeftOutError(str(error), kept) from error
        return kept

    return Parameter(lambda name, text: [part for part in text.split(",") if part], ",".join, check)


def ends(of: Parameter) -> Parameter:
    """Two numbers, the smaller first."""

    def read(name: str, text: str) -> list[Any]:
        return [of.read(name, part) for part in text.split(",")]

    def check(name: str, values: Any) -> list[Any]:
        pair = list(values) if isinstance(values, list | tuple) else []
        if len(pair) != 2 or not all(map(is_number, pair)) or not pair[0] < pair[1]:
            raise ValueError(
                t("{name} must be two numbers, the smaller first, got {value}", name=name, value=shown(values))
            )
        return [of.check(name, value) for value in pair]

    return Parameter(read, lambda values: ",".join(of.write(v) for v in values), check)


def edits(numbers: dict[str, tuple[str, Parameter]]) -> Parameter:
    """Edits in the order of their steps, of each name at most one a step.

    Parameters
    ----------
    numbers : dict of str to (str, Parameter)
        By the name that a state has of what is edited: the name that a link has, and what its values may be.
    """
    short = {full: brief for full, (brief, _) in numbers.items()}
    full_names = {brief: full for full, brief in short.items()}
    step_number = whole(0, MOST_STEPS)

    def read(name: str, text: str) -> list[list[Any]]:
        made = []
        for part in text.split(","):
            step, _, rest = part.partition(":")
            what, _, value = rest.partition(":")
            if what not in full_names:
                wanted = {"names": ", ".join(full_names), "value": shown(part)}
                raise ValueError(t("{name} must be as 480:T:8, with one of {names}, got {value}", name=name, **wanted))
            full = full_names[what]
            made.append(
                [step_number.read(f"{name} (step)", step), full, numbers[full][1].read(f"{name} ({what})", value)]
            )
        return made

    def check(name: str, given: Any) -> list[list[Any]]:
        if not isinstance(given, list | tuple):
            raise ValueError(t("{name} must be a list of edits, got {value}", name=name, value=shown(given)))
        if len(given) > MOST_EDITS:
            raise ValueError(t("{name} may be {most} at most, got {n}", name=name, most=MOST_EDITS, n=len(given)))
        checked = []
        for edit in given:
            if not (
                isinstance(edit, list | tuple) and len(edit) == 3 and isinstance(edit[1], str) and edit[1] in short
            ):
                wanted = {"names": ", ".join(short), "value": shown(edit)}
                raise ValueError(
                    t("{name} must each be a step, one of {names}, and a value, got {value}", name=name, **wanted)
                )
            step, what, value = edit
            made = numbers[what][1].check(f"{name} ({what})", value)
            checked.append([step_number.check(f"{name} (step)", step), what, made])
        if len({(step, what) for step, what, _ in checked}) < len(checked):
            raise ValueError(t("{name} must change each value at most once a step, got two at one step", name=name))
        return sorted(checked, key=lambda edit: edit[0])

    def write(made: Any) -> str:
        return ",".join(f"{step}:{short[what]}:{number_text(value)}" for step, what, value in made)

    return Parameter(read, write, check)
