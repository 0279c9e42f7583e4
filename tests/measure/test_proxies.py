"""Proxies: on Adult without race and sex, the columns that are left tell the sex."""

from __future__ import annotations

import numpy as np

import kdviz as kd
from kdviz.measure.proxies import best_proxy, is_input


def test_relationship_tells_sex_as_counting_by_hand_has_it():
    data = kd.data.adult(without=("sex", "race"))
    assert not is_input(data, "sex") and is_input(kd.data.adult(), "sex") and is_input(kd.data.mnist(), "sex")
    found = best_proxy(data.validation, data.features, "sex")
    assert found.attribute == "relationship"
    sex = data.validation.groups["sex"]
    x = data.validation.inputs().numpy()
    columns = [i for i, name in enumerate(data.features) if name.startswith("relationship=")]
    by_hand = sum(
        max(np.sum(sex[x[:, i] == 1] == "Male"), np.sum(sex[x[:, i] == 1] == "Female")) for i in columns
    ) / len(sex)
    assert found.right == by_hand > found.base == np.mean(sex == "Male")


def test_race_is_told_by_no_attribute_better_than_by_its_most_frequent_group_or_by_a_country():
    data = kd.data.adult(without=("sex", "race"))
    found = best_proxy(data.validation, data.features, "race")
    assert found is None or (found.attribute == "native-country" and found.right - found.base < 0.03)


def test_columns_that_are_taken_away_are_gone_and_their_groups_stay():
    whole, without = kd.data.adult(), kd.data.adult(without=("race", "sex"))
    assert without is kd.data.load("adult-without-race-sex") is kd.data.adult(without=["sex", "race"])
    gone = [name for name in whole.features if name not in without.features]
    assert {name.partition("=")[0] for name in gone} == {"sex", "race"} and len(gone) == 7
    kept = [whole.features.index(name) for name in without.features]
    assert bool((whole.test.x[:, kept] == without.test.x).all())
    assert list(without.train.groups) == ["sex", "race", "age"]
