"""The rows of the map, brought up to date arm by arm."""

from __future__ import annotations

import math

from kdviz.panels.study.cells import Cells, axis_rows, kind_rows, table
from kdviz.panels.study.choices import StudyChoices
from kdviz.panels.study.plan import Plan
from kdviz.study.outcomes import KINDS, gap_kind

from .conftest import QUICK


def outcome(key, errors, **more):
    test = {"errors": errors, "examples": 100, "ece": 0.1, "agreement": None, "teacher_errors": None}
    moments = {"last": {"step": 9, "validation": {**test, "errors": errors + 1}, "test": test}}
    return {"key": key, "state": "finished", "sentence": "", "moments": moments, "latency_ms": 0.5, **more}


def filled(plan, errors):
    """Give each run of the first arms what it would have, by role and seed."""
    for (arm, seed, role), job in plan.study._jobs.items():
        place = [one.name for one in plan.study.arms].index(arm)
        if place in errors:
            plan.study._outcomes[job.key] = outcome(job.key, errors[place] + seed if role == "student" else 20 + seed)


def test_only_the_arms_of_the_runs_that_are_named_are_looked_at_again():
    plan = Plan.of(StudyChoices.of(QUICK))
    cells = Cells(plan, KINDS.values())
    assert [row["values"] for row in cells.rows] == [{}] * 4 and cells.best() is None
    before = list(cells.rows)
    filled(plan, {2: 10})
    keys = [key for key, arms in cells.of_key.items() if arms == (2,)]
    assert len(keys) == 2, "its two students; the twins are every arm's"
    cells.renew(keys)
    assert [row is old for row, old in zip(cells.rows, before, strict=True)] == [True, True, False, True]
    numbers = cells.rows[2]["values"]["errors"]
    assert (numbers["value"], numbers["twin"], numbers["difference"], numbers["n"]) == (10.5, 20.5, -10.0, 2)
    assert numbers["low"] < numbers["difference"] < numbers["high"], "widened for whole errors"
    assert cells.best() == 2 and (cells.rows[2]["x"], cells.rows[2]["y"]) == (1, 0)
    assert "agreement" not in cells.rows[2]["values"], "what no run has is not shown"
    assert cells.rows[2]["values"]["latency_ms"]["value"] == 0.5


def test_a_failed_run_says_why_and_one_under_way_is_placed():
    plan = Plan.of(StudyChoices.of(QUICK))
    cells = Cells(plan, KINDS.values())
    job = plan.study._jobs[plan.study.arms[3].name, 0, "student"]
    plan.study._outcomes[job.key] = {"key": job.key, "state": "failed", "sentence": "the loss became NaN"}
    assert cells.renew()[3]["failed"] == "the loss became NaN"
    twin = plan.study._jobs[plan.study.arms[0].name, 0, "twin"]
    assert cells.under_way([job.key, twin.key], [30, 40]) == [[3, 30]], "a twin is no cell"


def test_titles_and_the_table_name_what_they_hold():
    plan = Plan.of(StudyChoices.of(QUICK))
    assert axis_rows(plan) == {
        "x_title": "Temperature T",
        "columns": ["1", "4"],
        "y_title": "Weight of the soft targets α",
        "rows": ["0.1", "0.9"],
    }
    kinds = [KINDS["errors"], gap_kind("gap:sex:accuracy_difference")]
    assert [row["title"] for row in kind_rows(kinds)] == ["Test errors", "Accuracy by sex: gap"]
    filled(plan, {0: 10})
    cells = Cells(plan, kinds)
    head, first, second, *_ = table(plan, cells.rows, kinds, 0).splitlines()
    assert head.startswith("temperature,alpha,seeds,best_on_validation,errors,errors sd,errors twin,errors difference")
    assert first.startswith("1.0,0.1,2,1,10.5,0.707107,20.5,-10.0,") and second.startswith("1.0,0.9,0,0,,,")
    assert not math.isnan(float(first.split(",")[4]))
