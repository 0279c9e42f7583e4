"""No sentence claims more than the interval shows."""

from __future__ import annotations

import numpy as np

from kdviz.distill import Evaluation
from kdviz.measure import paired_errors
from kdviz.measure.sequence_interval import Interval
from kdviz.panels.writing import sentences


def interval(value, low, high):
    return Interval(value, low, high, 0.95, 20)


def test_a_difference_is_clear_only_where_its_interval_says_so():
    assert sentences.verdict(interval(-0.12, -0.15, -0.09)) == (
        "That is 0.120 bits fewer than the twin (95\u202f% CI 0.090 to 0.150, over rows of text): a clear gain."
    )
    assert sentences.verdict(interval(0.12, 0.09, 0.15)).endswith("0.090 to 0.150, over rows of text): clearly worse.")
    assert "0.0070 bits fewer than the twin (95\u202f% CI 0.0002 to 0.0140" in sentences.verdict(
        interval(-0.007, -0.014, -0.0002)
    )
    noise = sentences.verdict(interval(-0.02, -0.05, 0.01))
    assert sentences.verdict(interval(0.0, 0.0, 0.0)) == sentences.SAME  # not a matter of chance
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


def test_of_tasks_a_bet_is_settled_by_answers_right():
    def wrong(n):
        return np.arange(100) < n

    def answer(bet, student, twin):
        return sentences.answer(bet, paired_errors(wrong(student), wrong(twin))).replace("\u202f", "")

    gain = answer("student", 38, 60)
    assert gain.startswith(
        "You said “the student”: right. Of 100 test tasks the student answers 22 more right than its twin (95% CI "
    )
    low, high = (int(word) for word in gain.split("CI ")[1].split(")")[0].split(" to "))
    assert 0 < low < 22 < high and gain.endswith(": a clear gain.")
    worse = answer("student", 60, 38)
    assert worse.startswith("You said “the student”; it is “its twin”. Of 100 test tasks the student answers 22 fewer")
    assert worse.endswith(": clearly worse.")
    assert answer("chance", 38, 39).startswith("You said “neither clearly”: right. In right answers to 100 test tasks")
    assert "differs from its twin by +1 (95% CI −" in answer("", 38, 39)


def test_what_stands_is_that_of_the_newest_evaluation():
    def at(step, nll):
        return Evaluation(step=step, split="validation", examples=9, errors=3, nll=nll, agreement=None)

    found = {"student": [at(0, 3.0), at(10, 2.0794415)], "twin": [at(0, 3.0), at(10, 2.7725887)]}
    assert sentences.standing(found, 2.5, "validation") == (
        "After step 10 the student needs 3.00 bits a token on validation text, its twin without a teacher 4.00, the "
        "teacher 2.50."
    )
    small = sentences.standing({"student": [at(10, 0.041)], "twin": [at(10, 0.044)]}, 0.002, "test")
    assert "0.059 bits a token, its twin without a teacher 0.063, the teacher 0.002" in small
    assert sentences.standing({"student": [], "twin": []}, 2.5, "validation") == ""


def test_answers_are_counted_as_right_and_the_verdict_goes_by_the_interval():
    def wrong(n):
        return np.arange(100) < n

    shares = {"student": Interval(0.62, 0.52, 0.71, 0.95, 100), "twin": Interval(0.4, 0.31, 0.5, 0.95, 100)}
    assert sentences.answering(shares, 0.99).replace("\u202f", "") == (
        "The student answers 62.0% of 100 test tasks right (95% CI 52.0% to 71.0%), its twin without a teacher 40.0% "
        "(31.0% to 50.0%), the teacher 99.0%."
    )
    assert sentences.answering(shares, 0.99, step=40).startswith("After step 40 the student answers")
    gain = sentences.right_verdict(paired_errors(wrong(38), wrong(60)), 0.3)
    assert gain.startswith("That is 22 tasks more than the twin") and gain.endswith(": a clear gain.")
    low, high = (int(word) for word in gain.split("CI ")[1].split(")")[0].split(" to "))
    assert 0 < low < 22 < high
    worse = sentences.right_verdict(paired_errors(wrong(60), wrong(38)), 0.001)
    assert worse.startswith("That is 22 tasks fewer") and worse.endswith(": clearly worse.")
    same = sentences.right_verdict(paired_errors(wrong(38), wrong(38)), 0.001)
    assert "+0 tasks" in same and "could be chance" in same and "0.001 bits a token" in same
    assert "sure" not in sentences.right_verdict(paired_errors(wrong(38), wrong(38)), 0.3) + gain
