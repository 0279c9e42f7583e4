"""What a page says to an answer without Python is what Python says: cases that `tests/javascript` holds against it.

After a change of what is said: ``KDVIZ_WRITE=1 pytest tests/widgets/test_question_replies.py``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kdviz import words
from kdviz.lessons import Axis, Bars, Choice, Curve, HeatMap, Number, Order, Point, Several, Text
from kdviz.lessons.questions import Asked, plain

NUMBERS = [
    0,
    -0.0,
    1,
    -7,
    1234,
    1234567,
    0.5,
    -2.5,
    2.125,
    2.375,
    12.25,
    1234.5,
    99999.5,
    0.000123,
    1.5e-7,
    -3.14e-5,
    1e-4,
]
SHARES = [0, 0.005, 0.045, 0.125, 0.375, 0.5, 0.625, 1]


def asked_and_answered() -> Iterator[tuple[Asked, Any]]:
    rng = np.random.default_rng(5)
    choice = {"4": "So it is.", "5": "Count `again`.", "*22*": ""}
    for right in ("4", None):
        for answer in choice:
            yield Choice("2 + 2?", choice, right=right), answer
    several = {"1": "1 leaves a rest.", "2": "2 = 2 × 1.", "4": "4 = 2 × 2."}
    for answer in ([], ["2"], ["2", "4"], ["1"], ["1", "2", "4"]):
        for right in (["2", "4"], []):
            yield Several("Which are even?", several, right), answer
    for value in NUMBERS:
        for right in (value, 660, 2.126, 1e-7):
            yield Number("How many?", right, tolerance=0.001, unit=" errors", said="Its twin made more."), value
    for _ in range(12):
        items = ["T = 0.5", "T = 1", "T = 4", "T = 20"]
        yield Order("By entropy:", items, said="It rises with T."), [items[i] for i in rng.permutation(4)]
    yield Text("Why T²?", "The gradient fades like 1/T²."), "so that both count"
    for share in SHARES:
        truth = [1 - share, share]
        yield Bars("?", ["a", "b"], truth=truth, whole=1, close=0.2, said="As it was."), [1, 0]
        yield Bars("?", ["a", "b"], truth=[0, 8 * share], axis=Axis("", 0, 8, unit=" errors")), [4, 1.5]
    for _ in range(12):
        drawn, came = rng.random((2, 4)).round(3)
        yield Bars("?", list("abcd"), truth=came / came.sum(), whole=1), (drawn + 0.001).clip(0, 1).tolist()
        yield Bars("?", list("abcd"), truth=2 * came, close=0.3), drawn.tolist()
        linear, ratio = Axis("errors", 0, 1000, unit=" errors"), Axis("errors", 1, 1000, log=True)
        over = Axis("T", 1, 16, log=True)
        for up in (linear, ratio):
            curve = Curve("?", [1, 2, 4, 16], over, up, truth=1 + 1500 * came, start=[5] * 4, fixed=1, close=2.0)
            yield curve, (1 + 999 * drawn).round(1).tolist()
        yield Point("?", over, linear, truth=[1 + 15 * came[0], 999 * came[1]], close=0.2, said="So it came."), [2, 400]
        cells = rng.integers(0, 3, (2, 2)).tolist()
        named = list("abc")
        yield HeatMap("?", named, named, truth=rng.integers(0, 4, (3, 3)).astype(float), most=2, close=0.5), cells
    holes = [[float("nan"), 9.0], [2.0, float("nan")]]
    for cell in ([0, 1], [1, 0], [0, 0]):
        yield HeatMap("?", ["3", "5"], ["3", "5"], truth=holes, most=1, said="Both ways round."), [cell]


def case(asked: Asked, answer: Any) -> dict[str, Any]:
    given = {"kind": asked.kind, "asked": asked.asked(), "solution": asked.solution(), "answer": asked.checked(answer)}
    return given | {"text": said(asked, answer)}


def said(asked: Asked, answer: Any) -> dict[str, str]:
    before = words._chosen[:]
    try:
        return {name: words.language(name) and asked.reply(answer).text for name in words.languages()}
    finally:
        words._chosen[:] = before


def test_the_cases_that_javascript_is_held_against_are_what_python_says(repository):
    file = repository / "tests" / "javascript" / "replies.json"
    cases = [case(asked, answer) for asked, answer in asked_and_answered()]
    numbers = [[value, plain(value)] for value in NUMBERS]
    rows = [json.dumps(one, ensure_ascii=False) for one in cases]
    texts = {key: text for key, text in words.for_page("de").items() if f'"{key}"' in marking(repository)}
    head = json.dumps({"words": texts, "numbers": numbers}, ensure_ascii=False)
    text = "".join([head[:-1], ',\n"cases": [\n', ",\n".join(rows), "\n]}\n"])
    if os.environ.get("KDVIZ_WRITE"):
        file.write_text(text, encoding="utf-8")
    assert {one["kind"] for one in cases} == {
        "choice", "several", "number", "order", "text", "bars", "curve", "heat-map", "point"
    }  # fmt: skip
    assert json.loads(text) == json.loads(file.read_text(encoding="utf-8")), "KDVIZ_WRITE=1 writes it anew"
    assert len(cases) > 100


def marking(repository: Path) -> str:
    return (repository / "kdviz" / "widgets" / "question" / "marking.js").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(words, "_chosen", ["en"])
