"""Parameter and multiply-accumulate counts against counts by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from kdviz.models import convnet, mac_count, mlp, parameter_count, resnet, vit
from kdviz.models.looking import evaluating


@given(st.lists(st.integers(1, 30), max_size=3), st.integers(1, 40), st.integers(1, 12))
def test_perceptron_counts_are_those_by_hand(hidden: list[int], inputs: int, classes: int) -> None:
    sizes = [inputs, *hidden, classes]
    weights = sum(a * b for a, b in pairwise(sizes))
    model = mlp(hidden, inputs=inputs, classes=classes)
    assert parameter_count(model) == weights + sum(sizes[1:])
    assert mac_count(model, (inputs,)) == weights


def test_hintons_teacher() -> None:
    model = mlp((1200, 1200))
    assert parameter_count(model) == 784 * 1200 + 1200 + 1200 * 1200 + 1200 + 1200 * 10 + 10 == 2_395_210
    assert mac_count(model, (1, 28, 28)) == 784 * 1200 + 1200 * 1200 + 1200 * 10


def test_convnet_counts_are_those_by_hand() -> None:
    w = 8
    filters = [(1, w, 28), (w, w, 28), (w, 2 * w, 14), (2 * w, 2 * w, 14), (2 * w, 4 * w, 7)]
    weights = sum(9 * before * after for before, after, _ in filters)
    normalisation = sum(2 * after for _, after, _ in filters)
    model = convnet(w)
    assert parameter_count(model) == weights + normalisation + 4 * w * 10 + 10
    by_hand = sum(9 * before * after * side**2 for before, after, side in filters) + 4 * w * 10
    assert mac_count(model, (1, 28, 28)) == by_hand


def test_resnet_counts_are_those_by_hand() -> None:
    w = 4
    stem = 9 * w * 28**2
    first = 2 * 9 * w * w * 28**2
    second = (9 * w * 2 * w + 9 * 2 * w * 2 * w + w * 2 * w) * 14**2
    assert mac_count(resnet(w, (1, 1)), (1, 28, 28)) == stem + first + second + 2 * w * 10


@pytest.mark.parametrize("frozen", [False, True])
def test_transformer_counts_are_those_by_hand(frozen: bool) -> None:
    width, depth, tokens = 8, 3, 1 + 7 * 7
    model = vit(width, depth, 2).requires_grad_(not frozen)
    projections = 4 * tokens * width**2
    attention = 2 * tokens**2 * width
    layers = 2 * tokens * width * 4 * width
    assert mac_count(model, (1, 28, 28)) == 49 * 16 * width + depth * (projections + attention + layers) + width * 10


def test_attention_of_torchs_own_encoder_is_counted() -> None:
    width, tokens = 8, 5
    model = nn.TransformerEncoderLayer(width, 2, dim_feedforward=16, batch_first=True)
    by_hand = 4 * tokens * width**2 + 2 * tokens**2 * width + 2 * tokens * width * 16
    assert mac_count(model, (tokens, width)) == by_hand


def test_grouped_and_strided_convolutions() -> None:
    model = nn.Sequential(nn.Conv2d(4, 8, 3, stride=2, padding=1, groups=4), nn.ConvTranspose2d(8, 2, 2, stride=2))
    assert mac_count(model, (4, 10, 10)) == 8 * 5 * 5 * 9 * 1 + 8 * 5 * 5 * 2 * 4


class Functional(nn.Module):
    """A model that calls functions instead of layers, and draws random numbers even in eval mode."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 5))

    def forward(self, x: Tensor) -> Tensor:
        torch.rand(1)
        return F.linear(x, self.weight)


def test_functional_calls_count_and_the_global_generator_is_left() -> None:
    state = torch.get_rng_state()
    assert mac_count(Functional(), (5,)) == 15
    assert torch.equal(torch.get_rng_state(), state)


def hooks(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in model.modules())


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 28, 28)])
def test_counting_leaves_the_model_as_it_was_even_when_it_fails(shape: Any) -> None:
    model = convnet(4)
    model.norm3.eval()
    model.conv1.requires_grad_(False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [m.training for m in model.modules()]
    if shape[0] == 1:
        mac_count(model, shape)
    else:
        with pytest.raises(ValueError, match=r"does not accept examples of shape \(3, 28, 28\): ") as caught:
            mac_count(model, shape)
        assert "\n" not in str(caught.value)
    assert [m.training for m in model.modules()] == modes
    assert hooks(model) == 0
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_only_trainable_parameters_count_and_shared_ones_once() -> None:
    layer = nn.Linear(3, 3)
    shared = nn.Sequential(layer, layer)
    assert parameter_count(shared) == 12
    layer.weight.requires_grad_(False)
    assert parameter_count(shared) == 3


def test_evaluating_gives_each_module_its_own_mode_back() -> None:
    model = nn.Sequential(nn.Dropout(), nn.Dropout())
    model[1].eval()
    with evaluating(model):
        assert not any(m.training for m in model.modules())
    assert [m.training for m in model.modules()] == [True, True, False]
