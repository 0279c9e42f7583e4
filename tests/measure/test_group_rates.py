"""Rates of groups, counted: as fairlearn counts them."""

from __future__ import annotations

import fairlearn.metrics
import numpy as np
import pandas as pd
import pytest

from kdviz.measure.bias import bias

from .predictions import EOD, synthetic


def test_counted_here_the_numbers_are_the_same():
    choices, y, group = synthetic(n=300, groups=4)
    groups = {"g": group, "h": np.arange(300) % 2}
    theirs, ours = (bias(choices, y, groups, resamples=20, by_fairlearn=by).frame() for by in (True, False))
    pd.testing.assert_frame_equal(theirs, ours, rtol=1e-12, atol=1e-12)


def test_rates_of_one_class_among_many_are_one_against_the_rest_and_accuracy_is_of_all():
    predictions, y, group = synthetic(2, 800, classes=5)
    found = bias(predictions, y, {"g": group}, positive=3, resamples=20).of("student", "g")
    choice = predictions["student"]
    assert found.gaps[EOD].value == pytest.approx(
        fairlearn.metrics.equalized_odds_difference(y == 3, choice == 3, sensitive_features=group), abs=1e-12
    )
    assert [g.accuracy.value for g in found.groups] == pytest.approx(
        [np.mean((choice == y)[group == i]) for i in range(3)]
    )
