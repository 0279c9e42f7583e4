"""A lesson with a part of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kdviz.lessons import (
    Axis,
    Bars,
    Choice,
    Curve,
    Exercise,
    HeatMap,
    Lesson,
    Number,
    Order,
    Point,
    Several,
    Text,
    part,
    telling,
)

ACROSS, UP = Axis("x", 0, 1), Axis("y", 0, 1)


class Everything(Lesson):
    """A part of each kind."""

    name = "everything"

    @part
    def choice(self) -> Choice:
        return Choice("2 + 2?", {"four": "So it is.", "five": "Count again."}, right="four")

    @part
    def bars(self) -> Bars:
        return Bars("Bars?", ["a", "b"], truth=[0.5, 0.5], close=0.1)

    @part
    def curve(self) -> Curve:
        return Curve("Curve?", [0, 1], ACROSS, UP, truth=[0, 1])

    @part
    def cells(self) -> HeatMap:
        return HeatMap("Cells?", ["a", "b"], ["c", "d"], truth=[[1, 2], [3, 4]], most=1, close=0)

    @part
    def point(self) -> Point:
        return Point("Point?", ACROSS, UP, truth=(0.5, 0.5))

    @part
    def later(self) -> Number:
        return Number("Errors?", None, tolerance=10)

    @part
    def words(self) -> Text:
        return Text("Why?", "Because.")

    @part
    def double(self) -> Exercise:
        return Exercise(
            "Write double(x).",
            (
                lambda f: "" if f(1) == 2 else f"Twice 1 is 2, got {f(1)}.",
                lambda f: "" if f(2) == 4 else "Twice 2 is 4: multiply.",
            ),
        )

    @part(quiz=True)
    def even(self) -> Several:
        return Several("Even?", {"1": "One is odd.", "2": "Two is even."}, ["2"])

    @part(quiz=True)
    def order(self) -> Order:
        return Order("Order:", ["a", "b", "c"])


RIGHT = {
    "choice": "four", "bars": [0.5, 0.5], "curve": [0, 1], "cells": [[1, 1]], "point": [0.5, 0.5], "later": 100,
    "words": "Therefore.", "even": ["2"], "order": ["a", "b", "c"],
}  # fmt: skip
WRONG = {
    "choice": "five", "bars": [0, 1], "curve": [1, 0], "cells": [[0, 0]], "point": [0, 1], "later": 5,
    "words": "Dunno.", "even": [], "order": ["b", "a", "c"],
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_page_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (telling.VARIABLE, "SERVER_SOFTWARE", "QUERY_STRING", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def begin(tmp_path: Path) -> Iterator:
    """``begin(tell=...)`` is the lesson, in the same folder each time; what it shows is closed at the end."""
    made: list[Lesson] = []

    def start(**options) -> Lesson:
        made.append(Everything(folder=tmp_path, **options))
        return made[-1]

    yield start
    for lesson in made:
        lesson.close()
