"""A teacher or labels that are hardly felt."""

from __future__ import annotations

import kdviz as kd

from ..conftest import errors, follow
from .said import names


def test_a_teacher_that_is_hardly_felt_because_its_t2_was_left_out(make):
    run = make(objective=0.9 * kd.SoftTargetsWithoutT2(temperature=20) + 0.1 * kd.HardLabels())
    found = run.diagnose()["gradients_apart"]
    assert found.severity == "cause" and "the factor T²" in found.sentence and found.evidence["ratio"] < 0.2
    better = follow(found.try_code, run=run)["better"]
    assert better.settings.objective == kd.hinton(temperature=20) and "gradients_apart" not in names(better.diagnose())


def test_a_teacher_that_is_hardly_felt_because_of_its_weight(make):
    run = make(objective=kd.hinton(alpha=0.02, temperature=1))
    found = run.diagnose()["gradients_apart"]
    assert "its weight is small" in found.sentence
    assert errors(follow(found.try_code, run=run)["better"]) < errors(run) - 50


def test_labels_that_are_hardly_felt(make):
    run = make(objective=kd.hinton(alpha=0.999, temperature=8), epochs=5)
    found = run.diagnose()["gradients_apart"]
    assert found.severity == "doubt" and found.evidence["ratio"] > 500
    assert "gradients_apart" not in names(follow(found.try_code, run=run)["better"].diagnose())
