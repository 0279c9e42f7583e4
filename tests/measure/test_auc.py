"""The area under the ROC curve: held against scikit-learn, intervals by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from kdviz.measure.auc import auc, auc_difference, placements


def drawn(area: float, n: int, m: int, seed: int, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Normal scores with this area between them, the positives ``spread`` times as wide."""
    draw = np.random.default_rng(seed)
    apart = norm.ppf(area) * np.sqrt(1 + spread**2)
    return apart + spread * draw.normal(size=n), draw.normal(size=m)


@pytest.mark.parametrize("rounded", [False, True])
def test_the_area_is_that_of_scikit_learn_and_its_components_those_of_the_pairs(rounded):
    for seed in range(5):
        a, b = drawn(0.8, 70, 41, seed)
        a, b = (v.round() if rounded else v for v in (a, b))  # with ties
        theirs = roc_auc_score([1] * len(a) + [0] * len(b), np.concatenate((a, b)))
        assert auc(a, b).value == pytest.approx(theirs, abs=1e-12)
        pairs = (a[:, None] > b) + 0.5 * (a[:, None] == b)
        for ours, written_out in zip(placements(a, b), (pairs.mean(1), pairs.mean(0)), strict=True):
            np.testing.assert_allclose(ours, written_out, atol=1e-12)


@pytest.mark.parametrize(("area", "spread", "n", "m"), [(0.5, 2, 50, 50), (0.9, 1, 60, 200), (0.995, 2, 50, 50)])
def test_the_interval_holds_the_truth_as_often_as_it_says(area, spread, n, m):
    rounds = 600
    found = [auc(*drawn(area, n, m, seed, spread)) for seed in range(rounds)]
    held = sum(one.low <= area <= one.high for one in found) / rounds
    assert 0.95 - 3 * (0.95 * 0.05 / rounds) ** 0.5 < held < 0.9999
    assert np.mean([one.high - one.low for one in found]) < 0.25


def test_where_nothing_overlaps_the_interval_still_has_a_width():
    found = auc(np.arange(10.0) + 100, np.arange(20.0))
    assert (found.value, found.high) == (1, 1) and 0.7 < found.low < 0.97
    other = auc(np.arange(20.0), np.arange(10.0) + 100)
    assert (other.value, other.low) == (0, 0) and 0.03 < other.high < 0.3


def test_a_difference_of_areas_counts_both_on_the_same_examples():
    rounds, held = 500, 0
    truth = 0.8 - norm.cdf(norm.ppf(0.8) / np.sqrt(2))
    for seed in range(rounds):
        a, b = drawn(0.8, 60, 60, seed)
        draw = np.random.default_rng(10_000 + seed)
        _, low, high = auc_difference((a, b), (a + draw.normal(size=60), b + draw.normal(size=60)))
        held += low <= truth <= high
        assert high - low < 0.3
    assert held / rounds > 0.95 - 3 * (0.95 * 0.05 / rounds) ** 0.5
    value, low, high = auc_difference((a, b), (a, b))
    assert value == 0 and low < 0 < high


def test_what_does_not_fit_is_said_in_one_sentence():
    for wrong, sentence in (
        (lambda: auc(np.zeros(1), np.zeros(3)), r"positives must be scores of shape \(n,\), n ≥ 2"),
        (lambda: auc(np.zeros(3), np.array([0, np.nan])), "negatives must be .* none of them nan"),
        (lambda: auc_difference((np.zeros(3), np.zeros(3)), (np.zeros(2), np.zeros(3))), "of the same examples"),
    ):
        with pytest.raises(ValueError, match=sentence):
            wrong()
    assert auc(np.array([np.inf, 1]), np.array([-np.inf, 0])).value == 1
