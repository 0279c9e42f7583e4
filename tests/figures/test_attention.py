"""Figures of attention: what is drawn is what was found, and each mark can be read."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from kdviz.figures import attention as figures
from kdviz.measure.attention import compare


def attention(n=20, blank=False):
    generator = torch.Generator().manual_seed(0)
    maps = [torch.rand(n, 4, 4, generator=generator) for _ in range(4)]
    return compare({"a": maps[0], "b": maps[1]}, {"x": maps[1], "y": maps[2], "z": maps[3] * (not blank)})


def test_distances_hold_each_example_once_beside_those_by_chance():
    a = attention()
    figure = figures.distances(a)
    *boxes, chance = figure.data
    nearest = a.nearest()
    assert nearest["x"] == "b" and len(boxes) == 3
    for box, (student, teacher) in zip(boxes, nearest.items(), strict=True):
        i, j = a.teacher_layers.index(teacher), a.student_layers.index(student)
        np.testing.assert_array_equal(box.x, a.cosine[i, j])
        np.testing.assert_array_equal(box.customdata, a.examples)
        assert f"student {student}, teacher {teacher}" in box.hovertemplate and box.boxpoints == "outliers"
    assert chance.x[0] == a.by_chance[1, 0]
    assert figure.layout.yaxis.ticktext[0] == "x ~ b"
    assert [box.showlegend for box in boxes] == [True, False, False]


def test_few_examples_have_a_mark_each():
    assert all(box.boxpoints == "all" for box in figures.distances(attention(5)).data[:-1])


def test_layers_without_a_map_are_left_out_and_none_at_all_is_told():
    figure = figures.distances(attention(blank=True))
    assert len(figure.data) == 3 and [name[0] for name in figure.layout.yaxis.ticktext] == ["x", "y"]
    blank = torch.zeros(3, 2, 2)
    with pytest.raises(ValueError, match="no student layer has a map that is not 0"):
        figures.distances(compare({"a": blank}, {"x": blank}))


def test_a_matrix_is_drawn_with_names_that_may_repeat():
    values = torch.rand(3, 3, generator=torch.Generator().manual_seed(0)).softmax(-1).requires_grad_()
    figure = figures.matrix(values, ["the", "<b>", "the"], title="Head 0")
    (heat,) = figure.data
    np.testing.assert_allclose(heat.z, values.detach().numpy())
    assert heat.zmax == pytest.approx(values.max().item()) and heat.zmin == 0
    assert list(figure.layout.xaxis.ticktext) == list(figure.layout.yaxis.ticktext) == ["the", "&lt;b&gt;", "the"]
    assert heat.customdata[0][1] == "the looks at &lt;b&gt;" and figure.layout.title.text == "Head 0"


def test_of_many_tokens_some_are_named_along_the_axes_and_all_when_pointed_at():
    figure = figures.matrix(np.full((50, 30), 1 / 30), columns=[f"key {i}" for i in range(30)])
    assert len(figure.layout.yaxis.tickvals) <= figures.TICKS and figure.layout.yaxis.ticktext[1] == "4"
    assert list(figure.layout.xaxis.ticktext)[:2] == ["key 0", "key 2"]
    assert figure.data[0].customdata[49][29] == "49 looks at key 29"


@pytest.mark.parametrize(
    ("values", "names", "sentence"),
    [
        (torch.ones(2, 3, 3), None, r"values must be the attention of one head, shape \(L, L\), got \(2, 3, 3\)"),
        (torch.full((2, 2), math.nan), None, "values must be finite"),
        (torch.ones(2, 2), ["a"], "labels must hold 2 names, one for each token, got 1"),
        (torch.ones(2, 3), ["a", "b"], "labels must hold 3 names"),
    ],
)
def test_what_does_not_fit_is_answered_in_one_sentence(values, names, sentence):
    with pytest.raises(ValueError, match=sentence):
        figures.matrix(values, names)


def test_figures_look_like_the_others():
    for figure in (figures.distances(attention()), figures.matrix(torch.eye(3))):
        assert figure.layout.template.layout.plot_bgcolor == "white"
        assert (figure.layout.margin.l, figure.layout.margin.r) == (60, 20)
        figure.to_json()


def test_heads_of_both_models_stand_in_rows_of_layers_with_the_tokens_named():
    generator = torch.Generator().manual_seed(0)
    teacher = {f"block{i}.attention": torch.rand(3, 4, 4, generator=generator) for i in (1, 2)}
    student = {"block1.attention": torch.rand(2, 4, 4, generator=generator)}
    figure = figures.heads({"teacher": teacher, "student": student}, ["<a>", "b", "c", "b"])
    assert len(figure.data) == 8  # three and three, then two
    assert torch.equal(torch.from_numpy(figure.data[-1].z), student["block1.attention"][1].double())
    assert figure.data[-1].customdata[0][1] == "&lt;a&gt; looks at b"
    assert figure.layout.xaxis.ticktext == ("&lt;a&gt;", "b", "c", "b")
    with pytest.raises(ValueError, match="at least one layer"):
        figures.heads({"teacher": {}})
    with pytest.raises(ValueError, match="labels must hold 4 names"):
        figures.heads({"student": student}, ["a"])
