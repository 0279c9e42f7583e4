"""How much of the teacher's accuracy is kept: by hand, and how often the interval holds it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kdviz.measure.cost import kept


def test_it_is_one_accuracy_divided_by_the_other():
    student, teacher = np.arange(100) < 12, np.arange(100) >= 90
    found = kept(student, teacher)
    assert found.value == pytest.approx(0.88 / 0.90) and found.low < found.value < found.high
    assert kept(teacher, teacher).value == 1 and kept(teacher, teacher).low < 1 < kept(teacher, teacher).high
    assert math.isnan(kept(student, np.ones(100, bool)).value)


@pytest.mark.parametrize(("teacher", "only_student", "n"), [(0.02, 0.02, 2000), (0.2, 0.1, 500), (0.05, 0.001, 1000)])
def test_the_interval_holds_it_as_often_as_it_claims(teacher, only_student, n):
    rng, inside = np.random.default_rng(n), 0
    corrected = teacher / 4  # wrong in the teacher alone
    truth = (1 - teacher + corrected - only_student) / (1 - teacher)
    for _ in range(800):
        drawn = rng.random(n)
        wrong_teacher = drawn < teacher
        wrong_student = (drawn >= corrected) & (drawn < teacher + only_student)
        found = kept(wrong_student, wrong_teacher)
        inside += found.low <= truth <= found.high
    assert 0.925 <= inside / 800 <= 1
