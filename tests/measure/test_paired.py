"""Paired differences and their intervals: closed forms, scipy, and simulations that ask how often one is right."""

from __future__ import annotations

import dataclasses
import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kdviz.measure import paired, paired_errors

numbers = st.floats(-1e4, 1e4)
wrong = hnp.arrays(bool, st.integers(1, 60))


@given(st.lists(numbers, min_size=2, max_size=30), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_interval_is_that_of_the_t_test(differences, confidence):
    result = paired(differences, confidence, step=0)
    n = len(differences)
    mean = math.fsum(differences) / n
    sd = math.sqrt(math.fsum((d - mean) ** 2 for d in differences) / (n - 1))
    half = scipy.stats.t.isf((1 - confidence) / 2, n - 1) * sd / math.sqrt(n)
    assert (result.mean, result.sd) == pytest.approx((mean, sd), rel=1e-9, abs=1e-9)
    assert (result.low, result.high) == pytest.approx((mean - half, mean + half), rel=1e-9, abs=1e-6)
    assert (result.n, result.confidence, result.differences) == (n, confidence, tuple(differences))


def test_the_five_seeds_of_the_readme():
    student, twin = [460, 450, 469, 473, 471], [660, 672, 634, 641, 599]
    gain = paired(np.array(student) - np.array(twin), step=0)
    assert (round(gain.mean), round(gain.sd), gain.verdict) == (-177, 36, "fewer")
    theirs = scipy.stats.ttest_rel(student, twin).confidence_interval(0.95)
    assert (gain.low, gain.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9)


@given(st.lists(numbers, min_size=2, max_size=10), numbers, st.floats(0.1, 10))
def test_the_interval_moves_and_stretches_with_the_differences(differences, shift, scale):
    before, after = paired(differences, step=0), paired([scale * d + shift for d in differences], step=0)
    assert (after.low, after.high) == pytest.approx((scale * before.low + shift, scale * before.high + shift), abs=1e-5)


def test_ninety_five_of_a_hundred_intervals_over_four_seeds_hold_the_truth():
    random, truth = np.random.RandomState(0), -3.0
    found = [paired(random.normal(truth, 5.0, size=4)) for _ in range(4000)]
    share = np.mean([f.low <= truth <= f.high for f in found])
    assert abs(share - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 4000)


@pytest.mark.parametrize(("differences", "verdict"), [
    ([-5, -6, -7], "fewer"),
    ([5, 6, 7], "more"),
    ([-5, 6, -7], "within the noise"),
    ([-5, -5], "within the noise"),
    ([-1, -1], "within the noise"),
    ([-200, -200], "within the noise"),
    ([-200, -210], "fewer"),
    ([-0.005, -0.005], "within the noise"),
    ([0, 0], "within the noise"),
    ([-5], "one run"),
])  # fmt: skip
def test_what_may_be_said_of_a_difference(differences, verdict):
    assert paired(differences).verdict == verdict
    assert paired(torch.tensor(differences).numpy()).verdict == verdict


def ends_by_search(d, step, confidence=0.95):
    """The ends of Student's intervals over a fine grid of numbers that round to ``d``, with no code in common."""
    ends = []
    for shift in itertools.product(np.linspace(-step / 2, step / 2, 5), repeat=len(d)):
        half = scipy.stats.t.isf((1 - confidence) / 2, len(d) - 1) * scipy.stats.sem(d + np.array(shift))
        ends += [np.mean(d + np.array(shift)) - half, np.mean(d + np.array(shift)) + half]
    return min(ends), max(ends)


@pytest.mark.parametrize("d", [[-1.0, -3.0], [-5.0, -6.0, -7.0], [4.0, 4.0, 9.0, -2.0]])
@pytest.mark.parametrize("step", [1.0, 2.0])
def test_the_interval_holds_those_of_all_numbers_that_round_to_what_was_counted(d, step):
    found = paired(d, step=step)
    assert (found.low, found.high) == pytest.approx(ends_by_search(np.array(d), step), rel=1e-9)


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=8), st.floats(0.001, 10))
def test_the_step_goes_with_the_unit_of_the_differences(counts, unit):
    whole, scaled = paired(counts, step=1), paired([unit * c for c in counts], step=unit)
    assert (scaled.low, scaled.high) == pytest.approx((unit * whole.low, unit * whole.high), rel=1e-9, abs=1e-9)
    assert whole.low < whole.mean < whole.high


@pytest.mark.parametrize(
    ("d", "step"), [([2, 4], 1), ([0.5, 1.25], 0.25), ([0.03, 0.05], 0.01), ([7, 7], 7), ([0, 0], 1)]
)
def test_the_step_is_found_in_the_differences(d, step):
    assert paired(d).low == pytest.approx(paired(d, step=step).low, rel=1e-6)


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("differ", [0.0005, 0.002, 0.02])
def test_equal_recipes_are_called_different_in_at_most_five_of_a_hundred(seeds, differ):
    """Errors on 2,000 examples of two students that differ by chance alone, pair by pair."""
    random, runs = np.random.RandomState(3), 1200
    counts = random.multinomial(2000, [differ, differ, 1 - 2 * differ], size=(runs, seeds))
    called = np.mean([paired(d).verdict != "within the noise" for d in counts[..., 0] - counts[..., 1]])
    assert called <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)


def test_one_pair_has_no_interval():
    alone = paired([-5.0])
    assert (alone.mean, alone.n) == (-5.0, 1)
    assert all(math.isnan(v) for v in (alone.sd, alone.low, alone.high))


@pytest.mark.parametrize("differences", [[], [1.0, math.nan], [math.inf], [[1.0, 2.0]], 3.0])
def test_what_are_no_differences_is_said_in_a_sentence(differences):
    with pytest.raises(ValueError, match="differences must be one or more finite numbers, one per pair, got"):
        paired(differences)


def test_results_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        paired([1.0]).mean = 0.0


@given(st.data(), wrong)
def test_the_difference_in_errors_comes_from_the_examples_that_one_alone_gets_wrong(data, a):
    b = data.draw(hnp.arrays(bool, len(a)))
    result = paired_errors(a, b)
    only_a = sum(x and not y for x, y in zip(a.tolist(), b.tolist(), strict=True))
    only_b = sum(y and not x for x, y in zip(a.tolist(), b.tolist(), strict=True))
    assert (result.only_a, result.only_b, result.n) == (only_a, only_b, len(a))
    assert result.mean == only_a - only_b == int(a.sum()) - int(b.sum())
    n, d = len(a), np.concatenate([a.astype(float) - b, [1.0, -1.0]])  # an example more for each of both
    assert result.sd == pytest.approx(n * d.std() / math.sqrt(n + 2), rel=1e-9)
    half = scipy.stats.norm.isf(0.025) * result.sd
    ends = np.clip([n * d.mean() - half, n * d.mean() + half], -n, n)
    assert (result.low, result.high) == pytest.approx(tuple(ends), rel=1e-9, abs=1e-9)
    assert -n <= result.low <= result.mean <= result.high <= n
    back = paired_errors(b, a)
    assert (back.mean, back.low, back.high) == (-result.mean, -result.high, -result.low)


def test_for_many_examples_it_is_the_t_test_of_the_differences():
    random = np.random.RandomState(0)
    a, b = random.rand(10_000) < 0.05, random.rand(10_000) < 0.06
    of_sum, of_mean = paired_errors(a, b), paired(a.astype(float) - b.astype(float), step=0)
    assert of_sum.sd == pytest.approx(of_mean.sd * math.sqrt(10_000), rel=2e-3)
    assert (of_sum.low, of_sum.high) == pytest.approx((of_mean.low * 10_000, of_mean.high * 10_000), rel=1e-2)


@pytest.mark.parametrize(("only_a", "only_b"), [(0.02, 0.03), (0.002, 0.004), (0.0, 0.003)])
def test_ninety_five_of_a_hundred_intervals_hold_the_true_difference_in_errors(only_a, only_b):
    """Draw test sets of 2,000 from examples of which a known share is got wrong by a alone, by b alone or by both."""
    random, N = np.random.RandomState(1), 2000
    right = 0
    for _ in range(1500):
        u = random.rand(N)
        found = paired_errors(u < only_a + 0.01, (u >= only_a) & (u < only_a + 0.01 + only_b))
        right += found.low <= N * (only_a - only_b) <= found.high
    assert right / 1500 >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / 1500)


def test_ninety_five_of_a_hundred_is_no_more_than_that_where_many_examples_differ():
    random, N = np.random.RandomState(2), 2000
    pairs = [(random.rand(N) < 0.2, random.rand(N) < 0.2) for _ in range(1500)]
    share = np.mean([f.low <= 0 <= f.high for f in (paired_errors(a, b) for a, b in pairs)])
    assert abs(share - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 1500)


def test_a_few_examples_are_no_difference_and_many_are():
    def verdict(only_a: int, only_b: int) -> str:
        a, b = np.zeros(10_000, dtype=bool), np.zeros(10_000, dtype=bool)
        a[:only_a], b[only_a : only_a + only_b] = True, True
        return paired_errors(a, b).verdict

    assert verdict(0, 0) == verdict(0, 4) == verdict(5, 0) == verdict(60, 50) == "within the noise"
    assert verdict(200, 300) == "fewer" and verdict(300, 200) == "more"
    assert verdict(0, 8) == "fewer"


def test_tensors_are_taken_too():
    assert paired_errors(torch.tensor([True, False]), torch.tensor([False, False])).mean == 1


@pytest.mark.parametrize(("a", "b", "says"), [
    ([True], [True, False], r"must have the same shape \(N,\).*got \(1,\) and \(2,\)"),
    (np.zeros(0, dtype=bool), np.zeros(0, dtype=bool), "must have the same shape"),
    (np.zeros((2, 2), dtype=bool), np.zeros((2, 2), dtype=bool), "must have the same shape"),
    ([0, 1], [1, 1], "must be arrays of bool, got int64 and int64"),
])  # fmt: skip
def test_what_are_no_answers_is_said_in_a_sentence(a, b, says):
    with pytest.raises(ValueError, match=says):
        paired_errors(a, b)


def test_all_wrong_against_none_is_no_more_than_there_are_examples():
    found = paired_errors(np.ones(20, dtype=bool), np.zeros(20, dtype=bool))
    assert (found.mean, found.high, found.verdict) == (20, 20, "more")
    variance = (22 / 22 - (20 / 22) ** 2) / 22  # 21 and 1 of 22, one added to each
    assert found.low == pytest.approx(20 * (20 / 22 - scipy.stats.norm.isf(0.025) * math.sqrt(variance)), abs=1e-9)


def test_importing_it_loads_no_scipy():
    code = "import sys, kdviz.measure; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
