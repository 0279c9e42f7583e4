"""The contours hold the loss they were given, with both networks where they stand."""

from __future__ import annotations

import numpy as np

from kdviz.figures import landscape as drawn
from kdviz.measure.landscape import Plane


def test_contours_are_of_the_logarithm_and_both_networks_stand_on_the_line():
    a, b = np.linspace(-0.5, 1.5, 5), np.linspace(-1, 1, 3)
    loss = np.full((3, 5), 10.0)
    loss[1] = [1, 0.1, 0.5, 0.01, 1]
    figure = drawn.plane(Plane(a, b, loss, loss, (1.0, 1.0), True, 0.3, 50))
    contour, student, twin = figure.data
    assert np.allclose(10 ** np.asarray(contour.z), loss) and list(contour.x) == list(a)
    assert (student.x[0], twin.x[0]) == (0, 1) and student.marker.color != twin.marker.color
    alone = drawn.plane(Plane(a, b, loss, loss, (1.0, 1.0), False, np.nan, 50))
    assert len(alone.data) == 2 and alone.layout.xaxis.title.text == "a random direction"
