"""The sanity check: maps that change with the weights, and weights drawn anew."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.measure.saliency import MapSimilarity, saliency, sanity_check, shows_the_input, similarity

from .small_models import Squares


def test_the_sanity_check_tells_what_is_learnt_from_what_is_not(digits):
    model, (X, y) = kd.models.pretrained("mnist-mlp-1200"), digits
    state, generator = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    gradient = sanity_check(model, X, y, "gradient")
    product = sanity_check(model, X, y, "input_x_gradient")
    assert np.median(gradient.rank) < 0.5
    assert np.median(product.rank) > np.median(gradient.rank) + 0.2  # the black border alone is shared
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), state.values(), strict=True))
    assert torch.equal(torch.get_rng_state(), generator)
    assert np.array_equal(gradient.rank, sanity_check(model, X, y, "gradient").rank)
    assert not np.array_equal(gradient.rank, sanity_check(model, X, y, "gradient", seed=1).rank)


def ranked(values):
    rank = np.asarray(values, float)
    return MapSimilarity(rank, rank, rank, 0.1, np.isnan(rank))


@pytest.mark.parametrize(
    ("beside", "random", "shown"),
    [
        ([0.4, 0.5, 0.45, 0.4], [0.4, 0.5, 0.45, 0.4], True),
        ([0.7, 0.8, 0.75, 0.7], [0.4, 0.5, 0.45, 0.4], False),  # the other model's are more alike
        ([0.05, 0.0, 0.1, 0.0], [0.05, 0.0, 0.1, 0.0], False),  # like nothing at all
        ([0.0, 0.9, 0.5, 0.4], [0.4, 0.5, 0.45, 0.4], False),  # too few to know
        ([0.4, np.nan, 0.45, 0.4, 0.9, 0.9], [0.4, 0.5, 0.45, 0.4], True),  # of the same examples
        ([np.nan, 0.4], [0.4, 0.4], False),
    ],
)
def test_maps_show_the_input_where_random_weights_give_the_like(beside, random, shown):
    assert shows_the_input(ranked(beside), ranked(random)) is shown


def test_of_a_real_pair_the_product_shows_the_digit_and_occlusion_does_not():
    teacher, student = kd.models.pretrained("mnist-mlp-1200"), kd.models.pretrained("mnist-convnet")
    test = kd.data.mnist().test
    X, y = test.inputs(slice(0, 40)), test.y[:40]
    found = {
        method: shows_the_input(
            similarity(*(saliency(model, X, y, method) for model in (teacher, student))),
            sanity_check(student, X, y, method),
        )
        for method in ("input_x_gradient", "occlusion")
    }
    assert found == {"input_x_gradient": True, "occlusion": False}


class Scaled(nn.Module):
    """Linear layer with weights of its own, and no reset_parameters."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 400, generator=torch.Generator().manual_seed(0)) * 0.3 + 2)

    def forward(self, x):
        return x @ self.weight.T


def test_weights_without_a_reset_are_drawn_with_their_own_mean_and_spread():
    from kdviz.measure.saliency.random_weights import redrawn as _redrawn

    model = Scaled()
    weight = _redrawn(model, 5).weight
    assert abs(weight.mean() - 2) < 4 * 0.3 / math.sqrt(1200) and abs(weight.std() - 0.3) < 4 * 0.3 / math.sqrt(2400)
    assert abs(np.corrcoef(weight.detach().flatten(), model.weight.detach().flatten())[0, 1]) < 0.12
    assert sanity_check(model, torch.rand(2, 400), [0, 2]).n == 2


def test_a_model_without_weights_has_no_random_one():
    with pytest.raises(ValueError, match="no weights to randomize"):
        sanity_check(Squares(), torch.rand(2, 3), [1, 2])
