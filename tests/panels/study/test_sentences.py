"""What the Study page says."""

from __future__ import annotations

import math
from dataclasses import replace

from kdviz.panels.study import sentences
from kdviz.panels.study.choices import StudyChoices
from kdviz.panels.study.plan import Plan
from kdviz.study.choosing import Choice

from .conftest import QUICK


def test_what_all_cells_share_leaves_out_the_axes():
    told = sentences.fixed(StudyChoices.of(QUICK))
    assert "8 hidden units, 100 labels" in told and "2 epochs" in told and "2 seeds" in told
    assert "T =" not in told and "α =" not in told
    told = sentences.fixed(StudyChoices.of({"x": "units", "y": "labels", "data": "adult", "fairness": 0.5}))
    assert "penalty demographic parity by sex, λ = 0.5" in told and "T = 4, α = 0.9" in told and "hidden" not in told
    assert sentences.size(Plan.of(StudyChoices.of({**QUICK, "seeds": 1}))) == "4 cells × 1 seed, and 1 twin"


def test_what_choosing_costs_is_told_by_its_size():
    plan = Plan.of(StudyChoices.of(QUICK))
    found = Choice(plan.study.arms[0], 4, 3, 0.05, 0.06, 0.08, 0.085, 5000, 10_000, 0.004, 0.009)
    first, cost = sentences.chosen(found, "T = 1")
    assert first == (
        "★ Best of 4 on validation data: T = 1, 5.00\u202f% of 5,000 examples wrong; "
        "on the 10,000 test examples 6.00\u202f%."
    )
    assert "too low by some 0.40 percentage points (from validation to test: +1.00 for it, +0.50 for all cells)" in cost
    assert cost.endswith("quote the test errors. For students trained anew with other seeds it is 0.90.")
    little = sentences.chosen(replace(found, optimism=0.0001, of_setting=0.0001), "T = 1")[1]
    assert "costs next to nothing" in little and "anew" not in little
    assert len(sentences.chosen(replace(found, optimism=math.nan), "T = 1")) == 1
    assert len(sentences.chosen(replace(found, among=1), "T = 1")) == 1
    assert "test" not in sentences.chosen(replace(found, test=math.nan), "T = 1")[0]


def test_chance_alone_is_counted_from_two_cells_on():
    assert "about 0.6" in sentences.by_chance(12) and sentences.by_chance(1) == ""
