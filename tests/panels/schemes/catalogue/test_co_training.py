"""Co-training: labels grow round by round, and how many are right is counted."""

from __future__ import annotations

import torch

from kdviz.panels.schemes.catalogue.co_training import PER_CLASS, SCHEME


def test_labels_grow_and_those_right_are_counted(course_of):
    course = course_of("co_training")
    train = course.setting.data.train
    labels, errors = SCHEME.draw(course)
    given, right = labels["lines"]
    few = len(train) // 2
    assert given["y"][0] == right["y"][0] == few
    assert given["y"] == sorted(given["y"]) and given["y"][-1] <= few + 4 * 2 * 4 * PER_CLASS
    run = course.own.stages[-1]
    where = [int((train.inputs() == one).flatten(1).all(1).nonzero()[0]) for one in run.data.train.inputs()]
    true = int((run.data.train.y == train.y[torch.tensor(where)]).sum())
    assert round(right["y"][-1]) == true and given["y"][-1] == len(where)
    assert [line["name"] for line in errors["lines"]] == ["One view", "The other"]


def test_each_student_sees_its_half(course_of):
    left, right = course_of("co_training").own.stages[:2]
    x = torch.zeros(1, 1, 8, 8)
    changed = x.clone()
    changed[..., 4:] = 1
    assert torch.equal(left.student(x), left.student(changed))
    assert not torch.equal(right.student(x), right.student(changed))
