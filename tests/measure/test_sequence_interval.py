"""Intervals by sequence: how often they hold the truth, beside intervals that count tokens."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kdviz.measure.sequence_interval import ratio, share
from kdviz.measure.wilson import wilson

RUNS, N = 400, 40


def drawn(seed, n=N):
    """Tokens of n sequences: those of one are alike, and long ones are harder."""
    random = np.random.default_rng(seed)
    lengths = random.integers(3, 40, n)
    easy = random.beta(4, 1, n) * (1 - lengths / 100)
    hits = random.binomial(lengths, easy)
    surprise = (1 - easy) * 3 * lengths + random.normal(0, 0.1, n) * lengths
    return lengths, hits, surprise


def truth():
    lengths, hits, surprise = drawn(10**6, 400_000)
    return surprise.sum() / lengths.sum(), hits.sum() / lengths.sum()


def test_they_hold_the_truth_as_often_as_they_say_and_those_by_token_do_not():
    mean, p = truth()
    held = {"ratio": 0, "share": 0, "by token": 0}
    for seed in range(RUNS):
        lengths, hits, surprise = drawn(seed)
        one, two = ratio(surprise, lengths), share(hits, lengths)
        low, high = wilson(hits.sum(), lengths.sum(), 0.95)
        held["ratio"] += one.low <= mean <= one.high
        held["share"] += two.low <= p <= two.high
        held["by token"] += low <= p <= high
    off = 3 * math.sqrt(0.95 * 0.05 / RUNS)
    assert 0.92 - off / 2 <= held["ratio"] / RUNS <= 0.95 + off
    assert 0.92 - off / 2 <= held["share"] / RUNS <= 0.95 + off
    assert held["by token"] / RUNS < 0.8


@pytest.mark.parametrize("n", [3, 20])
def test_they_hold_it_where_a_few_long_sequences_make_up_most_of_the_text(n):
    random, runs, held = np.random.default_rng(1), 1000, 0
    for _ in range(runs):
        lengths = np.maximum(1, np.exp(random.normal(3, 1, n)).round())
        totals = random.gamma(lengths, 2 * random.gamma(4, 0.25, n))  # 2 a token on average
        found = ratio(totals, lengths)
        held += found.low <= 2 <= found.high
    assert 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs) <= held / runs <= 0.99


def test_one_token_a_sequence_gives_the_intervals_that_are_known():
    random = np.random.default_rng(0)
    values = random.normal(2, 1, 25)
    found = ratio(values, np.ones(25))
    half = 2.0638985616280205 * values.std(ddof=1) / 5  # Student's, 24 degrees of freedom
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half))
    hits = np.r_[np.ones(800), np.zeros(200)]
    found = share(hits, np.ones(1000))
    assert (found.low, found.high) == pytest.approx(wilson(800, 1000, 0.95), abs=2e-4)


def test_corners():
    assert share([3, 5], [3, 5]).high == 1 and share([3, 5], [3, 5]).low < 0.5  # two sequences say little
    assert share([0, 0, 0], [9, 9, 9]).low == 0
    one = ratio([4.0], [2])
    assert one.value == 2 and math.isnan(one.low) and share([1], [2]).n == 1
    with pytest.raises(ValueError, match="a count above 0 for each"):
        ratio([1.0, 2.0], [1, 0])
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        share([1, 2], [2, 2], 95)
