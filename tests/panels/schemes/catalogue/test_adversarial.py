"""The opponent's score: how often it is right about whose logits it sees."""

from __future__ import annotations

import torch

from kdviz.models import inference
from kdviz.panels.schemes.catalogue.adversarial import SCHEME


def test_the_score_is_the_share_of_logits_told_right(course_of):
    course = course_of("adversarial")
    run, data = course.own.stages[0], course.setting.data.validation
    opponent = run.auxiliary["adversarial"]
    with torch.no_grad():
        theirs = torch.sigmoid(opponent(course.setting.teacher.logits(data)))
        ours = torch.sigmoid(opponent(inference.logits(run.student, data)))
    right = int((theirs > 0.5).sum()) + int((ours <= 0.5).sum())
    (drawn,) = SCHEME.draw(course)
    opponent_line, coin = drawn["lines"]
    assert abs(opponent_line["y"][-1] - 100 * right / (2 * len(data))) < 1e-9
    assert coin["y"] == [50, 50] and all(0 <= score <= 100 for score in opponent_line["y"])
