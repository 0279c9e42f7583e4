"""Data-free: no real example is learned from, and making the impressions can be stopped."""

from __future__ import annotations

import pytest

from kdviz.distill.teacher import Cancelled
from kdviz.panels.schemes.catalogue.data_free import SCHEME


def test_no_real_example_is_learned_from(course_of):
    course = course_of("data_free")
    real = {row.numpy().tobytes() for row in course.setting.data.train.inputs()}
    for role in ("student", "noise"):
        (run,) = course.lanes[role].stages
        assert len(run.data.train) == 500 and run.data.train.labelled == 0
        assert not real & {row.numpy().tobytes() for row in run.data.train.inputs()}
    bars, images = SCHEME.draw(course)
    assert [int(row["text"]) for row in bars["rows"]] == [
        course.wrong(course.lanes[role].answer) for role in ("student", "noise", "hinton", "twin")
    ]
    impressions = course.own.stages[0].data.train.inputs(slice(0, 10))
    assert images["pixels"][3] == (impressions[3].flatten() * 255).round().int().tolist()


def test_making_impressions_stops_when_told(small):
    course = SCHEME.begin(small, SCHEME.chosen({}))
    told = []
    with pytest.raises(Cancelled):
        course.own.prepare(lambda done, total: told.append((done, total)) or done < 100)
    assert told == [(0, 500), (50, 500), (100, 500)] and course.own.stages == []
    course.own.prepare()
    assert len(course.own.stages) == 1, "and can be begun again"
