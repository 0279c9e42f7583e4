"""A network that sees the left half: whatever stands in the right half changes nothing."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.models.architecture import rebuildable
from kdviz.models.half import LeftHalf


@pytest.mark.parametrize("make", [lambda: kd.models.mlp((8,)), lambda: kd.models.convnet(width=4)])
def test_the_right_half_of_a_picture_changes_nothing_and_the_left_does(make):
    student = kd.models.seeing_half(make()).eval()
    x = torch.rand(3, 1, 28, 28)
    right, left = x.clone(), x.clone()
    right[..., 14:] = 1 - right[..., 14:]
    left[..., :14] = 1 - left[..., :14]
    assert torch.equal(student(x), student(right)) and not torch.allclose(student(x), student(left))


def test_it_is_built_again_from_its_description_with_the_same_weights():
    student = kd.models.seeing_half(kd.models.mlp((8,), seed=5))
    again = kd.models.build(student.architecture, seed=5)
    assert rebuildable(student) == student.architecture and isinstance(again[0], LeftHalf)
    assert all(torch.equal(a, b) for a, b in zip(student.parameters(), again.parameters(), strict=True))
    run = kd.Distillation(kd.models.pretrained("mnist-mlp-1200"), student, kd.data.mnist().with_labels(100), epochs=1)
    assert kd.Recipe.from_json(run.recipe.to_json()).parts().student.architecture["sees"] == "left"


def test_other_models_and_inputs_are_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"seeing_half needs a network of kdviz's own, .* got Linear"):
        kd.models.seeing_half(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="this network sees half of a picture already"):
        kd.models.seeing_half(kd.models.seeing_half(kd.models.mlp((8,))))
    with pytest.raises(ValueError, match=r"half of a picture can be hidden, got inputs of shape \(2, 4\)"):
        LeftHalf()(torch.zeros(2, 4))
    with pytest.raises(ValueError, match="sees must be 'left'"):
        kd.models.build({"name": "mlp", "sees": "up"})
