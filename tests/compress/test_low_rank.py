"""The best product of two thin matrices, held against NumPy."""

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.compress import low_rank, ranks


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (nn.Linear(12, 10), torch.randn(4, 12)),
        (nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False), torch.randn(2, 3, 9, 9)),
        (nn.Conv2d(4, 12, 3, padding=2, dilation=2, padding_mode="circular"), torch.randn(2, 4, 9, 9)),
    ],
)
def test_the_product_is_the_best_of_its_rank(layer, x):
    model = nn.Sequential(layer).double()
    small = low_rank(model, 3)
    u, s, v = np.linalg.svd(layer.weight.detach().flatten(1).numpy(), full_matrices=False)
    best = torch.from_numpy((u[:, :3] * s[:3]) @ v[:3]).reshape(layer.weight.shape)
    with torch.no_grad():
        layer.weight.copy_(best)
    torch.testing.assert_close(small(x.double()), model(x.double()), atol=1e-9, rtol=0)
    assert ranks(small) == {"0": 3}


def test_energy_is_the_share_of_squared_singular_values():
    weight = torch.diag(torch.tensor([3.0, 2.0, 1.0, *[0.0] * 7]))  # 9, 4 and 1 of 14
    model = nn.Sequential(nn.Linear(10, 10, bias=False))
    model[0].weight.data.copy_(weight)
    assert [ranks(low_rank(model, energy=e))["0"] for e in (0.5, 9 / 14, 0.65, 13 / 14, 0.95, 1)] == [1, 1, 2, 2, 3, 3]


def test_layers_that_would_not_shrink_stay():
    small = low_rank(kd.models.mlp((64, 8)), 7)
    assert ranks(small) == {"linear1": 7, "linear2": 7}
    assert type(small.logits) is nn.Linear and small.training and not hasattr(small, "architecture")


def test_attention_keeps_working():
    small = low_rank(kd.models.pretrained("mnist-vit-student"), 4)
    assert "block1.attention.out_proj" not in ranks(small)
    assert small.eval()(torch.rand(2, 1, 28, 28)).shape == (2, 10)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "either a rank or an energy is needed, got rank None and energy None"),
        ({"rank": 2, "energy": 0.5}, "either a rank or an energy is needed, got rank 2 and energy 0.5"),
        ({"rank": 0}, "rank must be a whole number from 1, got 0"),
        ({"energy": 1.5}, "energy must be a number above 0, up to 1, got 1.5"),
        ({"rank": 60}, "no layer of the Network has fewer weights at rank 60; choose a smaller one"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        low_rank(kd.models.mlp((8,), inputs=4, classes=3), **given)
