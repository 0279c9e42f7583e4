"""Questions: right and wrong answers are told apart, impossible ones are a sentence; asking gives nothing away."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kdviz.lessons import Choice, Number, Order, Several, Text

CHOICE = Choice("2 + 2?", {"four": "So it is.", "five": "Count again.", "none": "Count."}, right="four")
EVEN = Several("Which are even?", {"1": "1 leaves a rest.", "2": "2 = 2 × 1.", "4": "4 = 2 × 2."}, ["2", "4"])
NUMBER = Number("Errors?", 660, tolerance=40, low=0, high=10_000, unit=" errors", said="Half of them are nines.")
ORDER = Order("From small to large:", ["1", "2", "3", "4"], said="As one counts.")
TEXT = Text("Why T²?", "The gradient fades like 1/T².", ["1/T", "the loss"])
ALL = [CHOICE, EVEN, NUMBER, ORDER, TEXT]


@pytest.mark.parametrize(
    ("ask", "answer", "right", "said"),
    [
        (CHOICE, "four", True, "Right. So it is."),
        (CHOICE, "five", False, "Not this time. Count again."),
        (Choice("Which?", {"a": "A.", "b": "B."}), "a", None, "A."),
        (EVEN, ["4", "2"], True, "Right. 3 of 3 are judged rightly."),
        (EVEN, [], False, "Not this time. 1 of 3 is judged rightly. “2”: 2 = 2 × 1. “4”: 4 = 2 × 2."),
        (EVEN, ["1", "2", "4"], False, "Not this time. 2 of 3 are judged rightly. “1”: 1 leaves a rest."),
        (Several("Which?", {"a": "A.", "b": "B."}, []), [], True, "Right. 2 of 2 are judged rightly."),
        (NUMBER, 660, True, "Right. It is 660 errors. Half of them are nines."),
        (NUMBER, 700, True, "Right. It is 660 errors; you said 700, 40 too high. Half of them are nines."),
        (NUMBER, 619.5, False, "Not this time. It is 660 errors; you said 620, 40.5 too low. Half of them are nines."),
        (Number("Share?", 0.1, tolerance=0.2), 0.3, True, "Right. It is 0.1; you said 0.3, 0.2 too high."),
        (ORDER, ["1", "2", "3", "4"], True, "Right. As one counts."),
        (ORDER, ["2", "1", "3", "4"], False, "Not this time. 1 of 6 pairs stands the other way round. As one counts."),
        (ORDER, ["4", "3", "2", "1"], False, "Not this time. 6 of 6 pairs stand the other way round. As one counts."),
        (TEXT, "  so that both count ", None, "A good answer: The gradient fades like 1/T²."),
    ],
)  # fmt: skip
def test_an_answer_is_told_what_it_is(ask, answer, right, said) -> None:
    reply = ask.reply(answer)
    assert (reply.right, reply.text) == (right, said)
    assert ask.checked(ask.checked(answer)) == ask.checked(answer), "what is kept can be answered again"
    assert ask.reply(json.loads(json.dumps(ask.checked(answer)))) == reply, "and survives a file"


@pytest.mark.parametrize(
    ("ask", "answer", "sentence"),
    [
        (CHOICE, "six", "an answer must be one of “four”, “five”, “none”, got 'six'"),
        (CHOICE, ["four"], "an answer must be one of .+, got \\['four'\\]"),
        (CHOICE, None, "an answer must be one of .+, got None"),
        (CHOICE, 4, "an answer must be one of .+, got 4"),
        (EVEN, "2", "expected a list of answers, got '2'"),
        (EVEN, ["2", "3"], "an answer must be one of “1”, “2”, “4”, got '3'"),
        (EVEN, [["2"]], "an answer must be one of .+, got \\['2'\\]"),
        (EVEN, {"2": True}, "expected a list of answers, got {'2': True}"),
        (NUMBER, "660", "expected a number, got '660'"),
        (NUMBER, True, "expected a number, got True"),
        (NUMBER, None, "expected a number, got None"),
        (NUMBER, float("nan"), "expected a number, got nan"),
        (NUMBER, float("inf"), "expected a number, got inf"),
        (NUMBER, 10**400, "expected a number, got 1000.+…"),
        (NUMBER, 1j, "expected a number, got 1j"),
        (NUMBER, -1, "expected a number from 0 to 10,000, got −1"),
        (NUMBER, 10_000.5, "expected a number from 0 to 10,000, got 10,000.5"),
        (Number("Errors?", 5, low=0), -1, "expected a number from 0 to …, got −1"),
        (NUMBER, np.zeros(2), r"expected a number, got array\(\[0., 0.\]\)"),
        (ORDER, ["1", "2", "3"], r"expected all 4 items in some order, got \['1', '2', '3'\]"),
        (ORDER, ["1", "1", "3", "4"], "expected all 4 items in some order, got .+"),
        (ORDER, [1, 2, 3, 4], r"expected all 4 items in some order, got \[1, 2, 3, 4\]"),
        (ORDER, "1234", "expected all 4 items in some order, got '1234'"),
        (TEXT, "  ", "expected an answer in words, got ' '"),
        (TEXT, 5, "expected an answer in words, got 5"),
        (TEXT, "a" * 4001, "an answer may have 4,000 characters, got 4,001"),
    ],
)
def test_what_cannot_be_an_answer_is_one_sentence(ask, answer, sentence) -> None:
    for face in (ask.checked, ask.reply):
        with pytest.raises(ValueError, match=f"^{sentence}$") as told:
            face(answer)
        assert "\n" not in str(told.value) and len(str(told.value)) < 200


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError("no name")


@pytest.mark.parametrize("answer", [Rude(), [Rude()], object(), "x\n" * 90, torch.zeros(3), {}, b"four", lambda: 1])
@pytest.mark.parametrize("ask", ALL, ids=lambda ask: ask.kind)
def test_no_object_gets_further_than_a_sentence(ask, answer) -> None:
    if ask is TEXT and isinstance(answer, str):
        return
    with pytest.raises(ValueError) as told:  # noqa: PT011  # the sentence is looked at here
        ask.checked(answer)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "value", [660, 660.0, np.float32(660), np.int64(660), np.array(660), torch.tensor(660), Fraction(660)]
)
def test_a_number_may_come_from_any_library(value) -> None:
    assert NUMBER.checked(value) == 660 and type(NUMBER.checked(value)) is float
    assert NUMBER.reply(value).right


@given(st.floats(0, 10_000))
def test_a_number_is_right_within_its_tolerance_and_told_how_far_it_lies(answer: float) -> None:
    reply = NUMBER.reply(answer)
    assert reply.distance == pytest.approx(abs(answer - 660))
    assert reply.right == (reply.distance <= 40 * (1 + 1e-12))
    assert ("too high" in reply.text) == (answer > 660 + 1e-9) and ("too low" in reply.text) == (answer < 660 - 1e-9)


def test_a_number_that_comes_later_is_no_answer_yet() -> None:
    later = Number("Errors?", None, tolerance=5)
    assert not later.known and NUMBER.known
    assert (later.reply(3).text, later.reply(3).right) == ("", None)


def test_of_an_order_each_pair_counts_once() -> None:
    for answer in permutations(ORDER.items):
        reply = ORDER.reply(list(answer))
        turned = sum(a > b for i, a in enumerate(answer) for b in answer[i + 1 :])
        assert reply.distance == pytest.approx(turned / 6) and reply.right == (turned == 0)


@pytest.mark.parametrize("ask", ALL, ids=lambda ask: ask.kind)
def test_asking_gives_nothing_away(ask) -> None:
    asked, solution = json.dumps(ask.asked(), allow_nan=False), json.loads(json.dumps(ask.solution(), allow_nan=False))
    said = [one for one in (*solution.get("said", ()), solution.get("model", "")) if len(one) > 1]
    assert not [one for one in said if one in asked]
    assert "right" not in ask.asked() and ask.known


def test_no_place_gives_the_right_answer_away() -> None:
    places = [
        Choice(f"Question {n}?", {"yes": "", "no": "", "maybe": ""}, right="yes").offered.index("yes")
        for n in range(60)
    ]
    assert all(12 <= places.count(place) <= 30 for place in range(3))
    assert EVEN.offered == ["1", "2", "4"], "what counts up stays in order"
    ordered = Choice("Errors?", {"fewer": "", "as many": "", "more": ""}, right="more", ordered=True)
    assert ordered.asked()["choices"] == ["fewer", "as many", "more"]
    for ask in (CHOICE, EVEN):
        assert [ask.answers[one] for one in ask.asked()["choices"]] == ask.solution()["said"]
    for items in permutations(["a", "b", "c"]):
        order = Order("?", items)
        assert order.offered != list(items) and sorted(order.offered) == ["a", "b", "c"]
        assert order.offered == Order("?", items).asked()["items"], "the same for everybody"


def test_half_a_character_is_an_answer_that_can_be_written_down() -> None:
    assert TEXT.checked("so \ud800") == "so ?"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Choice("?", {"a": ""}), "a choice needs at least two answers, got 1"),
        (lambda: Choice("?", {"a": "", "b": ""}, right="c"), "right must be one of “a”, “b”, got 'c'"),
        (lambda: Several("?", {"a": ""}, []), "a question with several answers needs at least two, got 1"),
        (lambda: Several("?", {"a": "", "b": ""}, ["c"]), "right must be one of “a”, “b”, got 'c'"),
        (lambda: Number("?", 1, tolerance=-1), "tolerance must be 0 or above, got -1"),
        (lambda: Number("?", 1, tolerance=math.nan), "tolerance must be 0 or above, got nan"),
        (lambda: Number("?", math.inf), "right must be a finite number, got inf"),
        (lambda: Order("?", ["a"]), r"items must be two or more, each once, got \['a'\]"),
        (lambda: Order("?", ["a", "a"]), r"items must be two or more, each once, got \['a', 'a'\]"),
    ],
)
def test_a_question_that_cannot_be_asked_is_one_sentence(make, sentence) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        make()
