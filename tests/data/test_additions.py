"""Additions that are made on request."""

from __future__ import annotations

import re
from typing import Any

import pytest

import kdviz.data
from kdviz.data import Splits
from kdviz.data.additions import _pairs


def texts(data: Splits, part: str) -> list[str]:
    """What stands in the rows: prompt and labels, decoded from both."""
    assert data.vocabulary is not None
    examples, found = getattr(data, part), []
    for x, y, prompt in zip(examples.x, examples.y, examples.groups["prompt"], strict=True):
        asked, answered = data.vocabulary.decode(x[:prompt]), data.vocabulary.decode(y[y >= 0])
        assert data.vocabulary.decode(x) == asked + answered
        found.append(asked + answered)
    return found


@pytest.mark.parametrize("digits", [1, 3])
@pytest.mark.parametrize("steps", [False, True])
def test_each_sum_is_right_and_so_is_each_step(steps: bool, digits: int) -> None:
    given: Any = {} if digits == 3 else {"digits": digits, "train": 40, "validation": 20, "test": 40}
    data = kdviz.data.additions(steps=steps, **given)
    everything = []
    for part in ("train", "validation", "test"):
        carries = getattr(data, part).groups["carries"]
        for text, carried in zip(texts(data, part), carries, strict=True):
            sum_, equals, answer = text.partition("=")
            a, b = map(int, sum_.split("+"))
            assert equals and len(str(a)) == len(str(b)) == digits
            written, _, total = answer.rpartition(":")
            assert int(total) == a + b and bool(written) == steps
            columns = [column.split("=") for column in written.split(";")] if steps else []
            assert all(sum(map(int, left.split("+"))) == int(right) for left, right in columns)
            if steps:
                ends = "".join(right[-1] for _, right in columns[:-1])
                assert (columns[-1][1] + ends[::-1]).lstrip("0").zfill(1) == total
            assert carried == sum(a % 10**i + b % 10**i >= 10**i for i in range(1, digits))
            everything.append(sum_)
    assert len(set(everything)) == len(everything)


def test_with_steps_the_pairs_are_the_same() -> None:
    short, long = kdviz.data.additions(), kdviz.data.additions(steps=True)
    assert short.vocabulary == long.vocabulary
    pairs = [[text.split("=")[0] for text in texts(data, "test")] for data in (short, long)]
    assert pairs[0] == pairs[1]


def test_other_numbers_have_another_name_and_are_drawn_without_repetition() -> None:
    data = kdviz.data.additions(digits=2, train=8_000, validation=50, test=50, seed=4)
    assert data.name == "additions-digits-2-validation-50-test-50-seed-4"
    pairs = [re.split(r"[+=]", text)[:2] for part in ("train", "validation", "test") for text in texts(data, part)]
    assert len({tuple(pair) for pair in pairs}) == 8_100  # that is all there are
    assert kdviz.data.additions(seed=1).validation.fingerprint() != kdviz.data.additions().validation.fingerprint()
    many = _pairs(4, 60_000, seed=0)  # of 81 million: some are drawn twice
    assert len({(a, b) for a, b in many.tolist()}) == 60_000


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"digits": 7}, "digits must be from 1 to 6, got 7"),
        ({"digits": 0}, "digits must be a whole number of at least 1, got 0"),
        ({"train": 2.5}, "train must be a whole number of at least 1, got 2.5"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"digits": 1}, "there are 100 pairs of numbers with 1 digits, got a request for 9,500"),
    ],
)
def test_what_cannot_be_made_is_said_in_a_sentence(given: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        kdviz.data.additions(**given)
