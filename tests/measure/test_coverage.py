"""How often intervals hold the truth, by simulation; all settings with KDVIZ_FULL=1, which takes an hour."""

from __future__ import annotations

import importlib.util
import math
import os
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location(
    "coverage_of_intervals", Path(__file__).parents[2] / "benchmarks/coverage.py"
)
coverage = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = coverage  # its dataclasses look for their module there
spec.loader.exec_module(coverage)

FULL = os.environ.get("KDVIZ_FULL") == "1"
RUNS = 1000 if FULL else 300
LEAST = 0.90
MOST = 0.98  # where counts are not so small that any interval which reaches 0.90 elsewhere holds more
QUICK = {
    "gap: 8 groups of 200, one .98, others .78": MOST,
    "gap: 8 groups of 200, equal .9": 1,
    "gap: 2 groups of 30, .7 to .9": 1,
    "gap: 14 groups of 30 to 2000, .7 to .9": 1,
    "odds gap: 4 groups of 150 + 150, both": 1,
    "gap difference: 8 groups of 200, teacher .9, student .7 to .9, r = 0.6": 1,
    "gap difference: 2 groups of 200, both .7 to .9, r = 0.6": MOST,
    "null verdict: 2 groups of 1000, unequal rates, same for both models": 1,
    "paired: 2 seeds, 0.002 of 2000 differ": 1,
    "paired: 3 seeds, 0.1 of 10000 differ": MOST,
    "paired errors: 0.05 and 0.02 of 200": 1,
    "share: 0.9991 of 200": 1,
    "exact match: 0.8 of 20 sequences": 1,
    "agreement: 0.8 of the tokens of 20, r = 0.3 within, log length sd 1": MOST,
    "ece: five confidences, calibrated, n = 1000": 1,
    "ece: over-confident, n = 1000": MOST,
    "overconfidence: sure, over-confident, n = 200": MOST,
    "nll: over-confident, n = 1000": MOST,
}
CASES = {f"{case.kind}: {case.name}": case for case in coverage.cases()} if FULL else {}


@pytest.mark.parametrize("name", list(CASES) or list(QUICK))
def test_intervals_hold_the_truth(name):
    case = CASES.get(name) or next(case for case in coverage.cases() if f"{case.kind}: {case.name}" == name)
    found = coverage.simulate(case, RUNS)
    off = 3 * math.sqrt(LEAST * (1 - LEAST) / RUNS)
    assert math.isnan(found.held) or LEAST - off <= found.held <= min(1, QUICK.get(name, 1) + off), found
