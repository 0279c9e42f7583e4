"""The drawings of layers hold the points and lines they were given."""

from __future__ import annotations

import numpy as np
import pytest

from kdviz.figures import representation as drawn
from kdviz.measure.representation import Embedding, OverTraining


def test_points_are_written_as_their_classes():
    points = np.arange(6.0).reshape(3, 2)
    figure = drawn.drawn(Embedding(points, -points, (0.4, 0.6), 0.1), [0, 1, -1], ["<4>", "9"])
    teacher, student = figure.data
    assert list(teacher.text) == ["&lt;4&gt;", "9", "?"] and list(student.y) == list(-points[:, 1])
    with pytest.raises(ValueError, match=r"a label for each of 3 examples, got shape \(2,\)"):
        drawn.drawn(Embedding(points, points, (1.0, 1.0), 0.0), [0, 1], ["a", "b"])


def test_each_run_has_its_line_in_both_panels():
    one = OverTraining(np.array([0, 5]), np.array([0.1, 0.9]), np.array([0.2, 0.5]), 0.03)
    figure = drawn.over_training({"student": one, "twin": one})
    assert [list(line.y) for line in figure.data] == [[0.1, 0.9], [0.2, 0.5]] * 2
    with pytest.raises(ValueError, match="at least one run"):
        drawn.over_training({})
