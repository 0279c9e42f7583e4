"""The figure of fidelity holds the numbers it was given."""

from __future__ import annotations

import pytest
import torch

from kdviz.figures import fidelity as of_fidelity
from kdviz.measure.fidelity import fidelity


def logits(n=200, classes=4, seed=0):
    return torch.randn(n, classes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


Y = torch.arange(200) % 4


def test_each_class_is_drawn_once_with_most_disagreement_first():
    measured = fidelity(logits(), logits(seed=1), Y)
    figure = of_fidelity.by_class(measured, ["a", "b", "c", "d"])
    teacher, student, differ = figure.data
    assert sorted(differ.x, reverse=True) == list(differ.x)
    first = measured.classes["abcd".index(differ.y[0])]
    assert (teacher.x[0], student.x[0]) == (100 * (1 - first.teacher_accuracy), 100 * (1 - first.student_accuracy))
    with pytest.raises(ValueError, match="no example has a label"):
        of_fidelity.by_class(fidelity(logits(), logits(seed=1)), "abcd")
    with pytest.raises(ValueError, match="must hold 4 names, got 2"):
        of_fidelity.by_class(measured, ["a", "b"])
