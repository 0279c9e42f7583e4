"""Figures of similarity: what is drawn is what was found, and each name can be read."""

from __future__ import annotations

import math

import numpy as np

from kdviz.figures import similarity as figures
from kdviz.measure.similarity import Correspondence


def found(rows=("relu1", "relu2", "flat"), columns=("x", "y"), by_chance=None) -> Correspondence:
    matrix = np.linspace(0, 1, len(rows) * len(columns)).reshape(len(rows), len(columns))
    matrix[-1] = math.nan
    return Correspondence(tuple(rows), tuple(columns), matrix, 50, 100, by_chance)


def test_a_correspondence_is_drawn_from_0_to_1_with_its_numbers_and_best_matches():
    c = found()
    figure = figures.correspondence(c)
    (heat,) = figure.data
    np.testing.assert_array_equal(heat.z, c.matrix)
    assert (heat.zmin, heat.zmax) == (0, 1) and heat.texttemplate == "%{z:.2f}"
    assert heat.customdata[1][0] == "teacher relu2, student x: linear CKA 0.400"
    assert list(figure.layout.yaxis.ticktext) == ["relu1", "relu2", "flat"]
    assert list(figure.layout.xaxis.ticktext) == ["x", "y"]
    assert figure.layout.yaxis.autorange == "reversed"
    centres = {((s.x0 + s.x1) / 2, (s.y0 + s.y1) / 2) for s in figure.layout.shapes}
    assert centres == {(0, 1), (1, 1)}, "relu2 is the best of both"


def test_what_shuffled_examples_give_stands_beside_and_a_match_by_chance_is_dotted():
    figure = figures.correspondence(found(by_chance=np.full((3, 2), 0.5)))
    assert figure.data[0].customdata[1][0].endswith("linear CKA 0.400<br>shuffled examples give up to 0.500")
    assert [(s.x0 + s.x1, s.line.dash) for s in figure.layout.shapes] == [(0, "dot"), (2, "solid")]


def test_many_layers_have_no_numbers_and_long_names_keep_their_ends():
    names = [f"backbone.stages.block{i}" for i in range(12)]
    figure = figures.correspondence(found(names, names))
    assert not figure.data[0].texttemplate
    assert figure.layout.yaxis.ticktext[11] == "….stages.block11" and len(set(figure.layout.yaxis.ticktext)) == 12
    assert figure.data[0].customdata[2][3].startswith("teacher backbone.stages.block2, student backbone.stages.block3")


def test_the_figure_looks_like_the_others():
    figure = figures.correspondence(found())
    assert figure.layout.template.layout.plot_bgcolor == "white"
    assert (figure.layout.margin.l, figure.layout.margin.r) == (60, 20)
    figure.to_json()
