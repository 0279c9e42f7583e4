"""The expected format of JSON files: declared once, checked on reading, refused in one sentence with the path.

A kind is a type of value. Kinds are composed, as in ``ListOf(Record({"step": Whole(least=0)}))``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

MOST = 10**9  # for any count: epochs, steps, examples
MOST_BYTES = 64 * 2**20  # of a file of JSON
DEEPEST = 32  # nested brackets
LONGEST = 100_000  # of a list or a mapping, and of a text in characters


class Kind:
    """A type of value. Subclasses describe it in ``expected``, and test a value in ``check``."""

    @property
    def expected(self) -> str:
        raise NotImplementedError

    def check(self, value: Any, path: str) -> None:
        """Raise a one-sentence ``ValueError`` that begins with ``path`` unless ``value`` is of this kind."""
        raise NotImplementedError

    def refuse(self, value: Any, path: str) -> NoReturn:
        raise ValueError(f"{path} must be {self.expected}, got {shown(value)}")


@dataclass(frozen=True)
class Number(Kind):
    """A number; booleans are not numbers. Finite, unless ``finite`` is False.

    >>> Number(above=0).check(True, "recipe.objective[1].temperature")
    Traceback (most recent call last):
        ...
    ValueError: recipe.objective[1].temperature must be a finite number > 0, got true
    """

    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf
    finite: bool = True

    @property
    def expected(self) -> str:
        what = "a finite number" if self.finite else "a number"
        if self.above > -math.inf:
            return f"{what} > {self.above:g}"
        if self.least > -math.inf:
            return (
                f"{what} from {self.least:g} to {self.most:g}" if self.most < math.inf else f"{what} >= {self.least:g}"
            )
        return what

    def check(self, value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(value, path)
        try:
            number = float(value)
        except OverflowError:  # a whole number of more than 308 digits
            self.refuse(value, path)
        fits = self.least <= number <= self.most and number > self.above
        if not (fits and math.isfinite(number)) and (self.finite or math.isfinite(number)):
            self.refuse(value, path)


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number, written as one: neither 1.0 nor true."""

    least: int = 0
    most: int = MOST

    @property
    def expected(self) -> str:
        return f"a whole number from {self.least:,} to {self.most:,}"

    def check(self, value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
            self.refuse(value, path)


@dataclass(frozen=True)
class Flag(Kind):
    """true or false."""

    @property
    def expected(self) -> str:
        return "true or false"

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, bool):
            self.refuse(value, path)


@dataclass(frozen=True)
class Text(Kind):
    """Text that can be written as UTF-8."""

    longest: int = LONGEST
    empty: bool = True

    @property
    def expected(self) -> str:
        return f"text of {0 if self.empty else 1} to {self.longest:,} characters"

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, str) or len(value) > self.longest or not (value or self.empty):
            self.refuse(value, path)
        if any("\ud800" <= character <= "\udfff" for character in value):  # a lone surrogate: valid JSON, not UTF-8
            self.refuse(value, path)


@dataclass(frozen=True)
class OneOf(Kind):
    """One of a few texts or numbers."""

    choices: tuple[str | int, ...]

    @property
    def expected(self) -> str:
        return f"one of {', '.join(map(str, self.choices))}" if len(self.choices) > 1 else str(self.choices[0])

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, str | int) or isinstance(value, bool) or value not in self.choices:
            self.refuse(value, path)


@dataclass(frozen=True)
class AnyOf(Kind):
    """One of several kinds. For a mapping, the error is that of the mapping kind among them."""

    kinds: tuple[Kind, ...]

    @property
    def expected(self) -> str:
        return " or ".join(kind.expected for kind in self.kinds)

    def check(self, value: Any, path: str) -> None:
        for kind in self.kinds:
            try:
                return kind.check(value, path)
            except ValueError:
                if isinstance(value, dict) and isinstance(kind, Record | MapOf | Switch):
                    raise
                if isinstance(value, list | tuple) and isinstance(kind, ListOf):
                    raise
        self.refuse(value, path)


@dataclass(frozen=True)
class Null(Kind):
    """null."""

    @property
    def expected(self) -> str:
        return "null"

    def check(self, value: Any, path: str) -> None:
        if value is not None:
            self.refuse(value, path)


@dataclass(frozen=True)
class Anything(Kind):
    """Any JSON value: checked elsewhere, or not at all."""

    @property
    def expected(self) -> str:
        return "anything"

    def check(self, value: Any, path: str) -> None:
        return


@dataclass(frozen=True)
class ListOf(Kind):
    """A list of one kind; a tuple is accepted as well."""

    kind: Kind
    fewest: int = 0
    longest: int = LONGEST

    @property
    def expected(self) -> str:
        return f"a list of {self.fewest} to {self.longest:,}"

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, list | tuple) or not self.fewest <= len(value) <= self.longest:
            self.refuse(value, path)
        for i, item in enumerate(value):
            self.kind.check(item, f"{path}[{i}]")


@dataclass(frozen=True)
class MapOf(Kind):
    """A mapping from strings to one kind."""

    kind: Kind
    fewest: int = 0
    longest: int = LONGEST

    @property
    def expected(self) -> str:
        return f"a mapping of {self.fewest} to {self.longest:,}"

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, dict) or not self.fewest <= len(value) <= self.longest:
            self.refuse(value, path)
        for name, item in value.items():
            NAME.check(name, f"a name in {path}")
            self.kind.check(item, _within(path, name))


@dataclass(frozen=True)
class Record(Kind):
    """A mapping with known fields, required and optional.

    With ``others`` it may have more fields, which are not checked.
    """

    needed: Mapping[str, Kind]
    optional: Mapping[str, Kind] = field(default_factory=dict)
    others: bool = False

    @property
    def expected(self) -> str:
        return f"a mapping with {', '.join(self.needed)}" if self.needed else "a mapping"

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            self.refuse(value, path)
        kinds = {**self.needed, **self.optional}
        for name in self.needed:
            if name not in value:
                raise ValueError(f"{path} has no {name}; it needs {', '.join(self.needed)}")
        for name, item in value.items():
            if name not in kinds and self.others:
                continue
            if name not in kinds:
                raise ValueError(f"{path} has no field {shown(name)}; it may have {', '.join(kinds)}")
            kinds[name].check(item, _within(path, name))


@dataclass(frozen=True)
class Switch(Kind):
    """A mapping whose field ``by`` selects its record; the records are computed on use."""

    by: str
    records: Callable[[], Mapping[str, Record]]
    called: str = ""

    @property
    def expected(self) -> str:
        return self.called or f"a mapping with {self.by}"

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, dict) or self.by not in value:
            self.refuse(value, path)
        records = self.records()
        OneOf(tuple(records)).check(value[self.by], f"{path}.{self.by}")
        records[value[self.by]].check({k: v for k, v in value.items() if k != self.by}, path)


@dataclass(frozen=True)
class Distinct(Kind):
    """A list of numbers or strings without duplicates."""

    kind: ListOf

    @property
    def expected(self) -> str:
        return self.kind.expected

    def check(self, value: Any, path: str) -> None:
        self.kind.check(value, path)
        if len(set(value)) < len(value):
            raise ValueError(f"{path} may hold each value once, got {shown(value)}")


NAME = Text(longest=1000)


def or_null(kind: Kind) -> Kind:
    """Return the kind that may also be null."""
    return AnyOf((kind, Null()))


def shown(value: Any) -> str:
    """Return a value as JSON, in at most 80 characters.

    >>> shown(True), shown({"a": [1, None]}), shown("x" * 100)
    ('true', '{"a": [1, null]}', '"xxx...')
    """
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return "a number of very many digits"
    if isinstance(value, str):
        value = value[:200]
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        try:
            text = " ".join(repr(value).split())
        except (ValueError, RecursionError):  # a number of thousands of digits; deeply nested brackets
            text = f"a value of type {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."


def parse(text: str | bytes, what: str, most_bytes: int = MOST_BYTES) -> Any:
    """Return the value of a JSON text.

    Parameters
    ----------
    text : str or bytes
        UTF-8.
    what : str
        What it should be, for the error: "a recipe".
    most_bytes : int

    Raises
    ------
    ValueError
        In one sentence, if it is not JSON, too long or too deep, or names a field twice.

    Examples
    --------
    >>> parse('{"epochs": 3, "epochs": 4}', "a recipe")
    Traceback (most recent call last):
        ...
    ValueError: a recipe names "epochs" twice in one mapping
    """
    if len(text) > most_bytes:
        raise ValueError(f"{what} must have at most {most_bytes:,} bytes, got {len(text):,}")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(pairs)
        if len(mapping) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise _TwiceError(f"{what} names {shown(twice)} twice in one mapping")
        return mapping

    try:
        value = json.loads(text if isinstance(text, str) else text.decode("utf-8"), object_pairs_hook=once)
    except _TwiceError as error:
        raise ValueError(str(error)) from None
    except RecursionError:
        raise ValueError(f"{what} must have at most {DEEPEST} nested brackets, got many more") from None
    except ValueError as error:  # not UTF-8, not JSON, or a number of thousands of digits
        raise ValueError(f"{what} must be JSON text in UTF-8: {' '.join(str(error).split())}") from None
    _check_depth(value, what)
    return value


class _TwiceError(ValueError):
    """A mapping names a field twice."""


def _check_depth(value: Any, what: str) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise ValueError(f"{what} must have at most {DEEPEST} nested brackets, got more")


def read(path: Path, what: str, most_bytes: int = MOST_BYTES) -> Any:
    """Return the value of a JSON file; errors as in `parse`, and ``FileNotFoundError``."""
    try:
        with open(path, "rb") as file:
            text = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise FileNotFoundError(f"expected {what} in {path}, and there is no such file") from None
    except (OSError, ValueError) as error:  # a folder, a name with a zero byte
        raise ValueError(f"{what} in {path} cannot be read ({error})") from error
    return parse(text, what, most_bytes)


def _within(path: str, name: str) -> str:
    return f"{path}.{name}" if name.isidentifier() else f"{path}[{shown(name)}]"
