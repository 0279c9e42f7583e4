"""Intervals of gaps between groups: exact inverted tests of two groups, and what a gap's interval must never do."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from kdviz.measure.gap_interval import Counts, of_difference, of_gap, of_ratio


def nearest_of_two(k, n, d):
    """The two rates at distance d that lie nearest to those seen, by hand."""
    x, p = k / n, (k + 1) / (n + 2)
    w = n / (p * (1 - p))
    high, low = int(x.argmax()), int(x.argmin())
    more = d - (x[high] - x[low])
    x[high] += more * w[low] / w.sum()
    x[low] -= more * w[high] / w.sum()
    x -= min(0, x.min())
    return x - max(0, x.max() - 1)


@pytest.mark.parametrize(("k", "n"), [((50, 80), (100, 100)), ((27, 22), (30, 40)), ((60, 57), (60, 60))])
def test_of_two_groups_the_interval_is_the_exact_inverted_test(k, n):
    k, n = np.array(k), np.array(n)
    seen = abs(k[0] / n[0] - k[1] / n[1])
    a, b = np.arange(n[0] + 1), np.arange(n[1] + 1)
    gap = np.abs(a[:, None] / n[0] - b[None, :] / n[1])
    belongs = []
    for d in np.linspace(0, 0.6, 301):
        p = nearest_of_two(k, n, d)
        chance = scipy.stats.binom.pmf(a, n[0], p[0])[:, None] * scipy.stats.binom.pmf(b, n[1], p[1])
        if min(chance[gap >= seen - 1e-12].sum(), chance[gap <= seen + 1e-12].sum()) >= 0.025:
            belongs.append(d)
    assert of_gap([Counts(k, n)], 0.95, 20_000, 0) == pytest.approx((min(belongs), max(belongs)), abs=0.012)


counts = st.integers(2, 8).flatmap(
    lambda g: st.tuples(
        st.lists(st.floats(0, 1), min_size=g, max_size=g), st.lists(st.integers(30, 500), min_size=g, max_size=g)
    )
)


@settings(max_examples=40)
@given(counts, st.integers(0, 100))
def test_a_gap_and_a_ratio_lie_in_their_intervals_within_what_is_possible(drawn, seed):
    of = np.array(drawn[1])
    hits = np.rint(np.array(drawn[0]) * of).astype(int)
    part = Counts(hits, of)
    low, high = of_gap([part], 0.95, 100, seed)
    assert 0 <= low <= np.ptp(part.rates) <= high <= 1 and high > 0
    if hits.any():
        low, high = of_ratio([part], 0.95, 100, seed)
        assert 0 <= low <= part.rates.min() / part.rates.max() <= high <= 1
    turned = Counts(of - hits, of)
    between = of_difference([part], [turned], [np.zeros_like(of)], 0.95, 100, seed)
    assert -1 <= between[0] <= np.ptp(turned.rates) - np.ptp(part.rates) <= between[1] <= 1


def test_groups_without_members_and_the_order_of_groups_change_nothing():
    k, n = np.array([160, 150, 190]), np.array([200, 200, 200])
    ends = of_gap([Counts(k, n)], 0.95, 4000, 0)
    assert of_gap([Counts(np.append(k, 0), np.append(n, 0))], 0.95, 4000, 0) == ends
    assert of_gap([Counts(k[::-1], n)], 0.95, 4000, 0) == pytest.approx(ends, abs=0.01)
    assert of_gap([Counts(n - k, n)], 0.95, 4000, 0) == pytest.approx(ends, abs=0.01)


def test_more_confidence_and_fewer_examples_give_wider_intervals():
    def width(factor, confidence):
        low, high = of_gap([Counts(np.array([80, 90, 95]) * factor, np.array([100] * 3) * factor)], confidence, 2000, 0)
        return high - low

    assert width(1, 0.99) > width(1, 0.95) > width(4, 0.95) > width(16, 0.95) > 0


def test_models_that_answer_alike_differ_by_little_but_not_by_nothing():
    k, n = np.array([160, 180]), np.array([200, 200])
    one = Counts(k, n)
    low, high = of_difference([one], [one], [k], 0.95, 1000, 0)
    assert -0.05 < low < 0 < high < 0.05
    apart = of_difference([one], [one], [np.rint(k * k / n).astype(int)], 0.95, 1000, 0)  # as if they knew nothing
    assert apart[1] > 2 * high  # of each other


def test_eight_groups_of_which_one_is_better():
    """The case that a bootstrap gave as 0.200 (0.200 to 0.286)."""
    k, n = np.array([196] + [156] * 7), np.full(8, 200)
    low, high = of_gap([Counts(k, n)], 0.95, 4000, 0)
    assert 0.1 < low < 0.16 and 0.2 < high < 0.24
