"""Experiments that are programs: each runs in small, is kept seed by seed, and gives a record that adds up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kdviz.lessons.course.claims import CLAIMS
from kdviz.study import programs
from kdviz.study.experiment import experiment, names
from kdviz.study.results import record_of_program

TINY = {  # what differs from the shipped arguments, so that a program takes a second
    "ensemble_to_one": {"members": 2, "trees": 3},
    "black_to_white_box": {"draws": 2},
    "teacher_calibration": {"hidden": 12, "labels": 100, "epochs": 2},
    "scheme_league": {"assistant": [12], "generations": 2},
    "claims": {"more": 120, "short": 1},
    "domain_shift": {},
    "compression_order": {"later": 1},
    "robustness_arrives": {"plain": "mnist-mlp-overfit", "steps": 1, "attack_steps": 2, "test": 100},
    "noisy_teacher": {"hidden": 12},
    "distilbert_small": {"lines": 64, "tuning_epochs": 2, "test": 40},
    "word_methods": {"train": 40, "test": 12, "first": 1},
    "rationales": {"train": 70, "test": 12},
    "rare_classes": {"keep": 2, "sizes": [4, 8], "hidden": 12},
}
PROGRAMS = [name for name in names() if experiment(name).program is not None]


def tiny(name, seeds=(0,)):
    """An experiment with few labels, a small student and two epochs."""
    one = experiment(name)
    base = replace(
        one.base,
        draw={"count": 60},
        epochs=2,
        student={"name": "mlp", "hidden": [8]},
        teacher=one.base.teacher and "mnist-mlp-overfit",
    )
    if one.base.student["name"] == "encoder":  # it begins with its teacher's weights
        base = replace(one.base, draw={"count": 60}, epochs=2)
    if one.base.student["name"] == "decoder":
        base = replace(one.base, epochs=1)
    program = {**one.program, "arguments": TINY[one.program["name"]]}
    return replace(one, base=base, seeds=seeds, program=program)


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_program_runs_and_its_record_adds_up(name, tmp_path):
    one = tiny(name)
    done = programs.results(one, tmp_path, progress=False)
    record = record_of_program(one, done)
    assert len({row.name for row in record.rows}) == len(record.rows) > 3
    assert record.runs >= sum(row.role in ("student", "twin") for row in record.rows)
    twin = next((row for row in record.rows if row.role == "twin"), None)
    for found, row in zip(done.found[0], record.rows, strict=True):
        assert (row.role == "teacher" or row.errors.mean > 0) and row.errors.mean <= record.examples
        assert row.errors.each == (found.errors,)
        if row.difference is not None and row.difference.other == "twin, labels alone":
            assert row.difference.mean == row.errors.mean - twin.errors.mean
    assert sum(row.difference is not None for row in record.rows) >= 3
    if name == "claims":  # lesson 15 lies above studies, so that the program has its words again
        assert [row.name for row in record.rows] == [claim.statement.rstrip(".") for claim in CLAIMS.values()]
    before = sorted((p.name, p.stat().st_mtime_ns) for p in tmp_path.iterdir())
    assert programs.results(one, tmp_path, progress=False).found == done.found
    assert sorted((p.name, p.stat().st_mtime_ns) for p in tmp_path.iterdir()) == before  # nothing is done twice


def test_every_program_is_shipped_and_arguments_that_do_not_fit_are_named(tmp_path, monkeypatch):
    assert {experiment(name).program["name"] for name in PROGRAMS} == set(programs.PROGRAMS) == set(TINY)
    one = replace(tiny("domain-shift"), program={"name": "domain_shift", "arguments": {"trees": 3}})
    with pytest.raises(ValueError, match=r"the arguments of domain-shift do not fit domain_shift: .*'trees'"):
        programs.results(one, tmp_path, progress=False)
    monkeypatch.setattr(programs.Bench, "of", lambda recipe: 1 + "")
    with pytest.raises(TypeError, match="unsupported operand"):  # a mistake inside is not the arguments'
        programs.results(tiny("domain-shift"), tmp_path, progress=False)
    with pytest.raises(ValueError, match="is a program and no study of arms; kdviz run domain-shift runs it"):
        one.study()


def test_small_digits_have_the_form_of_mnist_and_their_parts_share_nothing():
    data = programs.small_digits(897, 300)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [897, 300, 600]
    assert data.shape == (1, 28, 28) and 0 <= float(data.train.x.min()) < float(data.train.x.max()) <= 1
    rows = {tuple(x.flatten().tolist()) for part in (data.train, data.validation, data.test) for x in part.x}
    assert len(rows) == 1797
