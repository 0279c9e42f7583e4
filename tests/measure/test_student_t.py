"""Student's quantile, held against scipy's."""

from __future__ import annotations

import math

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from kdviz.measure import student_t
from kdviz.measure.student_t import two_sided


@given(st.integers(1, 20_000) | st.integers(1, 400), st.floats(0.001, 0.999999))
def test_quantiles_agree_with_scipy_to_1e_9(df, confidence):
    theirs = scipy.stats.t.isf((1 - confidence) / 2, df)
    assert two_sided(confidence, df) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
def test_quantiles_of_small_and_large_samples_agree_with_scipy(confidence):
    for df in (*range(1, 60), 299, 300, 301, 9_999, 10**6, 10**9):
        assert two_sided(confidence, df) == pytest.approx(scipy.stats.t.isf((1 - confidence) / 2, df), rel=1e-9), df


def test_one_and_two_degrees_of_freedom_have_closed_forms():
    assert two_sided(0.95, 1) == pytest.approx(math.tan(0.95 * math.pi / 2), rel=1e-12)
    assert two_sided(0.95, 2) == pytest.approx(0.95 * math.sqrt(2 / (1 - 0.95**2)), rel=1e-12)


@given(st.sampled_from([0.5, 0.95, 0.999999]))
def test_sum_and_expansion_meet(confidence):
    df = student_t.EXPANDED_FROM
    assert student_t._bisected(confidence, df) == pytest.approx(student_t._expanded(confidence, df), rel=1e-9)


@given(st.integers(1, 500), st.floats(0.01, 0.98))
def test_more_confidence_and_fewer_degrees_of_freedom_give_wider_intervals(df, confidence):
    assert two_sided(confidence + 0.01, df) > two_sided(confidence, df) > two_sided(confidence, df + 1)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.5, math.nan])
def test_a_confidence_out_of_range_is_named(confidence):
    with pytest.raises(ValueError, match=f"confidence must lie between 0 and 1, such as 0.95, got {confidence}"):
        two_sided(confidence, 3)


def test_too_few_degrees_of_freedom_are_named():
    with pytest.raises(ValueError, match="df must be at least 1, got 0"):
        two_sided(0.95, 0)
