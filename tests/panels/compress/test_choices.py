"""What can be chosen, and what a wrong choice is told."""

import pytest

from kdviz import models
from kdviz.panels.compress.choices import CompressChoices, four_ways, name_of, student_of, student_sizes, teacher_names


def test_every_teacher_offered_can_lose_units_and_has_smaller_students():
    assert {"mnist-mlp-1200", "mnist-convnet", "fashion-resnet", "adult-mlp"} <= set(teacher_names())
    assert not any("vit" in name or name.endswith("student") for name in teacher_names())
    for name in teacher_names():
        sizes = student_sizes(name)
        assert len(sizes) >= 2
        small = student_of(CompressChoices(teacher=name, student=sizes[0]))
        assert models.parameter_count(small) < models.card(name).parameters


def test_the_four_ways_are_each_alone_and_then_together():
    ways = [one.ways for one in four_ways("mnist-mlp-1200")]
    assert ways == [
        ("distilled",),
        ("units",),
        ("rank",),
        ("weights",),
        ("integers",),
        ("distilled", "weights", "integers"),
    ]
    assert not four_ways("adult-mlp")[4].trains


def test_a_way_alone_needs_no_weights_to_be_named():
    assert CompressChoices.of({"units": 0.5}).ways == ("units",)
    assert CompressChoices.of({}).ways == ("weights",)
    assert name_of(CompressChoices(weights=0)) == "the teacher as it is"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"units": 1}, "units must be a number from 0 to 0.95, got 1"),
        ({"weights": True}, "weights must be a number from 0 to 0.99, got True"),
        ({"bits": 1}, "bits must be a whole number from 2 to 8, got 1"),
        ({"integers": "int4"}, "integers must be one of none, dynamic, static, rounded, got 'int4'"),
        ({"teacher": "mnist-vit"}, "teacher must be one of .*, got 'mnist-vit'"),
        ({"unit": 0.5}, "Compress"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(given, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        CompressChoices.of(given)
