"""Predictions as plain values: what a learner draws before it is revealed, and how far it lies from what came.

The truth may come later, from a run: then it is None at first, and :meth:`Drawn.seen` gives the prediction with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from ..words import number, t
from .questions import Asked, between, finite, plain, short
from .reply import Reply


@dataclass(frozen=True)
class Axis:
    """One axis of a drawing.

    Parameters
    ----------
    name : str
    low, high : float
    log : bool
        On a logarithmic axis distances are ratios.
    unit : str
        Written after its numbers.
    """

    name: str
    low: float
    high: float
    log: bool = False
    unit: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"an axis must go from a lower to a higher number, got {self.low} to {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic axis begins above 0, got {self.low}")

    def checked(self, value: Any) -> float:
        """Return a number, which must lie on the axis."""
        given = finite(value)
        if not self.low <= given <= self.high:
            raise between(self.low, self.high, given)
        return given

    def share(self, value: float) -> float:
        """Where a number lies, from 0 at the low end to 1 at the high one."""
        inside = min(self.high, max(self.low, value))  # what came beyond an end is drawn, and counts, at that end
        low, high, at = (math.log(v) if self.log else v for v in (self.low, self.high, inside))
        return (at - low) / (high - low)

    def described(self) -> dict[str, Any]:
        return {"name": self.name, "low": self.low, "high": self.high, "log": self.log, "unit": self.unit}


class Drawn(Asked):
    """A prediction; what it has in common with the others.

    Attributes
    ----------
    truth : sequence of float or None
        What came; None before it is there.
    close : float or None
        The distance up to which a prediction is right; without it none is right or wrong.
    said : str
        Said to every prediction.
    """

    truth: Any
    close: float | None
    said: str

    @property
    def known(self) -> bool:
        return self.truth is not None

    def seen(self, truth: Any) -> Self:
        """Return the prediction with what came.

        Raises
        ------
        ValueError
            If it is not as many numbers as are predicted; in a sentence.
        """
        came = truth.detach().cpu().numpy() if hasattr(truth, "detach") else truth
        if came is None:
            raise ValueError("truth must be numbers, got None")
        return replace(self, truth=came)  # type: ignore[type-var]

    def distance(self, answer: Any) -> float:
        """Return how far an answer lies from the truth."""
        raise NotImplementedError

    def in_words(self, distance: float) -> str:
        """Return a distance as a sentence."""
        raise NotImplementedError

    def reply(self, answer: Any) -> Reply:
        if self.truth is None:
            self.checked(answer)
            return Reply("")
        apart = self.distance(answer)
        right = None if self.close is None else apart <= self.close * (1 + 1e-12)
        return Reply(f"{self.in_words(apart)} {self.said}".strip(), right, apart)

    def solution(self) -> dict[str, Any]:
        truth = None if self.truth is None else np.asarray(self.truth, dtype=float).tolist()
        return {"truth": truth, "close": self.close, "said": self.said}


@dataclass(frozen=True)
class Bars(Drawn):
    """Bars to draw, one for each name.

    Parameters
    ----------
    text : str
    names : sequence of str
    truth : sequence of float, optional
    axis : Axis
        Of the bars' lengths.
    whole : float, optional
        What they add up to; what is drawn is scaled to it, so that only the shares count. Without it bars are single
        numbers.
    start : sequence of float, optional
        Where the bars stand at first.
    beside : sequence of float, optional
        Other bars that are shown while one draws, such as those at another T; ``beside_name`` says what they are.

    Examples
    --------
    >>> ask = Bars("At T = 4?", ["a", "b"], truth=[0.75, 0.25], whole=1)
    >>> ask.reply([0.5, 0.5]).distance
    0.25
    """

    kind: ClassVar[str] = "bars"
    text: str
    names: Sequence[str]
    truth: Sequence[float] | None = None
    axis: Axis = Axis("", 0, 1)
    whole: float | None = None
    start: Sequence[float] | None = None
    beside: Sequence[float] | None = None
    beside_name: str = ""
    close: float | None = None
    said: str = ""

    def __post_init__(self) -> None:
        for name in ("truth", "start", "beside"):
            _as_many(name, getattr(self, name), len(self.names))
        if self.whole is not None and not self.whole > 0:
            raise ValueError(f"whole must be above 0, got {self.whole}")
        if self.whole is not None and self.truth is not None:
            total = float(np.sum(np.asarray(self.truth, dtype=float)))
            if abs(total - self.whole) > 0.01 * self.whole:
                raise ValueError(f"truth must add up to the whole, {self.whole:g}, got {total:g}")

    def checked(self, answer: Any) -> list[float]:
        values = [self.axis.checked(value) for value in _listed(answer, len(self.names))]
        if self.whole is not None and not sum(values) > 0:
            raise ValueError(t("expected a bar that is longer than 0"))
        return values

    def shares(self, answer: Any) -> np.ndarray:
        """Return the bars as they count: scaled to the whole, where there is one."""
        values = np.array(self.checked(answer))
        return values if self.whole is None else values * (self.whole / values.sum())

    def distance(self, answer: Any) -> float:
        """Return the share of the whole that lies on another bar; without a whole the mean distance of a bar."""
        apart = np.abs(self.shares(answer) - np.asarray(self.truth, dtype=float))
        return float(apart.mean() if self.whole is None else apart.sum() / (2 * self.whole))

    def in_words(self, distance: float) -> str:
        if self.whole is None:
            return t("Your bars are off by {distance}{unit} on average.", distance=plain(distance), unit=self.axis.unit)
        return t("{share} of what you drew belongs on other bars.", share=number(distance, ".0%"))

    def asked(self) -> dict[str, Any]:
        given = {name: _floats(getattr(self, name)) for name in ("start", "beside")}
        more = {"whole": self.whole, "beside_name": self.beside_name, "axis": self.axis.described()}
        return {"names": list(self.names), **given, **more}


@dataclass(frozen=True)
class Curve(Drawn):
    """A curve to draw: one value for each x.

    Parameters
    ----------
    text : str
    x : sequence of float
        Rising.
    across, up : Axis
    truth : sequence of float, optional
    beside : dict of str to sequence of float
        Curves that are shown while one draws, by name.
    fixed : int
        How many points at the start are given: those of ``start``, which the learner goes on from.
    start : sequence of float, optional
        Where the curve stands at first.

    Examples
    --------
    >>> across, up = Axis("T", 1, 16, log=True), Axis("errors", 100, 1000, log=True)
    >>> ask = Curve("Errors over T?", [1, 4, 16], across, up, truth=[400, 200, 400])
    >>> ask.reply([200, 200, 200]).text
    'Your curve is off by a factor of 1.59 on average.'
    """

    kind: ClassVar[str] = "curve"
    text: str
    x: Sequence[float]
    across: Axis
    up: Axis
    truth: Sequence[float] | None = None
    beside: dict[str, Sequence[float]] | None = None
    start: Sequence[float] | None = None
    fixed: int = 0
    close: float | None = None
    said: str = ""

    def __post_init__(self) -> None:
        if len(self.x) < 2 or any(b <= a for a, b in zip(self.x, list(self.x)[1:], strict=False)):
            raise ValueError("x must be two or more rising numbers")
        for name in ("truth", "start"):
            _as_many(name, getattr(self, name), len(self.x))
        for name, values in (self.beside or {}).items():
            _as_many(f"beside[{name!r}]", values, len(self.x))
        if not 0 <= self.fixed < len(self.x) or (self.fixed and self.start is None):
            raise ValueError(f"fixed must be from 0 to {len(self.x) - 1}, with a start, got {self.fixed}")

    def checked(self, answer: Any) -> list[float]:
        return [self.up.checked(value) for value in _listed(answer, len(self.x))]

    def distance(self, answer: Any) -> float:
        """Return the mean distance up or down of the points drawn; on a logarithmic axis the mean factor.

        What came below a logarithmic axis, such as no error at all, counts as its low end.
        """
        drawn, truth = (np.asarray(v, dtype=float)[self.fixed :] for v in (self.checked(answer), self.truth))
        if self.up.log:
            truth = np.maximum(truth, self.up.low)
            return float(np.exp(np.abs(np.log(drawn) - np.log(truth)).mean()))
        return float(np.abs(drawn - truth).mean())

    def in_words(self, distance: float) -> str:
        if self.up.log:
            return t("Your curve is off by a factor of {distance} on average.", distance=plain(distance))
        return t("Your curve is off by {distance}{unit} on average.", distance=plain(distance), unit=self.up.unit)

    def asked(self) -> dict[str, Any]:
        beside = {name: _floats(values) for name, values in (self.beside or {}).items()}
        axes = {"across": self.across.described(), "up": self.up.described()}
        return {"x": _floats(self.x), **axes, "beside": beside, "start": _floats(self.start), "fixed": self.fixed}


@dataclass(frozen=True)
class HeatMap(Drawn):
    """Cells to mark: those that will hold the largest values of a map.

    Parameters
    ----------
    text : str
    rows, columns : sequence of str
        Their names; empty ones for a map without names.
    truth : array of float, optional
        (rows, columns). NaN where a cell does not count.
    most : int
        How many cells to mark.
    picture : array of int, optional
        Grey values from 0 to 255 that lie under the cells, (height, width).
    row_name, column_name : str
        What rows and columns are.
    without : sequence of (int, int)
        Cells that do not count, as is known beforehand: row and column. On a page they cannot be marked.

    Examples
    --------
    >>> ask = HeatMap("Most confused?", ["3", "5"], ["3", "5"], truth=[[float("nan"), 9], [2, float("nan")]], most=1)
    >>> ask.reply([[0, 1]]).text, ask.reply([[1, 0]]).distance
    ('1 of your 1 cells is among the 1 largest.', 1.0)
    """

    kind: ClassVar[str] = "heat-map"
    text: str
    rows: Sequence[str]
    columns: Sequence[str]
    truth: Any = None
    most: int = 3
    picture: Any = None
    row_name: str = ""
    column_name: str = ""
    without: Any = ()
    close: float | None = None
    said: str = ""

    def __post_init__(self) -> None:
        shape = (len(self.rows), len(self.columns))
        for row, column in self.without:
            if not (0 <= row < shape[0] and 0 <= column < shape[1]):
                raise ValueError(f"without must be cells of {shape[0]} × {shape[1]}, got {short([row, column])}")
        if not 1 <= self.most < shape[0] * shape[1]:
            raise ValueError(f"most must be from 1 to {shape[0] * shape[1] - 1}, got {self.most}")
        if self.truth is not None:
            truth = _of_numbers("truth", self.truth)
            if truth.shape != shape or np.isinf(truth).any():
                raise ValueError(f"truth must be {shape[0]} × {shape[1]} numbers, got {short(self.truth)}")
            if np.isfinite(truth).sum() < self.most:
                raise ValueError(f"truth must have {self.most} cells that count, got {np.isfinite(truth).sum()}")

    def checked(self, answer: Any) -> list[list[int]]:
        """Return the cells as [row, column], each once, in reading order."""
        cells = answer if isinstance(answer, list | tuple) else None
        if cells is None or not 1 <= len(cells) <= self.most:
            raise ValueError(
                t("expected 1 to {most} cells as [row, column], got {value}", most=self.most, value=short(answer))
            )
        found = set()
        for cell in cells:
            if not (isinstance(cell, list | tuple) and len(cell) == 2 and all(type(k) is int for k in cell)):
                raise ValueError(t("expected a cell as [row, column], got {value}", value=short(cell)))
            row, column = cell
            if not (0 <= row < len(self.rows) and 0 <= column < len(self.columns)):
                raise ValueError(t("there is no cell {value}", value=short(list(cell))))
            found.add((row, column))
        return [list(cell) for cell in sorted(found)]

    @property
    def largest(self) -> list[list[int]]:
        """The cells with the largest values, the largest first; all that are as large as the last of them."""
        values = np.asarray(self.truth, dtype=float)
        values = np.where(np.isnan(values), -np.inf, values)
        order = np.argsort(-values, axis=None, kind="stable")
        last = values.flat[order[self.most - 1]]
        return [[int(k) for k in np.unravel_index(i, values.shape)] for i in order if values.flat[i] >= last]

    def distance(self, answer: Any) -> float:
        """Return the share of the largest cells that were not marked."""
        return 1 - len([cell for cell in self.checked(answer) if cell in self.largest]) / self.most

    def reply(self, answer: Any) -> Reply:
        if self.truth is None:
            return super().reply(answer)
        cells = self.checked(answer)
        hit = sum(cell in self.largest for cell in cells)
        places = {"n": hit, "cells": len(cells), "most": self.most}
        many = t("{n} of your {cells} cells are among the {most} largest.", **places)
        sentence = t("{n} of your {cells} cells is among the {most} largest.", **places) if hit == 1 else many
        apart = 1 - hit / self.most
        right = None if self.close is None else apart <= self.close
        return Reply(f"{sentence} {self.said}".strip(), right, apart)

    def asked(self) -> dict[str, Any]:
        picture = None if self.picture is None else np.asarray(self.picture, dtype=int).tolist()
        names = {"row_name": self.row_name, "column_name": self.column_name}
        cells: dict[str, Any] = {"rows": list(self.rows), "columns": list(self.columns), "most": self.most}
        cells["without"] = [[int(row), int(column)] for row, column in self.without]
        return {**cells, "picture": picture, **names}

    def solution(self) -> dict[str, Any]:
        told = super().solution()
        if self.truth is not None:
            told["truth"] = [[None if math.isnan(v) else v for v in row] for row in told["truth"]]
            told["largest"] = self.largest
        return told


@dataclass(frozen=True)
class Point(Drawn):
    """A point to put into a plane.

    Parameters
    ----------
    text : str
    across, up : Axis
    truth : (float, float), optional
    beside : dict of str to (float, float)
        Points that are shown while one puts one's own, by name.
    name : str
        Of the point itself.

    Examples
    --------
    >>> ask = Point("Where will it lie?", Axis("weights", 1e4, 1e6, log=True), Axis("errors", 0, 100), truth=(1e5, 50))
    >>> ask.reply([1e5, 60]).distance
    0.1
    """

    kind: ClassVar[str] = "point"
    text: str
    across: Axis
    up: Axis
    truth: Sequence[float] | None = None
    beside: dict[str, Sequence[float]] | None = None
    name: str = ""
    close: float | None = None
    said: str = ""

    def __post_init__(self) -> None:
        _as_many("truth", self.truth, 2)
        for name, point in (self.beside or {}).items():
            _as_many(f"beside[{name!r}]", point, 2)

    def checked(self, answer: Any) -> list[float]:
        x, y = _listed(answer, 2)
        return [self.across.checked(x), self.up.checked(y)]

    def distance(self, answer: Any) -> float:
        """Return the distance, in lengths of the axes: 1 is from one end to the other."""
        (x, y), (a, b) = self.checked(answer), self.truth  # type: ignore[misc]
        return math.hypot(self.across.share(x) - self.across.share(a), self.up.share(y) - self.up.share(b))

    def in_words(self, distance: float) -> str:
        x, y = self.truth  # type: ignore[misc]
        told = {
            "x": f"{plain(x)}{self.across.unit}",
            "y": f"{plain(y)}{self.up.unit}",
            "share": number(distance, ".0%"),
        }
        return t("It lies at {x} and {y}; yours is {share} of an axis away.", **told)

    def asked(self) -> dict[str, Any]:
        beside = {name: _floats(point) for name, point in (self.beside or {}).items()}
        return {"across": self.across.described(), "up": self.up.described(), "beside": beside, "name": self.name}


def _listed(answer: Any, count: int) -> list[Any]:
    values = answer.tolist() if isinstance(answer, np.ndarray) else answer
    if not isinstance(values, list | tuple) or len(values) != count:
        given = len(values) if isinstance(values, list | tuple) else short(values)
        raise ValueError(t("expected {n} numbers, got {value}", n=count, value=given))
    return list(values)


def _as_many(name: str, values: Any, count: int) -> None:
    if values is None:
        return
    numbers = _of_numbers(name, values)
    if numbers.shape != (count,) or not np.isfinite(numbers).all():
        raise ValueError(f"{name} must be {count} finite numbers, got {short(values)}")


def _of_numbers(name: str, values: Any) -> np.ndarray:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{name} must be numbers, got {short(values)}") from None


def _floats(values: Sequence[float] | None) -> list[float] | None:
    return None if values is None else [float(v) for v in values]
