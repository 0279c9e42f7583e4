"""A student without room, or without need of a teacher."""

from __future__ import annotations

import kdviz as kd

from ..conftest import errors, follow, small, trained
from .said import names


def test_a_student_without_room(make):
    run = make(student=small(1))
    twin = trained(run.twin())
    found = run.diagnose(twin=twin)["without_room"]
    assert found.confidence == "likely" and found.evidence["teacher error on training examples"] < 0.25
    assert run.diagnose()["without_room"].confidence == "possible"
    better = follow(found.try_code, run=run)["better"]
    assert better.student.architecture["hidden"] == [32] and errors(better) < errors(run) / 2


def test_a_student_without_need(make, world):
    data = world.with_train(12_000)
    run = make(data=data, epochs=3, student=small(16))
    found = run.diagnose(twin=trained(run.twin()))["without_need"]
    assert abs(found.evidence["twin errors"] - found.evidence["teacher errors"]) < 60
    better = follow(found.try_code, run=run)["better"]
    assert better.data.train.labelled == 1000
    models = kd.diagnose(world.teacher(), run.student, data, twin=run.twin().train(progress=False))
    assert "without_need" in names(models)
