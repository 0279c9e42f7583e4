"""Black box: what each student was given of the teacher."""

from __future__ import annotations

import torch

from kdviz.measure import paired_errors
from kdviz.measure.error_words import worth
from kdviz.panels.schemes.catalogue.black_box import DRAWS, NAMES, SCHEME


def test_each_lane_learns_what_its_row_says(course_of):
    course = course_of("black_box")
    train = course.setting.data.train
    said = course.setting.teacher.logits(train).argmax(1)
    data = {name: lane.stages[0].data.train for name, lane in course.lanes.items()}
    assert torch.equal(data["student"].y, said) and len(data["sixteen"]) == DRAWS * len(train) == DRAWS * len(
        data["one"]
    )
    assert course.lanes["features"].stages[0].objective.names == ("hard", "hint")


def test_rows_say_what_a_difference_is_worth(course_of):
    course = course_of("black_box")
    (drawn,) = SCHEME.draw(course)
    assert len(drawn["rows"]) == len(NAMES) + 1
    lanes = course.lanes
    found = paired_errors(lanes["one"].wrong_on_test, lanes["twin"].wrong_on_test)
    assert drawn["rows"][1]["note"].endswith(worth(found)) and "CI" in drawn["rows"][1]["note"]
