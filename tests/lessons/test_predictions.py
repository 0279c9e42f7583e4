"""Predictions: how far a drawing lies from what came, by hand and by measure; and what cannot be drawn."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kdviz.lessons import Axis, Bars, Curve, HeatMap, Point

NAN = float("nan")
T = Axis("T", 1, 16, log=True)
ERRORS = Axis("errors", 100, 1000, log=True)
BARS = Bars("At T = 4?", ["a", "b", "c"], truth=[0.5, 0.25, 0.25], whole=1, close=0.2, said="It evens out.")
LENGTHS = Bars("Errors?", ["a", "b"], truth=[10, 30], axis=Axis("errors", 0, 100, unit=" errors"))
CURVE = Curve("Over T?", [1, 4, 16], T, ERRORS, truth=[400, 200, 400], close=1.5)
STRAIGHT = Curve("Over T?", [1, 4], T, Axis("acc", 0, 1, unit=" points"), truth=[0.5, 0.7], start=[0.5, 0.5], fixed=1)
MAP = HeatMap("Confused?", ["3", "5", "7"], ["3", "5", "7"], truth=[[NAN, 9, 1], [8, NAN, 0], [2, 2, NAN]], most=2)
POINT = Point("Where?", Axis("weights", 1e4, 1e6, log=True, unit=" weights"), Axis("errors", 0, 100), truth=(1e5, 50))
OFF = "Your curve is off by a factor of"
ALL = [BARS, LENGTHS, CURVE, STRAIGHT, MAP, POINT]
PERFECT = {id(one): one.truth for one in ALL} | {id(MAP): [[0, 1], [1, 0]]}


@pytest.mark.parametrize("ask", ALL, ids=lambda ask: f"{ask.kind}-{ask.truth}"[:20])
def test_what_came_lies_at_no_distance(ask) -> None:
    reply = ask.reply(list(PERFECT[id(ask)]))
    assert reply.distance == pytest.approx(1 if ask is CURVE else 0)
    assert reply.right == (None if ask.close is None else True)


@pytest.mark.parametrize(
    ("ask", "answer", "distance", "right", "said"),
    [
        (BARS, [1, 0, 0], 0.5, False, "Not this time. 50\u202f% of what you drew belongs on other bars. It evens out."),
        (BARS, [0.2, 0.1, 0.1], 0, True, "Right. 0\u202f% of what you drew belongs on other bars. It evens out."),
        (BARS, [0.7, 0.15, 0.15], 0.2, True, "Right. 20\u202f% of what you drew belongs on other bars. It evens out."),
        (LENGTHS, [0, 0], 20, None, "Your bars are off by 20 errors on average."),
        (CURVE, [200, 200, 200], 4 ** (1 / 3), False, f"Not this time. {OFF} 1.59 on average."),
        (CURVE, [800, 200, 400], 2 ** (1 / 3), True, f"Right. {OFF} 1.26 on average."),
        (STRAIGHT, [0.9, 0.5], 0.2, None, "Your curve is off by 0.2 points on average."),
        (MAP, [[0, 1], [2, 0]], 0.5, None, "1 of your 2 cells is among the 2 largest."),
        (MAP, [[2, 0]], 1, None, "0 of your 1 cells are among the 2 largest."),
        (MAP, [[1, 0], [0, 1], ], 0, None, "2 of your 2 cells are among the 2 largest."),
        (POINT, [1e4, 50], 0.5, None, "It lies at 100,000 weights and 50; yours is 50\u202f% of an axis away."),
        (POINT, [1e5, 100], 0.5, None, "It lies at 100,000 weights and 50; yours is 50\u202f% of an axis away."),
    ],
)  # fmt: skip
def test_a_drawing_is_told_how_far_it_lies_from_what_came(ask, answer, distance, right, said) -> None:
    reply = ask.reply(answer)
    assert (reply.distance, reply.right, reply.text) == (pytest.approx(distance, abs=1e-12), right, said)
    assert ask.reply(json.loads(json.dumps(ask.checked(answer)))) == reply
    assert ask.checked(np.array(answer, dtype=float)) == ask.checked(answer) if ask is not MAP else True


@pytest.mark.parametrize(
    ("ask", "answer", "sentence"),
    [
        (BARS, [1, 0], "expected 3 numbers, got 2"),
        (BARS, 1, "expected 3 numbers, got 1"),
        (BARS, "abc", "expected 3 numbers, got 'abc'"),
        (BARS, [0, 0, 0], "expected a bar that is longer than 0"),
        (BARS, [1.5, 0, 0], "expected a number from 0 to 1, got 1.5"),
        (BARS, [-0.1, 0, 0], "expected a number from 0 to 1, got −0.1"),
        (BARS, ["1", 0, 0], "expected a number, got '1'"),
        (BARS, [NAN, 0, 0], "expected a number, got nan"),
        (BARS, [True, 0, 0], "expected a number, got True"),
        (BARS, [10**400, 0, 0], "expected a number, got 100.+"),
        (BARS, None, "expected 3 numbers, got None"),
        (CURVE, [0, 200, 400], "expected a number from 100 to 1,000, got 0"),
        (CURVE, [[200], 200, 400], r"expected a number, got \[200\]"),
        (MAP, [], r"expected 1 to 2 cells as \[row, column\], got \[\]"),
        (MAP, [[0, 1], [0, 2], [1, 0]], r"expected 1 to 2 cells as .+"),
        (MAP, [0, 1], r"expected a cell as \[row, column\], got 0"),
        (MAP, [[0, 1.0]], r"expected a cell as \[row, column\], got \[0, 1.0\]"),
        (MAP, [[0, True]], r"expected a cell as .+"),
        (MAP, [[0, 3]], r"there is no cell \[0, 3\]"),
        (MAP, [[-1, 0]], r"there is no cell \[-1, 0\]"),
        (POINT, [1e4], "expected 2 numbers, got 1"),
        (POINT, [1, 50], "expected a number from 10,000 to 1,000,000, got 1"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(ask, answer, sentence) -> None:
    later = replace(ask, truth=None)
    for face in (ask.checked, ask.reply, later.reply):
        with pytest.raises(ValueError, match=f"^{sentence}$"):
            face(answer)


@pytest.mark.parametrize("ask", ALL, ids=lambda ask: f"{ask.kind}-{ask.truth}"[:20])
def test_the_truth_may_come_later_and_asking_gives_it_not_away(ask) -> None:
    later = replace(ask, truth=None)
    answer = list(PERFECT[id(ask)])
    assert not later.known and later.solution()["truth"] is None
    assert (later.reply(answer).sentence, later.reply(answer).right, later.reply(answer).distance) == ("", None, None)
    assert later.asked() == ask.asked(), "what is asked does not depend on what comes"
    json.dumps([ask.asked(), ask.solution()], allow_nan=False)
    for truth in (ask.truth, np.array(ask.truth), torch.tensor(ask.truth, dtype=torch.float64, requires_grad=True)):
        seen = later.seen(truth)
        assert seen.known and later.truth is None
        assert seen.reply(answer).distance == pytest.approx(ask.reply(answer).distance, abs=1e-6)


@pytest.mark.parametrize("truth", [[1.0], [0.1, 0.2, 0.3, 0.4], "many", None, [[0.5, 0.25, 0.25]], [NAN, 0.5, 0.5]])
def test_a_truth_that_does_not_fit_is_one_sentence(truth) -> None:
    with pytest.raises(ValueError, match=r"^truth must be ((3 finite )?numbers), got [^\n]+$"):
        replace(BARS, truth=None).seen(truth)


def test_what_came_beyond_an_axis_still_has_a_distance() -> None:
    """On a logarithmic axis nothing has a place at 0: it counts as the low end."""
    none_left = replace(CURVE, truth=[0, 200, 400])
    assert none_left.reply([100, 200, 400]).distance == pytest.approx(1)
    assert none_left.reply([1000, 200, 400]).distance == pytest.approx(10 ** (1 / 3))
    assert replace(LENGTHS, truth=[-5, 300]).reply([0, 100]).distance == pytest.approx(102.5)
    assert replace(STRAIGHT, truth=[0.5, -1]).reply([0.5, 0]).distance == 1
    far = replace(POINT, truth=(0, 130))
    assert far.reply([1e4, 100]).distance == 0 and "It lies at 0 weights and 130" in far.reply([1e4, 100]).text


def test_cells_as_large_as_the_last_that_counts_count_too() -> None:
    assert replace(MAP, without=[(0, 0), (1, 1)]).asked()["without"] == [[0, 0], [1, 1]]
    tied = HeatMap("?", ["a", "b"], ["a", "b"], truth=[[5, 3], [3, 1]], most=2)
    assert tied.largest == [[0, 0], [0, 1], [1, 0]]
    assert tied.reply([[0, 0], [0, 1]]).distance == tied.reply([[0, 0], [1, 0]]).distance == 0
    assert tied.solution()["largest"] == tied.largest
    assert MAP.solution()["truth"][0][0] is None


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(lambda bars: sum(bars) > 0.01))
def test_of_bars_of_a_whole_only_the_shares_count(bars: list[float]) -> None:
    reply = BARS.reply(bars)
    assert 0 <= reply.distance <= 1
    shares = np.array(bars) / sum(bars)
    assert reply.distance == pytest.approx(np.clip(shares - np.array(BARS.truth), 0, None).sum(), abs=1e-9)
    assert BARS.reply([one / 2 for one in bars]).distance == pytest.approx(reply.distance, abs=1e-9)


@given(st.floats(1e4, 1e6), st.floats(0, 100))
def test_a_point_lies_between_no_and_the_diagonal_of_its_axes_away(x: float, y: float) -> None:
    assert 0 <= POINT.reply([x, y]).distance <= math.sqrt(2)


AXIS = Axis("", 0, 1)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Axis("", 1, 1), "an axis must go from a lower to a higher number, got 1 to 1"),
        (lambda: Axis("", 0, math.inf), "an axis must go from a lower to a higher number, got 0 to inf"),
        (lambda: Axis("", 0, 1, log=True), "a logarithmic axis begins above 0, got 0"),
        (lambda: Bars("?", ["a"], truth=[1, 2]), r"truth must be 1 finite numbers, got \[1, 2\]"),
        (lambda: Bars("?", ["a"], whole=0), "whole must be above 0, got 0"),
        (lambda: Bars("?", ["a", "b"], truth=[0.5, 0.2], whole=1), "truth must add up to the whole, 1, got 0.7"),
        (lambda: Curve("?", [1], AXIS, AXIS), "x must be two or more rising numbers"),
        (lambda: Curve("?", [1, 1], AXIS, AXIS), "x must be two or more rising numbers"),
        (lambda: Curve("?", [0, 1], AXIS, AXIS, fixed=1), "fixed must be from 0 to 1, with a start, got 1"),
        (lambda: Curve("?", [0, 1], AXIS, AXIS, beside={"a": [1]}), r"beside\['a'\] must be 2 finite .+"),
        (lambda: HeatMap("?", ["a"], ["b", "c"], most=1, without=[(0, 2)]), r"without .+ of 1 × 2, got \[0, 2\]"),
        (lambda: HeatMap("?", ["a"], ["b"], most=1), "most must be from 1 to 0, got 1"),
        (lambda: HeatMap("?", ["a"], ["b", "c"], truth=[[1]], most=1), r"truth must be 1 × 2 numbers, got \[\[1\]\]"),
        (lambda: HeatMap("?", ["a"], list("bcd"), truth=[[1, NAN, NAN]], most=2), "truth must have 2 cells .+, got 1"),
        (lambda: Point("?", AXIS, AXIS, truth=[1]), r"truth must be 2 finite numbers, got \[1\]"),
    ],
)  # fmt: skip
def test_a_prediction_that_cannot_be_asked_is_one_sentence(make, sentence) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        make()
