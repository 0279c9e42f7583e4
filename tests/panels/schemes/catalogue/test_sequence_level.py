"""Sequence level: what the teacher wrote is learned, and its writing can be stopped."""

from __future__ import annotations

import pytest
import torch

from kdviz.distill.schemes import as_written
from kdviz.distill.teacher import Cancelled
from kdviz.panels.schemes.catalogue.sequence_level import SCHEME


def test_the_student_learns_the_teachers_answers_and_the_others_the_given_ones(course_of):
    course = course_of("sequence_level")
    setting = course.setting
    written = as_written(setting.teacher, setting.data, end=setting.end, prompt=setting.prompt)
    assert torch.equal(course.own.stages[0].data.train.y, written.train.y)
    assert torch.equal(course.lanes["twin"].stages[0].data.train.y, setting.data.train.y)
    same = int((written.train.y == setting.data.train.y).all(1).sum())
    bars, matrix = SCHEME.draw(course)
    assert f"Of {len(setting.data.train)} answers that the teacher wrote {same} are" in matrix["sentence"]
    wrong = {
        role: str(course.lanes[role].evaluated("test")[-1].errors) for role in ("student", "drawn", "hinton", "twin")
    }
    assert [row["text"] for row in bars["rows"][:4]] == list(wrong.values())
    prompt, (given, other) = matrix["rows"][0], matrix["texts"][0]
    assert prompt.endswith("=") and given != other and matrix["values"][0] == [None, 1.0]


def test_the_teachers_writing_stops_when_told(setting_of):
    course = SCHEME.begin(setting_of("sequence_level"), SCHEME.chosen({}))
    with pytest.raises(Cancelled, match="stopped before the first step"):
        course.own.prepare(lambda done, total: False)
    assert course.own.stages == []
