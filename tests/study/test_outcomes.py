"""Outcomes beside errors: where they stand in a record, gaps between groups, and the noise of their differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.data import Examples
from kdviz.measure.bias import bias
from kdviz.study.outcomes import KINDS, difference, gaps, kind, kinds_of, packed, unpacked, value, wrong


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(3)
    groups = {"sex": rng.choice(["Female", "Male"], 600), "age": rng.integers(17, 90, 600)}
    return Examples(torch.zeros(600, 2), torch.from_numpy(rng.integers(-1, 2, 600)), groups)


def test_gaps_are_those_of_the_bias_measure(people):
    said = np.random.default_rng(4).integers(0, 2, 600)
    found = gaps(said, people, 2)
    by_bias = bias({"student": said}, people.y, {"sex": people.groups["sex"]}, by_fairlearn=False, resamples=1)
    assert set(found) == {"sex", "age"}
    for metric, gap in found["sex"].items():
        assert gap == pytest.approx(by_bias.of("student", "sex").gaps[metric].value)
    assert set(gaps(said, people, 3)["sex"]) == {"accuracy_difference"}, "no class is the positive one of three"
    assert gaps(said, Examples(people.x, people.y), 2) == {}


def test_every_kind_is_found_in_a_run_and_gaps_are_offered_where_there_are_groups(study, people):
    outcome = study.results[0].outcome
    for one in KINDS.values():
        assert value(outcome, one) is not None, one.name
    last = outcome["moments"]["last"]
    assert value(outcome, KINDS["errors"]) == last["test"]["errors"]
    assert value(outcome, KINDS["validation_errors"]) == last["validation"]["errors"]
    assert value({**outcome, "state": "failed"}, KINDS["errors"]) is None
    names = [one.name for one in kinds_of(people)]
    assert "gap:sex:equalized_odds_difference" in names and "gap:age:accuracy_difference" in names
    for name in ("errrors", "gap:sex", "gap:sex:mood"):
        with pytest.raises(ValueError, match="must be"):
            kind(name)


def test_a_study_of_people_records_their_gaps(people):
    data = kd.data.splits((torch.randn(300, 2), people.y[:300].clamp(min=0)), validation=0.3, test=0.3)
    data = replace(data, test=Examples(data.test.x, data.test.y, {"sex": people.groups["sex"][: len(data.test)]}))
    recipe = kd.Recipe(
        data="people", student={"name": "mlp", "inputs": 2, "classes": 2}, epochs=1, objective=1.0 * kd.HardLabels()
    )
    study = kd.Study.grid(recipe, learning_rate=[1e-3, 1e-2], seeds=1, data=data).run(progress=False, n_jobs=1)
    frame = study.frame()
    told = frame[frame.split == "test"]["gap:sex:accuracy_difference"]
    assert told.notna().all() and ((told >= 0) & (told <= 1)).all()
    assert frame[frame.split == "validation"]["gap:sex:accuracy_difference"].isna().all()
    assert (frame.latency_ms > 0).all()


def test_a_difference_is_over_seeds_and_of_one_seed_over_the_examples(study):
    runs = {"student": {}, "twin": {}}
    for result in study.results:
        if result.arm is study.arms[3] and result.role in runs:
            runs[result.role][result.seed] = result.outcome
    over_seeds = difference(runs["student"], runs["twin"], KINDS["errors"])
    assert over_seeds == study.compare(study.arms[3].name).difference()
    alone = difference({0: runs["student"][0]}, {0: runs["twin"][0]}, KINDS["errors"])
    assert alone.n == 400 and alone.low < alone.mean < alone.high
    assert alone.mean == over_seeds.differences[0]
    broken = {seed: {"state": "failed"} for seed in runs["student"] if seed > 0}
    assert difference({**runs["student"], **broken}, runs["twin"], KINDS["errors"]) == alone, (
        "of the seed that is there"
    )
    assert np.isnan(difference({0: runs["student"][0]}, {0: runs["twin"][0]}, KINDS["ece"]).low)
    assert difference(runs["student"], runs["twin"], KINDS["agreement"]) is None
    assert difference(runs["student"], {}, KINDS["errors"]) is None
    numbers = runs["student"][0]["moments"]["last"]["test"]
    assert wrong(numbers).sum() == numbers["errors"] and wrong({"examples": 3}) is None


def test_bits_come_back_as_they_were():
    is_wrong = np.random.default_rng(0).random(403) < 0.2
    assert (unpacked(packed(is_wrong), 403) == is_wrong).all()
    with pytest.raises(ValueError, match="expected bits of 500 examples"):
        unpacked(packed(is_wrong), 500)
