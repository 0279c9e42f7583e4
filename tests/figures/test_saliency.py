"""Histograms of likeness hold the numbers they were given."""

from __future__ import annotations

import math

import numpy as np

from kdviz.figures import palette
from kdviz.figures import saliency as of_saliency
from kdviz.measure.saliency import similarity


def test_the_histograms_count_each_example_that_has_a_number_once():
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(2, 30, 5, 5))
    a[0] = 0
    figure = of_saliency.distribution(similarity(a, b), "grad_cam")
    assert [sum(bars.y) for bars in figure.data] == [29, 29, 29]
    assert "grad cam" in figure.layout.title.text
    colours = {bars.marker.color for bars in figure.data}
    assert len(colours) == 3 and not colours & {palette.STUDENT, palette.TEACHER, palette.TWIN}, "no measure is a model"
    assert not any(math.isnan(x) for bars in figure.data for x in bars.y)
