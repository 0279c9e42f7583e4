"""Intervals of calibration errors: exact tests, simulations, and what chance alone would show."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from kdviz.measure.calibration import calibration
from kdviz.measure.calibration_interval import mean_deviation
from kdviz.measure.wilson import wilson

from .drawn_logits import drawn, measure, seeds, softmax


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_the_interval_of_a_bins_accuracy_is_wilsons(confidence):
    z, y = drawn(3, n=40, T=0.3)
    found = measure(z, y, bins=8, confidence=confidence).bins
    assert any(not b.count for b in found) and any(b.accuracy == 1 for b in found)
    for b in found:
        if b.count:
            hits = round(b.accuracy * b.count)
            assert tuple(b.accuracy_interval) == wilson(hits, b.count, confidence)
        else:
            assert all(math.isnan(v) for v in (b.confidence, b.accuracy, *b.accuracy_interval))


def one_bin(right: int, n: int, conf: float, **how):
    logits = np.tile([math.log(conf / (1 - conf)), 0.0], (n, 1))
    return calibration(logits, [0] * right + [1] * (n - right), bins=1, resamples=20_000, **how)


@pytest.mark.parametrize(("right", "n", "conf"), [(100, 200, 0.88), (42, 60, 0.75), (30, 30, 0.98), (170, 200, 0.7)])
def test_of_one_bin_the_interval_is_the_exact_inverted_test(right, n, conf):
    """All counts of right answers are gone through for each candidate, on the side of the gap that was seen."""
    found, seen, k = one_bin(right, n, conf), abs(conf - right / n), np.arange(n + 1)
    side = 1 if conf >= (right + 1) / (n + 2) else -1
    belongs = []
    for e in np.linspace(0, conf if side > 0 else 1 - conf, 2001):
        chance, error = scipy.stats.binom.pmf(k, n, conf - side * e), np.abs(conf - k / n)
        tails = chance[error >= seen - 1e-12].sum(), chance[error <= seen + 1e-12].sum()
        belongs += [e] if min(tails) >= 0.025 else []
    assert tuple(found.ece_interval) == pytest.approx((min(*belongs, seen), max(*belongs, seen)), abs=0.006)
    assert tuple(found.mce_interval) == pytest.approx(tuple(found.ece_interval), abs=0.006)


@settings(max_examples=25)
@given(seeds, st.integers(2, 400), st.sampled_from([0.3, 1.0, 3.0]))
def test_every_error_lies_in_its_own_interval(seed, n, T):
    z, y = drawn(seed, n=n, T=T)
    c = calibration(z, y, resamples=100)
    for name in ("ece", "mce", "overconfidence", "brier", "nll"):
        low, high = getattr(c, f"{name}_interval")
        assert math.isnan(low) or low - 1e-9 <= getattr(c, name) <= high + 1e-9, name
    assert c.ece_interval.low >= 0 and c.mce_interval.high <= 1


def test_five_confidences_that_are_right_hold_their_ece_and_none():
    """Answers right exactly as often as said, n = 1,000, but for whole numbers."""
    conf = np.repeat([0.55, 0.65, 0.75, 0.85, 0.951], 200)
    right = np.concatenate([np.arange(200) < round(200 * c) for c in (0.55, 0.65, 0.75, 0.85, 0.951)])
    c = calibration(np.stack([np.log(conf / (1 - conf)), np.zeros(1000)], 1), (~right).astype(int))
    assert c.ece < 0.001 and c.ece_interval.low == 0 and c.ece <= c.ece_interval.high < 0.03
    assert 0.015 < c.ece_if_calibrated < 0.03 and "would show 0.02" in c.sentence()


def test_what_a_calibrated_model_would_show_is_what_labels_drawn_from_its_probabilities_give():
    z, _ = drawn(3, n=300, c=3)
    p, random = softmax(z), np.random.default_rng(0)
    found = []
    for _ in range(400):
        y = (random.random(300)[:, None] > p.cumsum(1)).sum(1).clip(max=2)
        c = calibration(z, y, bins=10, resamples=0)
        found.append((c.ece, c.mce, c.classwise_ece))
    c = calibration(z, y, bins=10, resamples=4000)
    means, sd = np.mean(found, axis=0), np.std(found, axis=0) / math.sqrt(400)
    expected = c.ece_if_calibrated, c.mce_if_calibrated, c.classwise_ece_if_calibrated
    assert np.abs(means - expected) == pytest.approx(np.zeros(3), abs=float((4 * sd).max()) + 0.002)


@given(st.integers(1, 300), st.floats(1e-6, 1) | st.just(0.0))
def test_the_mean_deviation_of_a_binomial_number_is_de_moivres(n, p):
    k = np.arange(n + 1)
    theirs = (np.abs(k - n * p) * scipy.stats.binom.pmf(k, n, p)).sum()
    assert mean_deviation(np.array([n]), np.array([p]))[0] == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def test_of_few_errors_the_scores_have_no_interval():
    z = np.tile([3.0, 0.0], (500, 1)) + np.linspace(0, 1, 500)[:, None]
    z[:, 0] += np.linspace(0, 1, 500)
    nine, ten = (calibration(z, [1] * k + [0] * (500 - k)) for k in (9, 10))
    assert all(math.isnan(end) for end in (*nine.nll_interval, *nine.brier_interval))
    assert nine.overconfidence_interval.low < nine.overconfidence < nine.overconfidence_interval.high
    assert ten.nll_interval.low < ten.nll < ten.nll_interval.high


def test_where_all_are_right_over_confidence_still_has_an_interval():
    c = calibration(np.tile([4.0, 0.0], (100, 1)), [0] * 100)
    low, high = c.overconfidence_interval
    assert low == pytest.approx(c.mean_confidence - 1, abs=1e-9)
    assert high == pytest.approx(c.mean_confidence - wilson(100, 100, 0.95)[0], abs=1e-9)


def test_for_many_examples_the_interval_of_a_score_is_the_normal_interval_of_a_mean():
    z, y = drawn(6, n=4000)
    ours, p = calibration(z, y, resamples=2000), softmax(z)
    for (low, high), each in [
        (ours.nll_interval, -np.log(p[np.arange(4000), y])),
        (ours.brier_interval, ((p - np.eye(4)[y]) ** 2).sum(1)),
        (ours.overconfidence_interval, p.max(1) - (p.argmax(1) == y)),
    ]:
        half = 1.96 * each.std() / math.sqrt(4000)
        assert (low, high) == pytest.approx((each.mean() - half, each.mean() + half), abs=0.2 * half)


def test_ninety_five_of_a_hundred_intervals_hold_the_true_over_confidence():
    """Of a calibrated model the true one is 0; draw 300 test sets."""
    held = 0
    for seed in range(300):
        z, y = drawn(seed, n=200)
        low, high = calibration(z, y, resamples=200, seed=seed).overconfidence_interval
        held += low <= 0 <= high
    assert abs(held / 300 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 300)
