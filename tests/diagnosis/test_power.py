"""How many seeds or examples: against simulation and against tables."""

from __future__ import annotations

import numpy as np
import pytest

from kdviz.diagnosis import examples_needed, power, seeds_needed
from kdviz.measure import paired, paired_errors


def test_cohens_table_for_one_sample():
    # Cohen (1988) by G*Power: d = 0.5, 34 pairs for 80 %; d = 0.8, 15 pairs; d = 0.2, 199 pairs (two-sided, 5 %)
    assert [seeds_needed(d, 1.0) for d in (0.2, 0.5, 0.8)] == [199, 34, 15]


@pytest.mark.parametrize(("seeds", "effect"), [(3, 2.0), (5, 1.5), (10, 1.0), (20, 0.5)])
def test_power_is_how_often_it_is_seen(seeds, effect):
    draws = np.random.default_rng(0).normal(effect, 1.0, (4000, seeds))
    t = draws.mean(1) / (draws.std(1, ddof=1) / np.sqrt(seeds))
    half = paired(np.arange(seeds, dtype=float), step=0.0)
    quantile = (half.high - half.mean) / (half.sd / np.sqrt(seeds))
    seen = (np.abs(t) > quantile).mean()
    assert power(seeds, effect, 1.0) == pytest.approx(seen, abs=4 * np.sqrt(0.25 / 4000))


def test_power_grows_with_seeds_and_is_the_error_rate_without_a_difference():
    assert power(5, 0.0, 3.0, confidence=0.9) == pytest.approx(0.1)
    many = [power(n, 1.0, 2.0) for n in (2, 4, 8, 16, 32)]
    assert many == sorted(many) and many[-1] < 1


def test_seeds_needed_is_the_fewest():
    needed = seeds_needed(17.0, 31.0)
    assert power(needed, 17.0, 31.0) >= 0.8 > power(needed - 1, 17.0, 31.0)
    assert seeds_needed(0.0, 1.0) is None and seeds_needed(1e-6, 1.0) is None


@pytest.mark.parametrize(("error", "share", "apart"), [(0.1, 0.2, 0.06), (0.05, 0.3, 0.04)])
def test_so_many_examples_show_it_four_times_in_five(error, share, apart):
    n = examples_needed(share, error=error, apart=apart)
    only_twin, only_student = (apart + share * error) / 2, (apart - share * error) / 2
    g = np.random.default_rng(1)
    seen = 0
    for _ in range(400):
        u = g.random(n)
        verdict = paired_errors(u < only_student, u > 1 - only_twin).verdict
        seen += verdict == "fewer"
    assert seen / 400 == pytest.approx(0.8, abs=0.07)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: power(1, 1.0, 1.0), "seeds must be at least 2, got 1"),
        (lambda: power(3, 1.0, 0.0), "sd must be finite and > 0"),
        (lambda: examples_needed(0.1, error=0.0, apart=0.1), "error must lie in"),
        (lambda: seeds_needed(1.0, 1.0, power_wanted=80), "confidence must lie between 0 and 1"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
