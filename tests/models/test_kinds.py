"""Kinds of student."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.models import build, parameter_count
from kdviz.models.kinds import KINDS, PICTURES, data_kind, recognized, suited

SHAPES = ((1, 28, 28), (91,), (1, 8, 8), (1, 4, 4), (3, 32, 32), (3, 6, 5))
OFFERED = [(name, shape) for shape in SHAPES for name in suited(shape)]


@pytest.mark.parametrize(("name", "shape"), OFFERED)
def test_every_size_offered_answers_and_is_told_by_its_description(name, shape):
    kind = KINDS[name]
    for depth in kind.depths:
        sizes = []
        for width in kind.widths:
            student = kind.build(shape, 3, width=width, depth=depth, seed=2)
            sizes.append(parameter_count(student))
            assert recognized(student.architecture, shape, 3) == (name, width, depth)
            assert build(student.architecture).architecture == student.architecture
        assert sizes == sorted(set(sizes))  # a wider one is larger
        assert student.eval()(torch.rand(2, *shape)).shape == (2, 3)


@pytest.mark.parametrize("name", KINDS)
def test_what_is_usual_is_offered(name):
    for shape in filter(KINDS[name].suits, SHAPES):
        usual = KINDS[name].usual_for(shape)
        assert usual["width"] in KINDS[name].widths and usual["depth"] in KINDS[name].depths


def test_a_student_can_be_thinner_and_deeper_than_its_teacher():
    teacher = kd.models.pretrained("mnist-convnet").architecture
    student = KINDS["convnet"].build((1, 28, 28), 10, width=4, depth=KINDS["convnet"].depths[-1])
    assert student.architecture["width"] < teacher["width"] and student.architecture["depth"] > 5


def test_data_name_the_kinds_that_suit_them():
    assert suited((91,)) == ("mlp", "recurrent", "conv1d") and suited((1, 28, 28)) == tuple(KINDS)
    assert suited((3, 32, 32)) == tuple(KINDS) and suited((3, 6, 5)) == ("mlp",)
    assert suited((1, 31, 31)) == ("mlp", "convnet", "mobile", "recurrent", "conv1d")
    assert data_kind((1, 31, 31)) == PICTURES
    with pytest.raises(ValueError, match="learns from pictures or colour pictures that 4 to 7 patches in a row fill"):
        KINDS["vit"].build((91,), 2, width=32, depth=2)


def test_what_a_page_would_not_build_is_not_recognized():
    assert recognized(kd.models.convnet(7).architecture, (1, 28, 28), 10) is None
    assert recognized(kd.models.vit(32, 2, 4).architecture, (1, 28, 28), 10) is None  # patches of 4
