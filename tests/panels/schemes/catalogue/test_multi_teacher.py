"""Several teachers: each learned other classes, and weights are those of the run."""

from __future__ import annotations

from kdviz.distill.schemes import teacher_weights
from kdviz.panels.schemes.catalogue.multi_teacher import SCHEME


def test_teachers_know_halves_and_the_weights_follow(course_of):
    course = course_of("multi_teacher")
    first, second, third, student = course.own.stages
    seen = [set(run.data.train.y.tolist()) for run in (first, second, third, student)]
    assert seen == [{0, 1}, {2, 3}, {0, 1, 2, 3}, {0, 1, 2, 3}]
    data = course.setting.data.validation
    weights = teacher_weights(student, data)
    matrix, images = SCHEME.draw(course)
    assert matrix["values"][1] == weights[data.y == 1].mean(0).tolist()
    assert all(abs(sum(row) - 1) < 1e-5 for row in matrix["values"]) and len(images["captions"]) == 8
    assert matrix["values"][0][0] > matrix["values"][0][1], "by confidence the one that knows the class counts more"
