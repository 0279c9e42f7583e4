"""What is drawn of a run: bits over steps, and shares in percent."""

from __future__ import annotations

import math

import pytest

from kdviz.distill import Evaluation
from kdviz.panels.writing import drawings
from kdviz.widgets import SchemeView


def at(step, nll):
    return Evaluation(step=step, split="validation", examples=9, errors=3, nll=nll)


def test_curves_are_in_bits_and_the_teacher_goes_through_all_steps():
    found = {"student": [at(0, 3.0), at(10, 2.0)], "twin": [at(0, 3.0), at(10, 2.5)]}
    made = drawings.bits_curves(found, 1.5, 40)
    assert made["lines"][0]["y"] == pytest.approx([2 / math.log(2)])  # an untrained network is no part of it
    assert [line["look"] for line in made["lines"]] == ["student", "twin", "teacher"]
    assert made["lines"][2]["x"] == [0, 40] and made["lines"][2]["y"] == [1.5, 1.5]
    assert SchemeView(drawings=[made])


def test_before_the_first_step_student_and_teacher_stand_beside_a_model_that_knows_nothing():
    made = drawings.at_first(6.34, 2.16, 64)
    assert [(row["look"], row["text"]) for row in made["rows"]] == [("student", "6.34"), ("teacher", "2.16")]
    assert "each of its 64 tokens a model needs 6.00 bits" in made["sentence"]
    assert SchemeView(drawings=[made])


def test_tasks_answered_right_are_in_percent():
    seen = [(0, {"student": 0.0, "twin": 0.0}), (10, {"student": 0.5, "twin": 0.25})]
    made = drawings.answered_curves(seen, 1.0, 40, 64, "Half.")
    assert (
        made["sentence"] == "Half." and made["percent"] and [line["y"][-1] for line in made["lines"]] == [50, 25, 100]
    )
    assert SchemeView(drawings=[made])
