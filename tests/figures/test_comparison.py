"""Figures of a comparison hold the numbers they were given."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from kdviz.figures import calibration as of_calibration
from kdviz.figures import fidelity as of_fidelity
from kdviz.figures import saliency as of_saliency
from kdviz.measure.calibration import calibration
from kdviz.measure.fidelity import fidelity
from kdviz.measure.saliency import similarity


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


def test_reliability_draws_the_bins_that_hold_examples_with_their_intervals():
    measured = calibration(3 * logits(), Y, bins=10)
    figure = of_calibration.reliability({"student": measured})
    held = [b for b in measured.bins if b.count]
    line, bars = figure.data[1:]
    assert list(line.y) == [b.accuracy for b in held]
    assert np.asarray(line.y) + line.error_y.array == pytest.approx([b.accuracy_interval.high for b in held])
    assert sum(bars.y) == 200
    with pytest.raises(ValueError, match="at least one model"):
        of_calibration.reliability({})


def test_the_histograms_count_each_example_that_has_a_number_once():
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(2, 30, 5, 5))
    a[0] = 0
    figure = of_saliency.distribution(similarity(a, b), "grad_cam")
    assert [sum(bars.y) for bars in figure.data] == [29, 29, 29]
    assert "grad cam" in figure.layout.title.text
    assert not any(math.isnan(x) for bars in figure.data for x in bars.y)
