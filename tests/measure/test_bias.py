"""Bias: fairlearn's values, intervals that hold the truth, and verdicts on planted faults."""

from __future__ import annotations

import math
import subprocess
import sys
from functools import cache

import fairlearn.metrics
import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import kdviz
from kdviz.data.planted import underrepresented, with_shortcut
from kdviz.measure.bias import Bias, bias, verdict
from kdviz.measure.groups import bands
from kdviz.measure.wilson import wilson

from .predictions import DPD, EOD, GAP, synthetic


def answers(random, y, group, tpr, fpr):
    """Draw predictions with a true- and a false-positive rate for each group."""
    return (random.rand(len(y)) < np.where(y == 1, np.array(tpr)[group], np.array(fpr)[group])).astype(int)


@cache
def adult() -> tuple[kdviz.data.Examples, np.ndarray]:
    test = kdviz.data.adult().test
    with torch.no_grad():
        return test, kdviz.models.pretrained("adult-mlp")(test.inputs()).argmax(1).numpy()


# The values are fairlearn's.


def assert_fairlearns(found: Bias, model, grouping, y, choice, group):
    disparity = found.of(model, grouping)
    for name in ("demographic_parity", "equalized_odds"):
        for kind, values in (("difference", disparity.gaps), ("ratio", disparity.ratios)):
            theirs = getattr(fairlearn.metrics, f"{name}_{kind}")(y, choice, sensitive_features=group)
            assert values[f"{name}_{kind}"].value == pytest.approx(theirs, abs=1e-12, rel=1e-12), (name, kind)
    metrics = {
        "n": fairlearn.metrics.count,
        "accuracy": sklearn.metrics.accuracy_score,
        "selection_rate": fairlearn.metrics.selection_rate,
        "true_positive_rate": fairlearn.metrics.true_positive_rate,
        "false_positive_rate": fairlearn.metrics.false_positive_rate,
    }
    frame = fairlearn.metrics.MetricFrame(metrics=metrics, y_true=y, y_pred=choice, sensitive_features=group)
    assert disparity.gaps[GAP].value == pytest.approx(frame.difference()["accuracy"], abs=1e-12)
    assert {g.name for g in disparity.groups} == set(map(str, frame.by_group.index))
    for index, row in frame.by_group.iterrows():
        ours = disparity.group(str(index))
        assert ours.n == row["n"]
        for name in list(metrics)[1:]:
            assert getattr(ours, name).value == pytest.approx(row[name], abs=1e-12), (index, name)
        assert ours.error_rate.value == pytest.approx(1 - row["accuracy"], abs=1e-12)
        assert ours.accuracy.n == ours.error_rate.n == ours.selection_rate.n == row["n"]
        assert ours.true_positive_rate.n == y[group == index].sum()


@settings(max_examples=6)
@given(st.integers(0, 2**31 - 1), st.integers(2, 5))
def test_the_values_are_those_of_fairlearn(seed, groups):
    predictions, y, group = synthetic(seed, 400, groups)
    found = bias(predictions, y, {"g": group}, resamples=20)
    for model, choice in predictions.items():
        assert_fairlearns(found, model, "g", y, choice, group)


def test_pairs_of_groupings_are_fairlearns_too():
    predictions, y, group = synthetic(1)
    other = np.random.RandomState(5).choice(["a", "b"], len(y))
    found = bias(predictions, y, {"g": group, "h": other}, resamples=20)
    assert found.groupings == ("g", "h", "g & h")
    both = np.array([f"{g} & {h}" for g, h in zip(group, other, strict=True)])
    assert_fairlearns(found, "student", "g & h", y, predictions["student"], both)
    theirs = fairlearn.metrics.equalized_odds_difference(
        y, predictions["student"], sensitive_features=pd.DataFrame({"g": group, "h": other})
    )
    assert found.of("student", "g & h").gaps[EOD].value == pytest.approx(theirs, abs=1e-12)
    assert bias(predictions, y, {"g": group, "h": other}, resamples=20, intersect=False).groupings == ("g", "h")


def test_intervals_of_rates_are_wilsons():
    predictions, y, group = synthetic(3)
    for g in bias(predictions, y, {"g": group}, confidence=0.9, resamples=20).of("teacher", "g").groups:
        for name in ("accuracy", "error_rate", "selection_rate", "true_positive_rate", "false_positive_rate"):
            rate = getattr(g, name)
            assert (rate.low, rate.high) == wilson(round(rate.value * rate.n), rate.n, 0.9)


# Intervals.


def test_chance_is_what_a_shuffle_of_the_groups_gives():
    predictions, y, group = synthetic(5, 900)
    gap = bias(predictions, y, {"g": group}, resamples=10_000).of("student", "g").gaps
    random, right, chosen = np.random.RandomState(0), predictions["student"] == y, predictions["student"]
    shuffled = [random.permutation(group) for _ in range(2000)]
    accuracy = [np.ptp([right[g == k].mean() for k in range(3)]) for g in shuffled]
    selection = [np.ptp([chosen[g == k].mean() for k in range(3)]) for g in shuffled]
    assert gap[GAP].chance == pytest.approx(np.quantile(accuracy, 0.95), abs=0.006)
    assert gap[DPD].chance == pytest.approx(np.quantile(selection, 0.95), abs=0.009)


@pytest.mark.full
def test_intervals_hold_the_true_gaps_and_their_true_difference():
    random, N, runs = np.random.RandomState(0), 3000, 200
    right = {"student": 0, "teacher": 0, "difference": 0}
    for _ in range(runs):
        group = random.randint(0, 2, N)
        y = random.randint(0, 2, N)
        teacher = answers(random, y, group, (0.6, 0.9), (0.1, 0.2))
        again = answers(random, y, group, (0.5, 0.9), (0.1, 0.2))
        student = np.where(random.rand(N) < 0.5, teacher, again)  # TPRs 0.55 and 0.9: a gap of 0.35 beside 0.30
        found = bias(
            {"teacher": teacher, "student": student}, y, {"g": group}, resamples=200, by_fairlearn=False
        ).compare("g")
        right["student"] += found.subject_gap.low <= 0.35 <= found.subject_gap.high
        right["teacher"] += found.reference_gap.low <= 0.3 <= found.reference_gap.high
        right["difference"] += found.difference.low <= 0.05 <= found.difference.high
    for held in (count / runs for count in right.values()):
        assert abs(held - 0.95) < 4 * math.sqrt(0.95 * 0.05 / runs)


@pytest.mark.full
def test_where_nothing_is_planted_hardly_anything_is_found():
    random, N, runs = np.random.RandomState(1), 1500, 200
    said = []
    for _ in range(runs):
        group, y = random.randint(0, 3, N), random.randint(0, 2, N)
        predictions = {m: answers(random, y, group, [0.8] * 3, [0.2] * 3) for m in ("teacher", "student")}
        said.append(bias(predictions, y, {"g": group}, resamples=200, by_fairlearn=False).compare("g", DPD).verdict)
    assert said.count("amplified") + said.count("reduced") + said.count("inherited") <= 0.08 * runs
    assert said.count("none found") >= 0.85 * runs


def test_the_same_examples_give_no_difference_between_models_that_answer_alike():
    predictions, y, group = synthetic(6)
    predictions["student"] = predictions["teacher"].copy()
    d = bias(predictions, y, {"g": group}, resamples=100).compare("g").difference
    assert d.value == 0 and -0.08 < d.low < 0 < d.high < 0.08  # on other examples they might differ


def test_of_a_gap_that_rests_on_few_examples_nothing_is_claimed():
    y = np.zeros(500, dtype=int)
    group, choice = np.repeat(["few", "many"], [29, 471]), np.tile([0, 0, 1, 0, 0], 100)
    found = bias({"teacher": choice, "student": y}, y, {"g": group}, positive=None, resamples=100)
    gap, apart = found.of("teacher", "g").gaps[GAP], found.compare("g").difference
    assert gap.rests_on == 29 and math.isnan(gap.low) and math.isnan(gap.high)
    assert math.isnan(found.of("teacher", "g").ratios["accuracy_ratio"].low) and math.isnan(apart.low)
    assert "(no interval from 29 examples), by chance up to 0." in found.of("teacher", "g").sentence()
    said = verdict(found, "g")
    assert "student − teacher is −0.0" in said and "(no interval); expected by chance: up to 0." in said
    assert found.compare("g").verdict == "too few to say"


def test_a_seed_gives_the_same_again_whatever_else_is_grouped():
    predictions, y, group = synthetic(7)
    one = bias(predictions, y, {"g": group}, resamples=100).of("student", "g")
    beside = bias(predictions, y, {"h": group % 2, "g": group}, resamples=100).of("student", "g")
    assert one == beside
    assert one.gaps != bias(predictions, y, {"g": group}, resamples=100, seed=1).of("student", "g").gaps


def test_without_a_positive_class_the_gap_is_that_of_the_accuracy():
    random, N = np.random.RandomState(0), 6000
    y, group = random.randint(0, 1000, N), random.randint(0, 2, N)
    right = {"teacher": (0.7, 0.9), "student": (0.5, 0.9)}
    said = {m: np.where(random.rand(N) < np.array(p)[group], y, (y + 1) % 1000) for m, p in right.items()}
    found = bias(said, y, {"slant": group}, positive=None, resamples=300)
    disparity = found.of("student", "slant")
    accuracy = [np.mean((said["student"] == y)[group == k]) for k in (0, 1)]
    assert set(disparity.gaps) == {GAP} and disparity.gaps[GAP].value == pytest.approx(accuracy[1] - accuracy[0])
    assert math.isnan(disparity.worst.selection_rate.value) and disparity.worst.name == "0"
    assert verdict(found, "slant").startswith("Larger than the teacher's: by slant, the student's gap in accuracy is ")
    assert set(found.frame().measure) == {"accuracy", "error_rate", GAP, "accuracy_ratio"}
    with pytest.raises(
        ValueError, match=r"metric must be one of 'accuracy_difference', got 'equalized_odds_difference'"
    ):
        verdict(found, "slant", EOD)


# What is not there.


def test_a_group_without_positive_labels_has_no_true_positive_rate_and_leaves_the_others_theirs():
    predictions, y, group = synthetic(10)
    y = np.where(group == 2, 0, y)
    found = bias(predictions, y, {"g": group}, resamples=50).of("student", "g")
    rate = found.group("2").true_positive_rate
    assert rate.n == 0 and all(math.isnan(v) for v in (rate.value, rate.low, rate.high))
    assert found.notes == ("No positive label, so no true positive rate: 2.",)
    assert found.notes[0] in found.sentence()
    choice, there = predictions["student"], group < 2
    tpr = [choice[(group == k) & (y == 1)].mean() for k in (0, 1)]
    fpr = [choice[(group == k) & (y == 0)].mean() for k in (0, 1, 2)]
    assert found.gaps[EOD].value == pytest.approx(max(np.ptp(tpr), np.ptp(fpr)), abs=1e-12)
    assert 0 < found.gaps[EOD].value < 0.5  # fairlearn takes a rate of 0 for the third group
    assert fairlearn.metrics.equalized_odds_difference(y, choice, sensitive_features=group) > 0.5
    assert found.gaps[DPD].value == pytest.approx(
        fairlearn.metrics.demographic_parity_difference(y, choice, sensitive_features=group), abs=1e-12
    )
    assert there.any()


@pytest.mark.parametrize("only", [0, 1])
def test_one_class_only(only):
    predictions, _, group = synthetic(11)
    y = np.full(len(group), only)
    found = bias(predictions, y, {"g": group}, resamples=50)
    disparity = found.of("student", "g")
    missing, there = ("true_positive_rate", "false_positive_rate")[:: 1 if only == 0 else -1]
    assert all(math.isnan(getattr(g, missing).value) for g in disparity.groups)
    share = [predictions["student"][group == k].mean() for k in range(3)]
    assert disparity.gaps[EOD].value == pytest.approx(np.ptp(share), abs=1e-12)
    assert disparity.gaps[EOD].rate == there and len(disparity.notes) == 1


def test_unknown_labels_and_unknown_groups_are_left_out_and_that_is_said():
    predictions, y, group = synthetic(14)
    names = np.array(["a", "b", None], dtype=object)[group]
    y[:5] = -1
    found = bias(predictions, y, {"g": names}, resamples=50)
    kept = (y >= 0) & (group < 2)
    few = bias({m: c[kept] for m, c in predictions.items()}, y[kept], {"g": names[kept]}, resamples=50)
    assert found.of("student", "g") == few.of("student", "g")
    assert found.n == len(y) - 5
    outside = int(((group == 2) & (y >= 0)).sum())
    assert found.notes == (
        "5 examples without a known label left out.",
        f"{outside} examples in no group of g left out.",
    )
    assert found.sentence().endswith(" ".join(found.notes))
    missing = pd.Series(names).convert_dtypes()
    numbers = np.where(group == 2, math.nan, group)
    assert (
        missing.isna().any() and len(bias(predictions, y, {"g": missing}, resamples=5).of("student", "g").groups) == 2
    )
    assert len(bias(predictions, y, {"g": numbers}, resamples=5).of("student", "g").groups) == 2


def test_groups_come_in_order_of_size_or_alphabet_or_as_a_categorical_has_them():
    y = np.zeros(4, dtype=int)

    def names(values):
        return [g.name for g in bias({"m": y}, y, {"g": values}, resamples=2).of("m", "g").groups]

    assert names([10, 9, 100, -1]) == ["-1", "9", "10", "100"]
    assert names(["17 to 28", "100 to 110", "-3.5 to 2", "29 to 99"]) == [
        "-3.5 to 2",
        "17 to 28",
        "29 to 99",
        "100 to 110",
    ]
    assert names(["b", "a", "B", "b"]) == ["B", "a", "b"]
    assert names([True, False, True, False]) == ["False", "True"]
    assert names(torch.tensor([2, 1, 2, 1])) == ["1", "2"]
    thick = pd.Categorical(["thin", "thick", "thin", "thick"], ["thin", "middle", "thick"], ordered=True)
    assert names(thick) == names(pd.Series(thick)) == ["thin", "thick"]


def test_pairs_of_groupings_that_cannot_be_formed_are_left_out_with_a_note():
    predictions, y, _ = synthetic(15, 4000)
    i = np.arange(4000)
    found = bias(predictions, y, {"a": i % 60, "b": i // 60}, resamples=2, positive=None)
    assert found.groupings == ("a", "b") and found.notes == ("a & b left out: more than 1000 groups.",)
    apart = {"a": np.where(i < 2000, "x", None), "b": np.where(i < 2000, None, "y")}
    assert bias(predictions, y, apart, resamples=2).notes[0] == "a & b left out: no example belongs to a group of both."


OK = ([0, 1], [0, 1], ["a", "b"])


@pytest.mark.parametrize(("change", "says"), [
    ({"y": []}, r"y must hold one class index per example, at least one, got float64 of shape \(0,\)"),
    ({"y": [0.0, math.nan]}, "y must hold one class index"),
    ({"y": [0, -2]}, "y must be 0 or more, or -1 where the class is unknown, got -2"),
    ({"y": [-1, -1]}, r"none of the 2 examples has a known label \(0 or more\)"),
    ({"predictions": {}}, "predictions is empty"),
    ({"predictions": {"student": [0]}}, r"predictions of 'student' must be 2 class indices, .* shape \(1,\)"),
    ({"predictions": {"student": [[math.nan, 1.0]] * 2}}, r"float64 of shape \(2, 2\): for logits pass logits.argmax"),
    ({"predictions": {"student": [0.2, 0.7]}}, "predictions of 'student' must be 2 class indices"),
    ({"groups": {}}, "groups is empty"),
    ({"groups": {"sex": ["a"]}}, r"grouping 'sex' must have one entry for each of 2 examples, got shape \(1,\)"),
    ({"groups": {"sex": [None, math.nan]}}, "no example with a known label belongs to a group of 'sex'"),
    ({"groups": {"sex": np.array([1, "1"], dtype=object)}}, "grouping 'sex' has different groups with the same name"),
    ({"positive": -1}, "positive must be a class index, 0 or more, or None for no such class, got -1"),
    ({"confidence": 95}, "confidence must lie between 0 and 1"),
    ({"resamples": 0}, "resamples must be at least 1, such as 1000, got 0"),
])  # fmt: skip
def test_what_cannot_be_measured_is_said_in_a_sentence(change, says):
    given = {"predictions": {"student": [0, 1]}, "y": [0, 1], "groups": {"sex": ["a", "b"]}} | change
    with pytest.raises(ValueError, match=says):
        bias(**given)


def test_numbers_that_are_no_groups_are_sent_to_bands():
    y = np.zeros(1001, dtype=int)
    with pytest.raises(ValueError, match=r"at most 1,000 groups in grouping 'age', got 1,001.* with bands\(values\)"):
        bias({"m": y}, y, {"age": np.linspace(0, 1, 1001)})


def test_importing_it_loads_neither_fairlearn_nor_pandas():
    use = "import sys, kdviz.measure.bias"
    code = f"{use}; sys.exit(any(m in sys.modules for m in ('fairlearn', 'pandas', 'sklearn', 'scipy', 'plotly')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Adult.


def test_the_groups_of_adult_line_up_with_the_rows():
    test, _ = adult()
    features = kdviz.data.adult().features
    for column in ("sex", "race"):
        for value in np.unique(test.groups[column]):
            inputs = test.x[:, features.index(f"{column}={value}")].numpy()
            assert np.array_equal(inputs == 1, test.groups[column] == value)
    age = test.x[:, features.index("age")].double().numpy()
    assert np.corrcoef(age, test.groups["age"])[0, 1] == pytest.approx(1, abs=1e-9)


def test_the_shipped_teacher_of_adult_chooses_men_more_often():
    test, choice = adult()
    groups = {"sex": test.groups["sex"], "race": test.groups["race"], "age": bands(test.groups["age"], 4)}
    found = bias({"teacher": choice}, test.y, groups, resamples=300)
    y = test.y.numpy()
    assert_fairlearns(found, "teacher", "sex", y, choice, groups["sex"])
    assert_fairlearns(found, "teacher", "race", y, choice, groups["race"])
    sex = found.of("teacher", "sex")
    assert (sex.group("Male").n, sex.group("Female").n) == (10_860, 5_421)
    assert sex.gaps[DPD].highest == "Male" and sex.gaps[DPD].clear and sex.gaps[DPD].value > 0.1
    assert sex.worst.name == "Male"
    assert [g.name for g in found.of("teacher", "age").groups] == ["17 to 28", "29 to 37", "38 to 48", "49 to 90"]
    assert found.groupings == ("sex", "race", "age", "sex & race", "sex & age", "race & age")
    assert sum(g.n for g in found.of("teacher", "sex & race").groups) == len(y)


# Planted in the data, found in a model.


def test_a_planted_shortcut_is_found_where_it_leads_astray():
    test = kdviz.data.mnist().test.take(slice(0, 2000))
    y = test.y.numpy()
    images, marked = with_shortcut(test.x, (y + 1) % 10, 0.5)  # the mark of another class
    reads = images[:, 0, 0, 0:20:2].numpy().argmax(1)  # a student that looks at nothing but the mark
    with torch.no_grad():
        teacher = kdviz.models.pretrained("mnist-mlp-1200")(test.inputs()).argmax(1).numpy()
    student = np.where(marked, reads, teacher)
    found = bias({"teacher": teacher, "student": student}, y, {"marked": marked}, positive=None, resamples=300)
    assert found.compare("marked").verdict == "larger"
    assert found.of("student", "marked").worst.name == "True"
    assert found.of("student", "marked").worst.accuracy.value < 0.02


def test_a_group_made_rare_is_flagged():
    test, choice = adult()
    women = test.groups["sex"] == "Female"
    left = underrepresented(test.y, women, keep=0.005)
    few = test.take(left)
    found = bias({"teacher": choice[left]}, few.y, {"sex": few.groups["sex"]}, resamples=50).of("teacher", "sex")
    assert found.group("Female").small and not found.group("Male").small
    assert "Female (n = 27)" in found.sentence()
