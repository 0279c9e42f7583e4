"""Calibration: against torchmetrics, scikit-learn and scipy, and what must hold of any probabilities."""

from __future__ import annotations

import dataclasses
import math
import warnings

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss

from kdviz.measure import calibration as module
from kdviz.measure.calibration import TEMPERATURE_BOUNDS, BrierParts, calibration, fit_temperature, inherited
from kdviz.measure.calibration_interval import mean_deviation
from kdviz.measure.wilson import wilson

seeds, counts = st.integers(0, 2**31), st.integers(1, 20)
strategies = st.sampled_from(["width", "mass"])


def drawn(seed, n=300, c=4, T=1.0):
    """Return logits and labels drawn from σ(logits / T): at T = 1 the model is calibrated, above it over-confident."""
    random = np.random.default_rng(seed)
    z = 2 * random.standard_normal((n, c))
    return z, (z / T + random.gumbel(size=(n, c))).argmax(1)


def softmax(z):
    return scipy.special.softmax(z, axis=1)


def measure(z, y, bins=15, strategy="width", **how):
    return calibration(z, y, bins, strategy, **{"resamples": 0, **how})


@pytest.mark.parametrize("seed", range(5))  # fixed: in their float32 a confidence may fall on the edge of a bin
@pytest.mark.parametrize("bins", [1, 2, 10, 15, 20])
def test_the_calibration_errors_are_those_of_torchmetrics(seed, bins):
    from torchmetrics.functional.classification import multiclass_calibration_error

    z, y = drawn(seed)
    ours, p = measure(z, y, bins), torch.tensor(softmax(z))
    for norm, value in (("l1", ours.ece), ("max", ours.mce)):
        theirs = multiclass_calibration_error(p, torch.tensor(y), num_classes=4, n_bins=bins, norm=norm)
        assert value == pytest.approx(theirs.item(), abs=1e-6)  # theirs is float32


def test_a_bin_holds_its_upper_edge_where_torchmetrics_has_the_lower_one():
    from torchmetrics.functional.classification import multiclass_calibration_error

    p = np.array([[0.5, 0.25, 0.25], [0.75, 0.125, 0.125]])  # 0.5 is the edge of two halves
    ours = measure(np.log(p), [0, 1], bins=2)
    assert [b.count for b in ours.bins] == [1, 1]
    assert (ours.ece, ours.mce) == pytest.approx(((0.5 + 0.75) / 2, 0.75))
    theirs = multiclass_calibration_error(torch.tensor(p), torch.tensor([0, 1]), num_classes=3, n_bins=2)
    assert theirs.item() == pytest.approx(abs(0.5 + 0.75 - 1) / 2)  # both in the upper half


@given(seeds, counts, strategies)
def test_the_reliability_is_that_of_scikit_learn(seed, bins, strategy):
    z, y = drawn(seed, n=294)  # 293 is prime: no quantile is an example, where their edge is one but for rounding
    p = softmax(z)
    right = p.argmax(1) == y
    ours = measure(z, y, bins, strategy)
    accuracy, said = calibration_curve(
        right, p.max(1), n_bins=bins, strategy={"width": "uniform", "mass": "quantile"}[strategy]
    )
    filled = [b for b in ours.bins if b.count]
    np.testing.assert_allclose([b.accuracy for b in filled], accuracy, atol=1e-12)
    np.testing.assert_allclose([b.confidence for b in filled], said, atol=1e-12)
    assert sum(b.count for b in ours.bins) == 294 and len(ours.bins) == bins
    weights = np.array([b.count for b in filled]) / 294
    assert ours.ece == pytest.approx((weights * np.abs(accuracy - said)).sum(), abs=1e-12)
    assert ours.mce == pytest.approx(np.abs(accuracy - said).max(), abs=1e-12)
    assert len(ours.edges) == bins + 1 and list(ours.edges) == sorted(ours.edges)
    assert all(b.low < b.confidence <= b.high + 1e-12 for b in filled)


def test_bins_of_equal_mass_hold_as_many_examples_each():
    z, y = drawn(0, n=1000)
    ours = measure(z, y, bins=10, strategy="mass")
    assert [b.count for b in ours.bins] == [100] * 10
    on_examples = measure(z, y, bins=27, strategy="mass")  # 999 = 27 · 37: each edge is an example, and held
    assert [b.count for b in on_examples.bins] == [38] + [37] * 26
    assert (ours.edges[0], ours.edges[-1]) == pytest.approx((softmax(z).max(1).min(), softmax(z).max(1).max()))
    assert ours.histogram == measure(z, y, bins=10).histogram != (100,) * 10


@given(seeds, st.integers(2, 6), st.integers(1, 12), strategies)
def test_the_classwise_error_is_the_mean_of_scikit_learns_class_by_class(seed, c, bins, strategy):
    z, y = drawn(seed, n=102, c=c)
    ours, p, errors = measure(z, y, bins, strategy), softmax(z), []
    for k in range(c):
        at = np.linspace(0, 1, bins + 1)
        edges = at if strategy == "width" else np.quantile(p[:, k], at)  # 101 is prime too
        error = 0.0
        for b in range(bins):
            inside = p[:, k] <= edges[b + 1] if b < bins - 1 else np.full(102, True)
            inside &= p[:, k] > edges[b] if b else np.full(102, True)
            error += abs((p[inside, k] - (y[inside] == k)).sum()) / 102
        errors.append(error)
    assert ours.classwise_ece == pytest.approx(np.mean(errors), abs=1e-12)
    if strategy == "width":
        for k in set(y.tolist()):
            share, said = calibration_curve(y == k, p[:, k], n_bins=bins)
            weights = np.bincount(np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], p[:, k]), minlength=bins)
            assert (weights[weights > 0] / 102 * np.abs(share - said)).sum() == pytest.approx(errors[k], abs=1e-12)


@given(seeds, st.integers(2, 6))
def test_likelihood_brier_score_and_accuracy_are_those_of_scikit_learn(seed, c):
    z, y = drawn(seed, c=c)
    ours, p, classes = measure(z, y), softmax(z), list(range(c))
    assert ours.nll == pytest.approx(log_loss(y, p, labels=classes), rel=1e-9)
    assert ours.brier == pytest.approx(brier_score_loss(y, p, labels=classes, scale_by_half=False), rel=1e-9)
    assert ours.accuracy == pytest.approx(accuracy_score(y, p.argmax(1)), rel=1e-12)
    assert ours.mean_confidence == pytest.approx(p.max(1).mean(), rel=1e-12)
    assert ours.overconfidence == pytest.approx(p.max(1).mean() - (p.argmax(1) == y).mean(), abs=1e-12)


def test_of_two_classes_the_score_is_twice_the_binary_one():
    z, y = drawn(1, c=2)
    assert measure(z, y).brier == pytest.approx(2 * brier_score_loss(y, softmax(z)[:, 1]), rel=1e-9)


@given(seeds, st.integers(2, 8), counts, strategies)
def test_the_parts_of_the_brier_score_add_up_to_it(seed, c, bins, strategy):
    z, y = drawn(seed, n=80, c=c, T=2.0)
    ours = measure(z, y, bins, strategy)
    parts = ours.brier_parts
    assert parts.total == pytest.approx(ours.brier, abs=1e-12)
    assert parts.total == parts.reliability - parts.resolution + parts.uncertainty + parts.within
    assert parts.reliability >= 0 and -1e-12 <= parts.resolution <= parts.uncertainty + 1e-12
    shares = np.bincount(y, minlength=c) / 80
    assert parts.uncertainty == pytest.approx(1 - (shares**2).sum(), abs=1e-12)


def test_where_all_probabilities_in_a_bin_are_equal_nothing_is_left_within():
    """Murphy's example: two forecasts, 0.8 right in 3 of 4 and 0.3 right in 1 of 2."""
    p = np.array([0.8] * 4 + [0.3] * 2)
    y = np.array([1, 1, 1, 0, 1, 0])
    parts = measure(np.log(np.stack([1 - p, p], axis=1)), y, bins=10).brier_parts
    reliability = 2 * (4 * (0.8 - 3 / 4) ** 2 + 2 * (0.3 - 1 / 2) ** 2) / 6  # twice: for both classes
    resolution = 2 * (4 * (3 / 4 - 4 / 6) ** 2 + 2 * (1 / 2 - 4 / 6) ** 2) / 6
    assert dataclasses.astuple(parts) == pytest.approx((reliability, resolution, 2 * 4 / 6 * 2 / 6, 0), abs=1e-12)


def test_one_bin_leaves_all_but_the_bias_within():
    z, y = drawn(2, n=50, c=3)
    p, o = softmax(z), np.eye(3)[y]
    parts = measure(z, y, bins=1).brier_parts
    within = sum(p[:, k].var() - 2 * np.cov(p[:, k], o[:, k], ddof=0)[0, 1] for k in range(3))
    bias = ((p.mean(0) - o.mean(0)) ** 2).sum()
    assert dataclasses.astuple(parts) == pytest.approx((bias, 0, 1 - (o.mean(0) ** 2).sum(), within), abs=1e-12)


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


def test_a_seed_gives_the_same_again_in_blocks_too(monkeypatch):
    z, y = drawn(5, n=64)
    whole = calibration(z, y, resamples=100)
    monkeypatch.setattr(module, "BLOCK", 64 * 2)  # classes two by two
    blocks = calibration(z, y, resamples=100)
    assert blocks.ece_interval == whole.ece_interval
    assert blocks.classwise_ece == pytest.approx(whole.classwise_ece, abs=1e-12)
    assert blocks.classwise_ece_if_calibrated == pytest.approx(whole.classwise_ece_if_calibrated, abs=1e-12)
    assert calibration(z, y, resamples=100, seed=1).ece_interval != whole.ece_interval


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


@settings(max_examples=30)
@given(seeds, st.floats(0.2, 6.0))
def test_the_fitted_temperature_is_the_best_and_that_of_scipy(seed, T):
    z, y = drawn(seed, T=T)
    best = fit_temperature(z, y)

    def nll(log_t):
        return log_loss(y, softmax(z / math.exp(log_t)), labels=range(4))

    theirs = scipy.optimize.minimize_scalar(nll, bounds=np.log(TEMPERATURE_BOUNDS), options={"xatol": 1e-10})
    assert best == pytest.approx(math.exp(theirs.x), rel=1e-6)
    p = softmax(z / best)
    assert (p * z).sum(1).mean() == pytest.approx(z[np.arange(300), y].mean(), abs=1e-9)  # E_p[z] = z_y


class Itself(ClassifierMixin, BaseEstimator):
    """A classifier for scikit-learn whose logits are what it is given."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        return X

    def predict(self, X):
        return X.argmax(1)


@pytest.mark.parametrize("T", [0.5, 1.0, 3.0])
def test_probabilities_at_the_fitted_temperature_are_scikit_learns(T):
    z, y = drawn(8, T=T)
    theirs = CalibratedClassifierCV(FrozenEstimator(Itself().fit(z, y)), method="temperature", ensemble=False).fit(z, y)
    np.testing.assert_allclose(softmax(z / fit_temperature(z, y)), theirs.predict_proba(z), atol=1e-6)


def test_the_temperature_that_the_labels_were_drawn_at_is_found_again():
    z, y = drawn(9, n=20_000, T=2.5)
    assert fit_temperature(z, y) == pytest.approx(2.5, rel=0.03)
    assert fit_temperature(4 * z, y) == pytest.approx(4 * fit_temperature(z, y), rel=1e-9)
    assert fit_temperature(z + 1e3, y) == pytest.approx(fit_temperature(z, y), rel=1e-9)
    before, after = measure(z, y), measure(z / fit_temperature(z, y), y)
    assert before.overconfidence > 0.1 and abs(after.overconfidence) < 0.01 and after.accuracy == before.accuracy


def test_a_temperature_beyond_the_bounds_is_told():
    z = 5 * np.eye(3)
    with pytest.warns(UserWarning, match=r"lower bound 0.01: all examples are right, so the likelihood rises"):
        assert fit_temperature(z, [0, 1, 2]) == 0.01
    with pytest.warns(UserWarning, match=r"upper bound 100: .* no better than chance"):
        assert fit_temperature(z, [1, 2, 0]) == 100.0
    z, y = drawn(10)
    with pytest.warns(UserWarning, match=r"lower bound 0.01: the best T lies below it"):
        assert fit_temperature(1e-4 * z, y) == 0.01
    with pytest.warns(UserWarning, match="upper bound 100: the best T lies above it"):
        assert fit_temperature(1e4 * z, y) == 100.0
    assert fit_temperature(0.0101 * z / fit_temperature(z, y), y) == pytest.approx(0.0101, rel=1e-9)
    assert fit_temperature(99 * z / fit_temperature(z, y), y) == pytest.approx(99, rel=1e-9)


def test_where_logits_do_not_differ_any_temperature_will_do():
    assert fit_temperature([[3.0, 3.0], [-1.0, -1.0]], [0, 1]) == 1.0


def test_examples_without_a_label_are_left_out():
    z, y = drawn(11)
    some = y.copy()
    some[::3] = -1
    known = some >= 0
    assert repr(calibration(z, some)) == repr(calibration(z[known], y[known]))
    assert fit_temperature(torch.tensor(z), torch.tensor(some)) == fit_temperature(z[known], y[known])


def test_five_examples_of_one_class_are_enough():
    z = np.array([[2.0, 0.0, 0.0]] * 4 + [[0.0, 2.0, 0.0]])
    for strategy in ("width", "mass"):
        ours = calibration(z, [0] * 5, strategy=strategy)
        assert (ours.n, ours.accuracy, sum(b.count for b in ours.bins)) == (5, 0.8, 5)
        assert ours.brier_parts.uncertainty == ours.brier_parts.resolution == 0
        assert ours.brier_parts.total == pytest.approx(ours.brier, abs=1e-12)
        low, high = ours.overconfidence_interval
        assert low < ours.overconfidence < high


def test_one_example_has_no_interval_and_without_resamples_the_errors_have_none():
    one, none = calibration([[1.0, 0.0]], [1]), calibration([[1.0, 0.0]] * 9, [1] * 9, resamples=0)
    for name in ("ece", "mce", "nll", "brier"):
        assert all(math.isnan(v) for found in (one, none) for v in getattr(found, f"{name}_interval"))
    assert math.isnan(one.overconfidence_interval.low) and none.overconfidence_interval.low > 0
    assert one.sentence().startswith("Without an interval nothing can be said about over-confidence: over ")
    assert "(no interval)" in one.sentence() and math.isnan(none.mce_if_calibrated)
    assert calibration([[1.0, 0.0]], [1]).brier == pytest.approx(2 / (1 + math.exp(-1)) ** 2, rel=1e-12)


def test_a_thousand_classes():
    z, y = drawn(12, n=400, c=1000)
    p = softmax(z)
    for strategy in ("width", "mass"):
        ours = measure(z, y, strategy=strategy)
        assert ours.brier == pytest.approx(brier_score_loss(y, p, labels=range(1000)), rel=1e-9)
        assert ours.brier_parts.total == pytest.approx(ours.brier, abs=1e-12)
    assert fit_temperature(z, y) == pytest.approx(1, rel=0.2)


def test_certain_and_wrong_is_finite():
    ours = measure([[1e4, 0.0], [0.0, 1e4]], [1, 1])
    assert (ours.nll, ours.brier, ours.mean_confidence, ours.ece) == pytest.approx((5e3, 1, 1, 0.5))
    assert ours.bins[-1].count == 2 and ours.histogram == (0,) * 14 + (2,)


def test_of_equal_logits_the_first_is_the_choice():
    assert measure([[0.0, 0.0], [0.0, 0.0]], [0, 1]).accuracy == 0.5
    assert measure([[0.0, 0.0, 0.0]], [0]).accuracy == 1 and measure([[0.0, 0.0, 0.0]], [2]).accuracy == 0


def test_results_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        measure([[0.0, 1.0]], [0]).ece = 0.0
    assert BrierParts(0.5, 0.25, 0.5, 0.125).total == 0.875


TWO = [[0.0, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize(("z", "y", "how", "says"), [
    (np.zeros((0, 3)), np.zeros(0, dtype=int), {}, r"logits must have shape .* at least 1 example .* got \(0, 3\)"),
    (TWO, [-1, -1], {}, "none of the 2 examples has a label; calibration needs the true classes"),
    ([[math.nan, 0.0], [1.0, 0.0]], [0, 1], {}, "logits must be finite, got nan or inf in 1 of 2 examples, first in"),
    (TWO, [0, 2], {}, r"labels must be in \[-1, 1\] for 2 classes"),
    (TWO, [0, 1], {"bins": 0}, "bins must be at least 1, got 0"),
    (TWO, [0, 1], {"strategy": "quantile"}, "strategy must be one of width, mass, got 'quantile'"),
    (TWO, [0, 1], {"resamples": -1}, r"resamples must be at least 0 \(0: no intervals\), got -1"),
    (TWO, [0, 1], {"confidence": 95}, "confidence must lie between 0 and 1, such as 0.95, got 95"),
])  # fmt: skip
def test_what_cannot_be_measured_is_said_in_a_sentence(z, y, how, says):
    with pytest.raises(ValueError, match=says):
        calibration(z, y, **how)
    if not how:
        with pytest.raises(ValueError, match=says):
            fit_temperature(z, y)


def of_confidence(gap, right, n=400):
    """Return the calibration of a model that says class 0 with the same logits of all n, and is right in ``right``."""
    return calibration(np.tile([gap, 0.0], (n, 1)), [0] * right + [1] * (n - right))


over, under, fair = of_confidence(3.0, 300), of_confidence(1.0, 350), of_confidence(math.log(3), 300)


def test_the_sentence_says_no_more_than_the_interval():
    assert over.sentence().startswith("The model is over-confident: over 400 examples its mean confidence is 0.953 and")
    assert "a difference of +20.3 points (95 % CI +" in over.sentence()
    assert under.sentence().startswith("The model is under-confident: ") and "of -14.4 points" in under.sentence()
    assert fair.sentence().startswith("These examples show neither over- nor under-confidence: ")


EITHER = "shows neither over- nor under-confidence"


@pytest.mark.parametrize(("teacher", "student", "says"), [
    (over, over, "Both teacher and student are over-confident: "),
    (over, under, "The teacher is over-confident; the student is under-confident: "),
    (over, fair, f"The teacher is over-confident; the student {EITHER}: "),
    (under, over, "The student is over-confident; the teacher is under-confident: "),
    (fair, over, f"The student is over-confident; the teacher {EITHER}: "),
    (fair, under, f"Neither is over-confident: the teacher {EITHER}, the student is under-confident: "),
    (measure([[1.0, 0.0]], [0]), measure([[1.0, 0.0]], [1]), "Without intervals nothing can be said about inherited "),
])  # fmt: skip
def test_what_may_be_said_of_inheriting(teacher, student, says):
    sentence = inherited(teacher, student)
    assert sentence.startswith(says)
    low, high = teacher.overconfidence_interval
    assert math.isnan(low) or (
        f"{100 * teacher.overconfidence:+.1f} points (95 % CI {100 * low:+.1f} to {100 * high:+.1f})" in sentence
    )
    assert sentence.endswith(" for the student.") and f"{100 * student.overconfidence:+.1f} points (" in sentence


def test_models_measured_apart_are_not_compared():
    with pytest.raises(ValueError, match="must be measured on the same examples, got 400 and 401"):
        inherited(over, of_confidence(3.0, 300, n=401))
    other = calibration([[3.0, 0.0]] * 400, [0] * 400, confidence=0.9)
    with pytest.raises(ValueError, match=r"intervals of the same confidence, got 0\.95 and 0\.9"):
        inherited(over, other)


def test_no_warning_is_given_where_a_temperature_is_found():
    z, y = drawn(13)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert 0.5 < fit_temperature(z, y) < 2
