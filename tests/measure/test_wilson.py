"""Wilson's interval, modified at its ends: values of others, and exact coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from kdviz.measure.wilson import wilson


@pytest.mark.parametrize("n", [10, 50, 51, 200, 10_000])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_away_from_the_ends_it_is_wilsons_and_at_them_poissons(n, confidence):
    few = 2 if n <= 50 else 3
    for k in {0, 1, 2, 3, 4, n // 3, n // 2, n - 4, n - 3, n - 1, n} - {few + 1}:
        theirs = scipy.stats.binomtest(k, n).proportion_ci(confidence, method="wilson")
        low, high = theirs.low, theirs.high
        if 1 <= k <= few:
            low = scipy.stats.chi2.ppf(1 - confidence, 2 * k) / 2 / n
        if 1 <= n - k <= few:
            high = 1 - scipy.stats.chi2.ppf(1 - confidence, 2 * (n - k)) / 2 / n
        assert wilson(k, n, confidence) == pytest.approx((low, high), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("n", [10, 30, 50, 200, 1000, 10_000])
def test_at_every_share_at_least_ninety_in_a_hundred_hold_it(n):
    k = np.arange(n + 1)
    low, high = np.array([wilson(int(i), n, 0.95) for i in k]).T
    shares = np.unique(np.concatenate([np.geomspace(0.02 / n, min(30 / n, 0.5), 120), np.linspace(0.01, 0.5, 30)]))
    for p in (*shares, *(1 - shares)):
        held = scipy.stats.binom.pmf(k, n, p)[(low <= p) & (p <= high)].sum()
        assert held >= 0.91, (n, p, held)


def test_of_nothing_there_is_no_interval():
    assert all(math.isnan(end) for end in wilson(0, 0, 0.95))
