"""What the programs about faulty labels train on, and what they count."""

from __future__ import annotations

import pytest
import torch

from kdviz.study import faulty
from kdviz.study.programs import Bench

from .test_programs import tiny


@pytest.fixture
def seen(monkeypatch):
    """The runs that a program makes, none of them trained."""
    runs = []

    def untrained(run):
        runs.append(run)
        return run.student.eval()

    monkeypatch.setattr(faulty, "trained", untrained)
    return runs


def test_a_third_of_the_noisy_labels_is_wrong_and_each_student_has_its_own_kind(seen):
    base = tiny("noisy-teacher").base
    found = list(faulty.noisy_teacher(base, hidden=12))
    right = Bench.of(base).data.train.y
    wrong = [int((run.data.train.y != right).sum()) for run in seen]
    assert wrong == [0, 20, 0, 20, 20, 60, 0, 20], "of 60 labels; without labels all are unknown"
    teachers = [run.student for run in seen[:2]]
    taught = [run.teacher.module if run.teacher is not None else None for run in seen]
    assert [teachers.index(one) if one is not None else None for one in taught[4:]] == [1, 1, 1, 0]
    assert [one.other for one in found[4:]] == ["twin, noisy labels"] * 2 + ["twin, right labels", "twin, noisy labels"]


def test_rare_classes_are_rare_in_training_and_alone_in_what_is_counted(seen):
    base = tiny("rare-classes").base
    found = list(faulty.rare_classes(base, rare=(8, 9), keep=2, sizes=(4, 8), hidden=12))
    assert {one.examples for one in found} == {974 + 1009}, "the eights and nines of MNIST's test part"
    for run in seen:
        counts = torch.bincount(run.data.train.y, minlength=10)
        assert counts[8] == counts[9] == 2 and counts[:8].min() == 6
    assert [one.role for one in found] == ["teacher", "teacher"] + ["twin", "student", "student"] * 2
    assert all(one.teacher is not None and one.other.endswith("twin") for one in found if one.role == "student")
