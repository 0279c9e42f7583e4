"""Bits of rows: those of a loop, and a paired difference over rows."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from kdviz.distill.evaluate import evaluate
from kdviz.measure import sequences
from kdviz.panels.writing.measured import answered, difference, share_of, surprises

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


def test_an_answer_is_right_as_a_whole_and_the_difference_counts_the_same_tasks():
    setting = small_setting()
    teacher, student = setting.teacher.module, setting.make("own", 0).eval()
    tasks = setting.data.test
    with torch.no_grad():
        given = teacher(tasks.x).argmax(-1)
    given[::2] = tasks.y[::2]  # every other one is the teacher's own answer, which it gets right
    tasks = replace(tasks, y=torch.where(tasks.y < 0, tasks.y, given))
    right = []
    for model in (teacher, student):
        with torch.no_grad():
            first = model(tasks.x).argmax(-1)
        right.append(((first == tasks.y) | (tasks.y < 0)).all(1).numpy())
    found = answered(teacher, student, tasks)
    assert 0 < right[0].sum() > right[1].sum()
    assert found.student.value == pytest.approx(right[0].mean()) == sequences(teacher, tasks).exact.value
    assert found.difference.mean == right[1].sum() - right[0].sum()  # of wrong answers
    assert (found.difference.only_a, found.difference.only_b) == (
        int(np.sum(~right[0] & right[1])),
        int(np.sum(right[0] & ~right[1])),
    )
    again = share_of(found.student.value, len(tasks))
    assert (again.low, again.high) == pytest.approx((found.student.low, found.student.high))
