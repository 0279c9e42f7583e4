"""Certified radii held against scipy and a border whose distance is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import binomtest, norm
from torch import nn

from kdviz.measure.robustness import certify, clopper_pearson_lower, largest_radius
from kdviz.models.inference import Cancelled


def border() -> nn.Module:
    """Class 0 where the first number is positive: of noise, the answer's true radius is its distance to 0."""
    line = nn.Linear(2, 2)
    line.weight.data.copy_(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]))
    line.bias.data.zero_()
    return line


@pytest.mark.parametrize(("hits", "n", "alpha"), [(0, 20, 0.05), (7, 20, 0.05), (20, 20, 0.001), (998, 1000, 0.01)])
def test_the_bound_is_that_of_scipy(hits, n, alpha):
    theirs = binomtest(hits, n, alternative="greater").proportion_ci(1 - alpha, method="exact").low
    assert clopper_pearson_lower(hits, n, alpha) == pytest.approx(theirs, abs=1e-9)


def test_what_is_certified_holds_as_often_as_it_says():
    """Of 400 inputs at 10 %, all with the same true radius, no more are certified too far than chance allows."""
    x, sd, alpha = torch.tensor([[0.4, 0.0]]).repeat(400, 1), 0.5, 0.1
    found = certify(border(), x, sd, draws=200, first=30, alpha=alpha, seed=1)
    wrong = int(((found.answer >= 0) & ((found.radius > 0.4) | (found.answer != 0))).sum())
    assert binomtest(wrong, 400, alpha, alternative="greater").pvalue > 1e-3
    assert wrong > 5  # the bound is no wider than it needs to be
    assert found.radius.max() <= largest_radius(sd, 200, alpha)


def test_near_the_border_it_abstains_and_far_away_it_is_right():
    x = torch.tensor([[0.0, 0.0], [0.01, 0.0], [3.0, 0.0], [-3.0, 0.0]])
    found = certify(border(), x, 0.5, seed=2)
    assert found.answer.tolist() == [-1, -1, 0, 1] and (found.radius[:2] == 0).all()
    reachable = 0.5 * norm.ppf(clopper_pearson_lower(1000, 1000, 0.001))
    assert found.radius[2:] == pytest.approx(reachable) and largest_radius(0.5, 1000, 0.001) == pytest.approx(reachable)
    share, low, high = found.accuracy(torch.tensor([0, 0, 0, 1]))
    assert share == 0.5 and low < 0.5 < high
    assert found.accuracy(torch.tensor([0, 0, 0, 1]), radius=9.0)[0] == 0


def test_the_seed_decides_and_the_model_is_left_as_it_was():
    model = nn.Sequential(nn.Dropout(0.5), border())
    x = torch.tensor([[0.3, 0.1]])
    one, same, other = (certify(model, x, 0.5, draws=300, seed=seed, batch_size=70) for seed in (1, 1, 2))
    assert np.array_equal(one.lower, same.lower) and not np.array_equal(one.lower, other.lower)
    assert model.training and all(p.grad is None for p in model.parameters())


def test_what_does_not_fit_is_said_in_one_sentence():
    x = torch.zeros(3, 2)
    for wrong, sentence in (
        (lambda: certify(border(), x, 0), "sd must be"),
        (lambda: certify(border(), x, 0.5, alpha=2), "alpha must lie"),
        (lambda: certify(border(), x, 0.5, draws=0), "draws must be"),
        (lambda: certify(border(), x.long(), 0.5), "pass one tensor of them"),
    ):
        with pytest.raises(ValueError, match=sentence):
            wrong()
    with pytest.raises(Cancelled):
        certify(border(), x, 0.5, draws=10, progress=lambda done, total: done < 2)
