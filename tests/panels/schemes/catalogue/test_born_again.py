"""Generations: their errors, and those of their mean."""

from __future__ import annotations

import torch

from kdviz.models import inference
from kdviz.panels.schemes.catalogue.born_again import SCHEME


def test_the_bars_are_the_generations_and_their_mean(course_of):
    course = course_of("born_again")
    test = course.setting.data.test
    logits = [inference.logits(run.student, test) for run in course.own.stages]
    wrong = [int((one.argmax(1) != test.y).sum()) for one in logits]
    together = torch.stack([one.softmax(1) for one in logits]).mean(0).argmax(1)
    (drawn,) = SCHEME.draw(course)
    assert [row["text"] for row in drawn["rows"]] == [str(n) for n in (*wrong, int((together != test.y).sum()))]
    assert [row["look"] for row in drawn["rows"]] == ["branch-0", "branch-0", "student", "branch-1"]
    assert course.own.stages[0].teacher is None and len({run.student.seed for run in course.own.stages}) == 3
