"""Disparity: the worst group, verdicts on a gap, and a bias as sentence and table."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from kdviz.measure.bias import bias, verdict

from .predictions import DPD, EOD, synthetic


def test_the_worst_group_has_the_lowest_accuracy_and_of_equals_is_the_larger():
    y = np.zeros(300, dtype=int)
    group = np.repeat(["large", "small", "good"], [150, 50, 100])
    wrong = np.zeros(300, dtype=int)
    wrong[:30], wrong[150:160] = 1, 1  # a fifth of both
    worst = bias({"m": wrong}, y, {"g": group}, positive=None, resamples=20).of("m", "g").worst
    assert (worst.name, worst.n, worst.accuracy.value) == ("large", 150, 0.8)


def test_the_difference_the_other_way_round_is_its_negative():
    predictions, y, group = synthetic(8)
    found = bias(predictions, y, {"g": group}, resamples=100)
    there, back = found.compare("g").difference, found.compare("g", subject="teacher", reference="student").difference
    assert (back.value, back.low, back.high) == (-there.value, -there.high, -there.low)


# Verdicts.


def planted(teacher, student, sizes=(2000, 2000), seed=0, twin=None):
    """Models that share their luck, with a true-positive rate for each group."""
    random = np.random.RandomState(seed)
    group = np.repeat([0, 1], sizes)
    y = np.arange(len(group)) % 2
    luck = random.rand(len(y))
    models = {"teacher": teacher, "student": student} | ({} if twin is None else {"twin": twin})
    said = {m: (luck < np.where(y == 1, np.array(tpr)[group], 0.1)).astype(int) for m, tpr in models.items()}
    return bias(said, y, {"sex": np.array(["Female", "Male"])[group]}, resamples=300)


@pytest.mark.parametrize(("teacher", "student", "is_"), [
    ((0.7, 0.9), (0.7, 0.9), "like"),
    ((0.7, 0.9), (0.69, 0.89), "like"),
    ((0.7, 0.9), (0.5, 0.9), "larger"),
    ((0.8, 0.8), (0.6, 0.8), "larger"),
    ((0.6, 0.9), (0.8, 0.9), "smaller"),
    ((0.6, 0.9), (0.9, 0.9), "smaller"),
    ((0.8, 0.8), (0.8, 0.8), "none found"),
])  # fmt: skip
def test_a_planted_bias_is_found(teacher, student, is_):
    found = planted(teacher, student)
    assert found.compare("sex").verdict == is_
    says = verdict(found, "sex")
    word = {"none found": "No gap found"}.get(is_, f"{is_.capitalize()}{' than' * is_.endswith('er')} the teacher's")
    assert says.startswith(f"{word}: by sex, the student's equalized-odds difference is ")
    d = found.compare("sex").difference
    told = f"student − teacher is {d.value:+.3f} (95 % CI {d.low:+.3f} to {d.high:+.3f})"
    assert told.replace("-0.000", "+0.000").replace("-", "−") in says
    assert says.count(". ") == 0 and says.endswith(".")


def test_a_reduced_bias_may_be_left_in_part_and_that_is_said():
    assert "; the student's is still beyond chance." in verdict(planted((0.6, 0.9), (0.8, 0.9)), "sex")
    assert "still" not in verdict(planted((0.6, 0.9), (0.9, 0.9)), "sex")


@pytest.mark.parametrize(("teacher", "student", "twin", "says"), [
    ((0.7, 0.9), (0.5, 0.9), (0.5, 0.9), "Larger than the teacher's, like the twin's: "),
    ((0.7, 0.9), (0.5, 0.9), (0.7, 0.9), "Larger than the teacher's and the twin's: "),
    ((0.7, 0.9), (0.7, 0.9), (0.4, 0.9), "Like the teacher's, smaller than the twin's: "),
    ((0.7, 0.9), (0.7, 0.9), (0.7, 0.9), "Like the teacher's and the twin's: "),
    ((0.6, 0.9), (0.8, 0.9), (0.9, 0.9), "Smaller than the teacher's, larger than the twin's: "),
    ((0.8, 0.8), (0.8, 0.8), (0.5, 0.8), "No gap found, smaller than the twin's: "),
])  # fmt: skip
def test_the_twin_is_in_the_verdicts_own_sentence(teacher, student, twin, says):
    found = planted(teacher, student, twin=twin)
    said = verdict(found, "sex")
    assert said.startswith(says)
    c = found.compare("sex", reference="twin")
    assert f" and the twin's {c.reference_gap.value:.3f} (95 % CI " in said
    apart = f"{c.difference.value + 0.0:+.3f}".replace("-", "−")
    assert f", student − twin {apart} (95 % CI " in said
    assert verdict(found, "sex", reference="twin").count("twin's") == 2, "beside itself the twin is told once"


def test_a_group_of_five_is_measured_flagged_and_too_small_for_a_verdict():
    found = planted((0.1, 0.9), (0.1, 0.9), sizes=(5, 2000))
    women = found.of("student", "sex").group("Female")
    assert (women.n, women.small) == (5, True) and women.accuracy.high - women.accuracy.low > 0.4
    assert not found.of("student", "sex").group("Male").small
    assert (
        "Fewer than 30 members, so their rates are uncertain: Female (n = 5)." in found.of("student", "sex").sentence()
    )
    assert verdict(found, "sex").startswith("Too few examples to say: ")
    assert "a gap rests on a group with 2 examples, fewer than 30" in verdict(found, "sex")  # two of five are positive


@pytest.mark.parametrize(("n", "small"), [(29, True), (30, False)])
def test_thirty_is_enough(n, small):
    y = np.zeros(n + 100, dtype=int)
    group = np.repeat(["a", "b"], [n, 100])
    found = bias({"m": y}, y, {"g": group}, resamples=10)
    assert found.of("m", "g").group("a").small is small


def test_a_gap_in_one_model_that_its_reference_neither_has_nor_lacks_is_left_open():
    gap = dataclasses.replace(planted((0.7, 0.9), (0.7, 0.9)).compare("sex"))
    clear = gap.subject_gap
    unclear = dataclasses.replace(clear, value=0.01, chance=0.02)
    holds = dataclasses.replace(gap.difference, low=-0.1, high=0.1)
    above, below = dataclasses.replace(holds, low=0.01), dataclasses.replace(holds, high=-0.01)

    def of(subject, reference, difference):
        parts = {"subject_gap": subject, "reference_gap": reference, "difference": difference}
        return dataclasses.replace(gap, **parts).verdict

    assert of(clear, unclear, holds) == of(unclear, clear, holds) == "too few to say"
    assert of(unclear, unclear, holds) == of(unclear, unclear, below) == "none found"
    assert of(clear, clear, holds) == "like"
    assert of(clear, unclear, above) == of(clear, clear, above) == "larger"
    assert of(unclear, unclear, above) == of(clear, unclear, below) == "too few to say"
    assert of(unclear, clear, below) == of(clear, clear, below) == "smaller"
    few = dataclasses.replace(clear, rests_on=29)
    assert of(few, clear, above) == of(clear, few, above) == "too few to say"


def test_models_that_choose_nobody_are_alike_and_have_no_ratio():
    _, y, group = synthetic(12)
    disparity = bias({"m": np.zeros_like(y)}, y, {"g": group}, resamples=50).of("m", "g")
    assert disparity.gaps[DPD].value == disparity.gaps[EOD].value == 0 and not disparity.gaps[EOD].clear
    assert math.isnan(disparity.ratios["demographic_parity_ratio"].value)


def test_a_single_group_lies_apart_from_nobody():
    predictions, y, _ = synthetic(13)
    found = bias(predictions, y, {"sex": ["Female"] * len(y)}, resamples=50)
    assert found.of("student", "sex").gaps[DPD].value == 0
    assert verdict(found, "sex") == (
        "Too few examples to say: by sex, fewer than two groups have what the equalized-odds difference needs."
    )


def test_asking_for_a_group_without_members_is_said_in_a_sentence():
    predictions, y, group = synthetic(16)
    found = bias(predictions, y, {"g": group}, resamples=5)
    with pytest.raises(ValueError, match=r"expected a group of 'g' with members \(0, 1, 2\), got '7'"):
        found.of("student", "g").group("7")
    with pytest.raises(ValueError, match=r"model must be one of 'teacher', 'student', got 'twin'"):
        found.of("twin", "g")
    with pytest.raises(ValueError, match=r"grouping must be one of 'g', got 'sex'"):
        verdict(found, "sex")
    with pytest.raises(ValueError, match=r"reference must be one of 'teacher', 'student', got 'twin'"):
        verdict(found, "g", reference="twin")
    with pytest.raises(ValueError, match="subject and reference must be different models, got 'student' for both"):
        verdict(found, "g", reference="student")
    with pytest.raises(ValueError, match=r"metric must be one of .*, got 'equalised_odds'"):
        verdict(found, "g", "equalised_odds")


def test_the_table_holds_every_number_once():
    predictions, y, group = synthetic(17, models=("teacher", "twin", "student"))
    found = bias(predictions, y, {"g": group, "h": group % 2}, resamples=50)
    table = found.frame()
    key = ["model", "grouping", "group", "measure"]
    assert not table.duplicated(key).any()
    assert set(table.model) == {"teacher", "twin", "student", "twin − teacher", "student − teacher", "student − twin"}
    rows = table.set_index(key)
    gap, rate = found.of("twin", "h").gaps[EOD], found.of("twin", "h").group("1").false_positive_rate
    assert rows.loc[("twin", "h", "", EOD), ["value", "low", "high", "chance", "n"]].tolist() == [
        gap.value, gap.low, gap.high, gap.chance, gap.rests_on,
    ]  # fmt: skip
    assert rows.loc[("twin", "h", "1", "false_positive_rate"), ["value", "low", "high", "n"]].tolist() == [
        rate.value, rate.low, rate.high, rate.n,
    ]  # fmt: skip
    apart = found.compare("g", DPD, "student", "twin").difference
    assert rows.loc[("student − twin", "g", "", DPD), ["value", "low", "high"]].tolist() == list(
        dataclasses.astuple(apart)
    )
    assert table.value.notna().all()


def test_results_cannot_be_changed_and_inputs_are_not():
    predictions, y, group = synthetic(18)
    before = [predictions["teacher"].copy(), y.copy(), group.copy()]
    found = bias(predictions, torch.from_numpy(y), {"g": group}, resamples=5)
    assert all(np.array_equal(a, b) for a, b in zip(before, [predictions["teacher"], y, group], strict=True))
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.n = 0
