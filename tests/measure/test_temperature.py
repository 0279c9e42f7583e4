"""The temperature that fits: the best, that of scipy, and one found again."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import log_loss

from kdviz.measure.calibration import TEMPERATURE_BOUNDS, fit_temperature

from .drawn_logits import drawn, measure, seeds, softmax


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


def test_no_warning_is_given_where_a_temperature_is_found():
    z, y = drawn(13)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert 0.5 < fit_temperature(z, y) < 2
