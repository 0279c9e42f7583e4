"""Calibration: against torchmetrics, scikit-learn and scipy, and what must hold of any probabilities."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss

from kdviz.measure import calibration as module
from kdviz.measure.calibration import BrierParts, calibration, fit_temperature, inherited

from .drawn_logits import counts, drawn, measure, seeds, softmax

strategies = st.sampled_from(["width", "mass"])


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


def test_a_seed_gives_the_same_again_in_blocks_too(monkeypatch):
    z, y = drawn(5, n=64)
    whole = calibration(z, y, resamples=100)
    monkeypatch.setattr(module, "BLOCK", 64 * 2)  # classes two by two
    blocks = calibration(z, y, resamples=100)
    assert blocks.ece_interval == whole.ece_interval
    assert blocks.classwise_ece == pytest.approx(whole.classwise_ece, abs=1e-12)
    assert blocks.classwise_ece_if_calibrated == pytest.approx(whole.classwise_ece_if_calibrated, abs=1e-12)
    assert calibration(z, y, resamples=100, seed=1).ece_interval != whole.ece_interval


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
    assert under.sentence().startswith("The model is under-confident: ") and "of −14.4 points" in under.sentence()
    assert fair.sentence().startswith("These examples show neither over- nor under-confidence: ")


def clause(who, model):
    """Return what is said of one model: a claim only where the interval lies on one side of 0."""
    low, high = model.overconfidence_interval
    gap, signed = 100 * model.overconfidence, [f"{100 * x:+.1f}" for x in (model.overconfidence, low, high)]
    if math.isnan(low):
        text = f"the {who}’s confidence − accuracy is {signed[0]} points (no interval)"
    elif low > 0:
        ends = f"{100 * low:.1f} to {100 * high:.1f}"
        text = f"the {who}’s confidence exceeds its accuracy by {gap:.1f} points (95 % CI {ends})"
    elif high < 0:
        ends = f"{-100 * high:.1f} to {-100 * low:.1f}"
        text = f"the {who}’s confidence is below its accuracy by {-gap:.1f} points (95 % CI {ends})"
    else:
        within = f"({signed[0]} points, 95 % CI {signed[1]} to {signed[2]})"
        text = f"the {who}’s confidence matches its accuracy within the noise {within}"
    return text.replace("-", "−")


@pytest.mark.parametrize(("teacher", "student", "says"), [
    (over, under, "the student’s confidence is below its accuracy by 14.4 points"),
    (under, over, "the student’s confidence exceeds its accuracy by 20.3 points"),
    (over, fair, "the student’s confidence matches its accuracy within the noise"),
    (fair, under, "the teacher’s confidence matches its accuracy within the noise"),
    (measure([[1.0, 0.0]], [0]), measure([[1.0, 0.0]], [1]), "(no interval)"),
])  # fmt: skip
def test_what_is_said_of_both_is_decided_by_the_intervals(teacher, student, says):
    sentence = inherited(teacher, student).replace("\u00a0", " ")
    start = f"On {teacher.n} labelled examples: "
    assert sentence == f"{start}{clause('student', student)}; {clause('teacher', teacher)}."
    assert says in sentence


def test_models_measured_apart_are_not_compared():
    with pytest.raises(ValueError, match="must be measured on the same examples, got 400 and 401"):
        inherited(over, of_confidence(3.0, 300, n=401))
    other = calibration([[3.0, 0.0]] * 400, [0] * 400, confidence=0.9)
    with pytest.raises(ValueError, match=r"intervals of the same confidence, got 0\.95 and 0\.9"):
        inherited(over, other)
