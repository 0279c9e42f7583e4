"""A question of every kind, for the tests of their view, and what is answered to each."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from kdviz.lessons import Axis, Bars, Choice, Curve, HeatMap, Number, Order, Point, Several, Text
from kdviz.lessons.questions import Asked
from kdviz.widgets import Question

ERRORS = Axis("errors", 0, 1000, unit=" errors")
WEIGHTS = Axis("weights", 1e3, 1e6, log=True)
EPOCHS = Axis("epoch", 0, 20)
CONFUSED = [[float("nan"), 1, 2], [9, float("nan"), 4], [0, 8, float("nan")]]

ASKED: dict[str, Asked] = {
    "choice": Choice("Which *digit*, of `p`?", {"A 9": "The 9 it is.", "A 6": "Look again.", "A 0": "No."}, "A 9"),
    "several": Several("What can T change?", {"Small ones": "Yes.", "The first": "It stays."}, ["Small ones"]),
    "number": Number("How many errors?", 243, tolerance=20, low=0, high=1000, unit=" errors", said="Of 10,000."),
    "order": Order("By entropy, the lowest first:", ["T = 0.5", "T = 1", "T = 4"], said="It rises with T."),
    "text": Text("Why T²?", "The gradient would fade like 1/T²."),
    "bars": Bars(
        "At T = 4?",
        ["3", "5", "8"],
        truth=[0.5, 0.3, 0.2],
        whole=1,
        beside=[0.9, 0.1, 0],
        beside_name="T = 1",
    ),
    "curve": Curve(
        "Errors over epochs?",
        [0, 5, 10, 15, 20],
        EPOCHS,
        ERRORS,
        truth=[900, 420, 300, 260, 240],
        start=[900, 900, 900, 900, 900],
        fixed=1,
        close=50,
    ),
    "heat-map": HeatMap(
        "Most confused?",
        list("358"),
        list("358"),
        truth=CONFUSED,
        most=2,
        row_name="label",
        column_name="answer",
        without=[(0, 0), (1, 1), (2, 2)],
    ),
    "point": Point("Where?", WEIGHTS, ERRORS, truth=[3e4, 210], beside={"teacher": [6e5, 67]}, name="student"),
}

ANSWERS: dict[str, Any] = {
    "choice": "A 6", "several": ["The first"], "number": 400, "order": ["T = 1", "T = 0.5", "T = 4"],
    "text": "So that both count.",
    "bars": [0.2, 0.8, 0.6], "curve": [900, 800, 700, 600, 500], "heat-map": [[0, 1], [1, 0]], "point": [1e5, 330],
}  # fmt: skip


def question(kind: str, **traits: Any) -> Question:
    """Return the view of a question of a kind."""
    asked = ASKED[kind]
    return Question(key=f"lesson/{kind}", kind=kind, text=asked.text, asked=asked.asked(), **traits)


def answered(kind: str, **traits: Any) -> Question:
    """Return it with its answer, and what came."""
    solution = ASKED[kind].solution()
    return question(kind, answer=json.dumps(ANSWERS[kind]), final=True, solution=solution, **traits)


def picture_to_mark() -> Question:
    """Return a question whose cells lie over a picture."""
    truth = np.arange(16).reshape(4, 4)
    picture = np.tile(np.arange(0, 256, 16), (16, 1))
    asked = HeatMap("Where does it look?", [""] * 4, [""] * 4, truth=truth, most=2, picture=picture)
    return Question(key="lesson/picture", kind=asked.kind, text=asked.text, asked=asked.asked())
