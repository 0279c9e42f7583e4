"""Bits of rows: those of a loop, and a paired difference over rows."""

from __future__ import annotations

import math

import pytest
import torch

from kdviz.distill.evaluate import evaluate
from kdviz.panels.writing.measured import difference, surprises

from .conftest import small_setting


def test_surprises_are_those_of_a_loop_and_add_up_to_the_evaluation():
    setting = small_setting()
    student, examples = setting.make("own", 0).eval(), setting.data.test
    bits, counts = surprises(student, examples)
    for i in range(3):
        with torch.no_grad():
            log_p = student(examples.x[i : i + 1])[0].double().log_softmax(-1)
        wanted = [-float(log_p[place, y]) / math.log(2) for place, y in enumerate(examples.y[i].tolist()) if y >= 0]
        assert float(bits[i]) == pytest.approx(sum(wanted), rel=1e-5) and int(counts[i]) == len(wanted)
    found = evaluate(student, examples, step=0, split="test")
    assert float(bits.sum() / counts.sum()) == pytest.approx(found.nll / math.log(2), rel=1e-6)


def test_a_difference_is_paired_by_row():
    setting = small_setting()
    one, other = (setting.make("own", seed).eval() for seed in (0, 1))
    (a, counts), (b, _) = surprises(one, setting.data.test), surprises(other, setting.data.test)
    found = difference(one, other, setting.data.test)
    assert found.value == pytest.approx(float((a - b).sum() / counts.sum()))
    assert found.low < found.value < found.high and found.n == len(a)
    same = difference(one, one, setting.data.test)
    assert (same.value, same.low, same.high) == (0, 0, 0)
