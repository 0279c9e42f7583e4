"""What a method is tried on."""

from __future__ import annotations

import kdviz as kd
from kdviz.panels.methods.trial import PAIRS


def test_every_pair_names_a_shipped_teacher_and_a_smaller_student():
    for name, pair in PAIRS.items():
        student = kd.models.build(pair.student, seed=0)
        assert kd.models.parameter_count(student) < kd.models.card(pair.teacher).parameters / 4, name
