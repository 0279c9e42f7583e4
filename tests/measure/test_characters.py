"""Models of different vocabularies on the same texts."""

from __future__ import annotations

import math

import pytest
import torch

import kdviz as kd
from kdviz.measure.sequence_interval import ratio

LETTERS = kd.data.Vocabulary("ab ")
SYLLABLES = kd.data.Vocabulary(["a", "b", " ", "ab", "ba "])
TEXTS = ["abba ab", "ba", "a b a b a b a", "bbbb", "ab ab ba b"]


def by_hand(model, vocabulary, text, context):
    ids = vocabulary.encode(text, begin=True, end=True)
    total = 0.0
    for k in range(0, len(ids) - 1, context):
        window = ids[k : k + context + 1]
        for t in range(len(window) - 1):
            z = model(torch.tensor([window[: t + 1]]))[0, -1].double()
            total -= z.log_softmax(0)[window[t + 1]].item() / math.log(2)
    return total


def test_they_are_compared_on_the_text_itself():
    first, second = kd.models.gru(LETTERS, 8), kd.models.decoder(SYLLABLES, 4, 8, 1, 2, seed=1)
    found = kd.measure.bits_a_character({"letters": (first, LETTERS), "syllables": (second, SYLLABLES)}, TEXTS)
    lengths = list(map(len, TEXTS))
    a = [by_hand(first, LETTERS, text, 10**9) for text in TEXTS]
    b = [by_hand(second, SYLLABLES, text, 4) for text in TEXTS]
    for ours, totals in (
        (found.each["letters"], a),
        (found.each["syllables"], b),
        (found.differences["syllables"], [y - x for x, y in zip(a, b, strict=True)]),
    ):
        theirs = ratio(totals, lengths)
        assert (ours.value, ours.low, ours.high) == pytest.approx((theirs.value, theirs.low, theirs.high), rel=1e-5)
    assert (found.n, found.characters) == (5, sum(lengths))


def test_a_text_beyond_the_vocabulary_and_no_text_are_refused():
    with pytest.raises(ValueError, match="c"):
        kd.measure.bits_a_character({"letters": (kd.models.gru(LETTERS, 8), LETTERS)}, ["abc"])
    with pytest.raises(ValueError, match="texts of one character or more"):
        kd.measure.bits_a_character({"letters": (kd.models.gru(LETTERS, 8), LETTERS)}, ["a", ""])


def test_a_model_of_another_vocabulary_is_refused():
    with pytest.raises(ValueError, match="the model 'other' was built for another vocabulary"):
        kd.measure.bits_a_character({"other": (kd.models.gru(kd.data.Vocabulary("abc"), 4), LETTERS)}, TEXTS)
