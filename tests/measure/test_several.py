"""Several comparisons at once: p-values against Student's test, Holm's correction against its rejections one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import ttest_1samp

import kdviz as kd
from kdviz.measure.several import holm, p_value, p_value_of_interval


def rejected(p: list[float], alpha: float) -> list[bool]:
    """Holm (1979), step by step: reject while the smallest p left is at most alpha over how many are left."""
    found, left = [False] * len(p), set(range(len(p)))
    while left:
        least = min(left, key=lambda i: p[i])
        if p[least] > alpha / len(left):
            break
        found[least] = True
        left.remove(least)
    return found


def test_holm_rejects_what_the_steps_of_its_paper_reject():
    rng = np.random.default_rng(0)
    for count in (1, 2, 7, 23):
        for _ in range(50):
            p = (rng.random(count) ** rng.integers(1, 6)).tolist()
            p[-1] = p[0]  # ties
            adjusted = holm(p)
            for alpha in (0.01, 0.05, 0.2):
                assert [one <= alpha for one in adjusted] == rejected(p, alpha)
            assert all(q <= a <= min(1, q * count) + 1e-15 for q, a in zip(p, adjusted, strict=True))


def test_holm_gives_what_statsmodels_gives_and_refuses_what_is_no_p():
    # statsmodels.stats.multitest.multipletests(p, method="holm")[1], version 0.14
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9, 0.02]) == pytest.approx([1.0, 1.0, 0.06]) and holm([]) == []
    with pytest.raises(ValueError, match="p_values must be numbers from 0 to 1, got nan"):
        holm([0.5, math.nan])


def test_p_is_that_of_students_test_and_agrees_with_the_interval():
    rng = np.random.default_rng(1)
    for n in (2, 3, 5, 12):
        for centre in (0.0, 1.0, 4.0):
            d = rng.normal(centre, 1, n).tolist()
            expected = ttest_1samp(d, 0).pvalue
            assert p_value(d, step=0) == pytest.approx(expected, rel=1e-6)
            found = kd.measure.paired(d, step=0)
            assert p_value_of_interval(found.mean, found.low, found.high, n) == pytest.approx(expected, rel=1e-6)
            whole = np.rint(np.array(d) * 10).tolist()
            assert (p_value(whole) < 0.05) == (kd.measure.paired(whole).verdict in ("fewer", "more"))
            assert p_value(whole, step=0) <= p_value(whole) + 1e-12  # rounding leaves more open
    assert math.isnan(p_value([3])) and p_value([0, 0]) == 1.0
    with pytest.raises(ValueError, match="expected low <= mean <= high over at least 2 pairs"):
        p_value_of_interval(5, 1, 2, 3)
