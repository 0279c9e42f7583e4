"""Tasks: accuracy by task after each, with and without replay."""

from __future__ import annotations

from kdviz.models import inference
from kdviz.panels.schemes.catalogue.continual import SCHEME


def test_a_row_is_what_is_known_after_a_task(course_of):
    course = course_of("continual")
    test = course.setting.data.test
    with_replay, without = SCHEME.draw(course)
    assert with_replay["columns"] == ["0, 1", "2, 3"]
    for role, drawn in (("student", with_replay), ("twin", without)):
        for run, row in zip(course.lanes[role].stages, drawn["values"], strict=True):
            right = inference.logits(run.student, test).argmax(1) == test.y
            assert row == [float(right[(test.y // 2) == task].double().mean()) for task in (0, 1)]
    assert "with replay" in without["sentence"]


def test_no_task_is_seen_again(course_of):
    for role in ("student", "twin"):
        assert [set(run.data.train.y.tolist()) for run in course_of("continual").lanes[role].stages] == [{0, 1}, {2, 3}]
