"""Out of domain: areas held against scikit-learn, intervals by simulation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.metrics import roc_auc_score
from torch import nn

from kdviz.data import Examples
from kdviz.measure.robustness import Outside, auroc, outside


def drawn(area: float, n: int, m: int, seed: int, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Normal scores, those outside ``spread`` times as wide, with this area between them."""
    draw = np.random.default_rng(seed)
    apart = norm.ppf(area) * np.sqrt(1 + spread**2)
    return apart + draw.normal(size=n), spread * draw.normal(size=m)


@pytest.mark.parametrize("rounded", [False, True])
def test_the_area_is_that_of_scikit_learn(rounded):
    for seed in range(5):
        a, b = drawn(0.8, 70, 41, seed)
        a, b = (v.round() if rounded else v for v in (a, b))  # with ties
        theirs = roc_auc_score([1] * len(a) + [0] * len(b), np.concatenate((a, b)))
        assert auroc(a, b).value == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize(("area", "spread"), [(0.7, 1.0), (0.9, 2.0), (0.99, 1.0)])
def test_the_interval_holds_the_truth_as_often_as_it_says(area, spread):
    rounds = 600
    found = [auroc(*drawn(area, 60, 100, seed, spread)) for seed in range(rounds)]
    held = sum(one.low <= area <= one.high for one in found)
    assert held / rounds > 0.95 - 3 * (0.95 * 0.05 / rounds) ** 0.5
    assert held / rounds < 0.9999 and np.mean([one.high - one.low for one in found]) < 0.25


def test_where_nothing_overlaps_the_interval_still_has_a_width():
    found = auroc(np.arange(10.0) + 100, np.arange(20.0))
    assert (found.value, found.high) == (1, 1) and 0.7 < found.low < 0.97
    other = auroc(np.arange(20.0), np.arange(10.0) + 100)
    assert (other.value, other.low) == (0, 0) and 0.03 < other.high < 0.3


def test_a_difference_of_areas_counts_both_on_the_same_examples():
    rounds, held = 500, 0
    for seed in range(rounds):
        a, b = drawn(0.8, 60, 60, seed)
        draw = np.random.default_rng(10_000 + seed)
        inside = {"one": a, "other": a + draw.normal(size=60)}
        others = {"one": b, "other": b + draw.normal(size=60)}
        truth = 0.8 - norm.cdf(norm.ppf(0.8) / np.sqrt(2))
        _, low, high = Outside(inside, others, "confidence").difference("one", "other")
        held += low <= truth <= high
        assert high - low < 0.3
    assert held / rounds > 0.95 - 3 * (0.95 * 0.05 / rounds) ** 0.5


class Fixed(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1)


def test_scores_are_of_each_example_what_they_say():
    draw = torch.Generator().manual_seed(0)
    mine, theirs = (Examples(k * torch.randn(30, 1, 2, 2, generator=draw), torch.full((30,), -1)) for k in (6, 1))
    by_confidence = outside({"student": Fixed()}, mine, theirs)
    z = mine.inputs().flatten(1).double()
    assert by_confidence.inside["student"] == pytest.approx(z.softmax(1).amax(1).numpy())
    energy = outside({"student": Fixed()}, mine, theirs, score="energy").inside["student"]
    assert energy == pytest.approx(z.exp().sum(1).log().numpy())
    p = z.softmax(1)
    entropy = outside({"student": Fixed()}, mine, theirs, score="entropy").inside["student"]
    assert entropy == pytest.approx((p * p.log()).nansum(1).numpy())
    assert outside({"student": Fixed()}, mine, theirs, score="logit").inside["student"] == pytest.approx(z.amax(1))
    edges, inside, other = by_confidence.histogram("student", 10)
    assert len(edges) == 11 and inside.sum() == pytest.approx(1) and other.sum() == pytest.approx(1)
    assert inside[-1] > other[-1] and "AUROC" in by_confidence.sentences()[0]


def test_what_does_not_fit_is_said_in_one_sentence():
    x = Examples(torch.zeros(4, 1, 2, 2), torch.zeros(4).long())
    for wrong, sentence in (
        (lambda: outside({"a": Fixed()}, x, Examples(torch.zeros(4, 1, 3, 3), x.y)), "must have one form"),
        (lambda: outside({"a": Fixed()}, x, x, score="depth"), "score must be one of"),
        (lambda: auroc(np.array([1.0]), np.array([1.0, 2.0])), "two or more finite scores"),
    ):
        with pytest.raises(ValueError, match=sentence):
            wrong()
