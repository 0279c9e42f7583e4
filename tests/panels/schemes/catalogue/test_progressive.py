"""Stages of hints: a layer a stage, with the distance that the run recorded."""

from __future__ import annotations

import numpy as np

from kdviz.panels.schemes.catalogue.progressive import NEWEST, SCHEME


def test_stages_are_hints_and_then_answers(course_of):
    course = course_of("progressive")
    assert [run.objective.names for run in course.own.stages] == [("hint",), ("hint",), ("soft", "hard")]
    (drawn,) = SCHEME.draw(course)
    first, second = drawn["lines"]
    assert first["name"] == "Hint at relu1" and second["name"] == "Hint at relu2"
    assert max(first["x"]) <= course.own.begun[1] + 1 <= min(second["x"]) + 1
    steps = int(first["x"][-1])
    recorded = course.own.stages[0].history.column("hint")[:steps]
    assert first["y"][-1] == float(np.mean(recorded[-NEWEST:]))
