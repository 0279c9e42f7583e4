"""What is counted: errors, answers, hidden words and bits, by row, with what a difference is worth."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from kdviz.measure import sequences
from kdviz.models import inference
from kdviz.panels.schemes.counts import ANSWERS, BITS, ERRORS, HIDDEN_WORDS, Difference, Rows, bits

from .small_text import small_of

COUNTS = {"tasks": ANSWERS, "text": BITS, "masked": HIDDEN_WORDS, "kinds": ERRORS}


def ends(d):
    return [round(float(one), 4) for one in (d.mean, d.low, d.high)]


@pytest.mark.parametrize("holds", COUNTS)
def test_rows_add_up_to_what_the_evaluation_says(holds):
    setting = small_of(holds)
    assert setting.count is COUNTS[holds]
    model, examples = setting.student(), setting.data.validation
    found = setting.count.evaluation(model, examples, step=3, split="validation")
    rows = setting.count.rows(model, examples)
    assert (found.step, found.split) == (3, "validation")
    whole = bits(found) * found.examples if holds == "text" else found.errors
    assert rows.totals.sum() == pytest.approx(whole, rel=1e-5) and rows.counts.sum() == found.examples
    again = Rows.from_dict(json.loads(json.dumps(rows.to_dict())))
    assert np.array_equal(again.totals, rows.totals) and np.array_equal(again.counts, rows.counts)
    assert ends(setting.count.difference(rows, rows))[0] == 0


def test_an_answer_is_wrong_unless_all_of_its_tokens_are_the_first_choice():
    setting = small_of("tasks")
    examples, model = setting.data.validation, setting.teacher.module
    choices, y = inference.logits(model, examples).argmax(-1), examples.y
    wrong = [bool(((a != b) & (b >= 0)).any()) for a, b in zip(choices, y, strict=True)]
    assert ANSWERS.rows(model, examples).totals.tolist() == [float(one) for one in wrong]
    found = ANSWERS.evaluation(model, examples, step=0, split="validation")
    assert (found.errors, found.examples) == (sum(wrong), len(y)) and 0 < found.errors < found.examples


def test_bits_are_those_of_the_measure_and_hidden_words_alone_are_counted():
    text, masked = small_of("text"), small_of("masked")
    found = BITS.evaluation(text.student(), text.data.test, step=0, split="test")
    assert bits(found) == pytest.approx(sequences(text.student(), text.data).bits.value, rel=1e-5)
    assert BITS.written(found) == f"{bits(found):.3f}"
    found = HIDDEN_WORDS.evaluation(masked.student(), masked.data.test, step=0, split="test")
    assert (
        found.examples == int((masked.data.test.y >= 0).sum()) < int(masked.data.test.inputs()["attention_mask"].sum())
    )


def test_a_difference_is_by_row_and_said_in_the_words_of_its_verdict():
    generator = torch.Generator().manual_seed(0)
    more = Rows(np.full(50, 30.0) + torch.rand(50, generator=generator).numpy(), np.full(50, 10.0))
    less = Rows(more.totals - 2 - torch.rand(50, generator=generator).numpy(), more.counts)
    gain = BITS.difference(less, more)
    assert gain.verdict == "fewer" and gain.low < gain.mean < gain.high < 0
    assert gain.mean == pytest.approx(float((less.totals - more.totals).sum() / 500))
    said = BITS.against("the twin", gain)
    assert said.startswith(f"{-gain.mean:.3f} bits a token fewer than the twin") and said.endswith(": a clear gain.")
    worse, same = BITS.against("it", BITS.difference(more, less)), BITS.against("it", Difference(0.01, -0.1, 0.12))
    assert "more than it" in worse and worse.endswith(": clearly worse.")
    assert same.startswith("+0.010 bits a token beside it") and same.endswith("could be chance: no difference shown.")
    words = HIDDEN_WORDS.difference(less, more)
    assert words.mean == pytest.approx(500 * gain.mean) and math.isclose(words.high, 500 * gain.high)
    assert HIDDEN_WORDS.against("it", words).endswith(": a clear gain.")
