"""No sentence claims more than the interval shows."""

from __future__ import annotations

from kdviz.distill import Evaluation
from kdviz.measure.sequence_interval import Interval
from kdviz.panels.writing import sentences


def interval(value, low, high):
    return Interval(value, low, high, 0.95, 20)


def test_a_difference_is_clear_only_where_its_interval_says_so():
    assert sentences.verdict(interval(-0.12, -0.15, -0.09)) == (
        "That is 0.120 bits fewer than the twin (95\u202f% CI 0.090 to 0.150, over rows of text): a clear gain."
    )
    assert sentences.verdict(interval(0.12, 0.09, 0.15)).endswith("0.090 to 0.150, over rows of text): clearly worse.")
    noise = sentences.verdict(interval(-0.02, -0.05, 0.01))
    assert "−0.020 bits" in noise and "−0.050 to +0.010" in noise and "could be chance" in noise


def test_a_bet_is_right_only_where_the_interval_settles_it_so():
    gain = interval(-0.12, -0.15, -0.09)
    assert sentences.answer("student", gain) == (
        "You said “the student”: right. On test text the student needs 0.120 bits a token fewer than its twin "
        "(95\u202f% CI 0.090 to 0.150): a clear gain."
    )
    assert sentences.answer("twin", gain).startswith("You said “its twin”; it is “the student”. On test text")
    assert sentences.answer("twin", interval(0.12, 0.09, 0.15)).startswith("You said “its twin”: right.")
    assert sentences.answer("student", interval(-0.02, -0.05, 0.01)).startswith(
        "You said “the student”; it is “neither"
    )
    assert sentences.answer("", gain).startswith("On test text")


def test_a_small_difference_keeps_digits_that_tell_it_from_none():
    assert "0.00031 bits fewer than the twin (95\u202f% CI 0.00012 to 0.00050" in sentences.verdict(
        interval(-3.1e-4, -5e-4, -1.2e-4)
    )


def test_what_stands_is_that_of_the_newest_evaluation():
    def at(step, nll):
        return Evaluation(step=step, split="validation", examples=9, errors=3, nll=nll, agreement=None)

    found = {"student": [at(0, 3.0), at(10, 2.0794415)], "twin": [at(0, 3.0), at(10, 2.7725887)]}
    assert sentences.standing(found, 2.5, "validation") == (
        "After step 10 the student needs 3.00 bits a token on validation text, its twin without a teacher 4.00, the "
        "teacher 2.50."
    )
    assert sentences.standing({"student": [], "twin": []}, 2.5, "validation") == ""
