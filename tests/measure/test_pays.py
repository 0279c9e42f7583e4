"""Whether it pays: sums by hand, which the browser's sums are held against too, and what a day does not depend on."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from kdviz.measure.pays import Use, Work, pays

BY_HAND = json.loads((Path(__file__).parents[1] / "javascript/pays.json").read_text())
WORK, USE = Work(3600, 60, 540, 0.010, 0.001), Use(watts=100, answers=10_000, days=365)


@pytest.mark.parametrize("case", BY_HAND)
def test_sums_are_those_by_hand(case):
    found = pays(Work(**case["work"]), Use(**case["use"]))
    wanted = case["found"]
    assert found.verdict == wanted["verdict"]
    assert found.day == (math.inf if wanted["day"] is None else pytest.approx(wanted["day"]))
    for name in ("spent", "saved", "left"):
        assert getattr(found, name) == pytest.approx(wanted[name], rel=1e-9, abs=1e-15)
    assert found.money == pytest.approx(0.3 * wanted["left"]) and found.grams == pytest.approx(400 * wanted["left"])


def test_watts_price_and_grid_say_what_it_is_worth_and_not_when():
    one, other = pays(WORK, USE), pays(WORK, replace(USE, watts=7, price=9, grid=5))
    assert one.day == pytest.approx(other.day) and one.left != other.left


def test_at_the_day_as_much_is_saved_as_was_spent_and_more_students_bring_it_nearer():
    found = pays(WORK, replace(USE, days=pays(WORK, USE).day))
    assert found.left == pytest.approx(0, abs=1e-12)
    days = [pays(WORK, replace(USE, students=k)).day for k in (1, 2, 10, 1000)]
    assert days == sorted(days, reverse=True) and days[-1] > pays(replace(WORK, teacher=0, asking=0), USE).day


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ({}, "It pays from day 47 on: 117 Wh are spent before the first answer, and 2.5 Wh saved each day."),
        ({"days": 30}, "so it would take 47 days, and the model is used for 30."),
        ({"instead": "twin"}, "It never pays: 102 Wh are spent before the first answer"),
    ],
)
def test_it_is_said_in_words(use, said):
    assert said in pays(WORK, replace(USE, **use)).sentence()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: replace(WORK, asking=-1), "asking must be seconds, a finite number >= 0, got -1"),
        (lambda: replace(USE, watts=math.nan), "watts must be a finite number >= 0, got nan"),
        (lambda: replace(USE, students=1.5), "students must be a whole number from 1 on, got 1.5"),
        (lambda: replace(USE, instead="none"), "instead must be teacher or twin, got 'none'"),
    ],
)
def test_what_cannot_be_is_answered_in_a_sentence(make, said):
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        make()
