"""Records: what they hold adds up, is what the docs say, and comes back from JSON as it was."""

from __future__ import annotations

import json
import re
import statistics
from dataclasses import replace
from pathlib import Path

import pytest

import kdviz as kd
from kdviz.app import cli, experiments
from kdviz.measure import holm, paired
from kdviz.study.experiment import experiment
from kdviz.study.record import Difference, Record, Row, Spread, corrected, recorded, recorded_names, write
from kdviz.study.results import after_holm, record_of, table

RESULTS = Path(kd.__file__).parents[1] / "docs" / "results.md"


def made(differences):
    rows = [Row(f"row {i}", "student", Spread.of([5, 7, 9]), difference=Difference.of("twin", d)) for i, d in
            enumerate(differences)]  # fmt: skip
    return corrected([Row("teacher, x", "teacher", Spread.of([3])), *rows])


@pytest.mark.parametrize("name", recorded_names())
def test_page_docs_and_record_agree(name):
    """The record is what the page reads; the docs are read here."""
    one, record = experiment(name), recorded(name)
    assert (record.question, record.differs, record.command) == (one.question, one.differs, f"kdviz run {name}")
    held = RESULTS.read_text(encoding="utf-8").split(f"<!-- {name} -->")[1].split(f"<!-- end of {name} -->")[0]
    assert one.question in held and one.differs in held and f"`{record.command}`" in held
    assert after_holm(record) in held
    if record.precision == "full":  # the rounded ones: tests/study/test_rounded.py
        assert table(record, one, by_errors=one.league is not None) in held
        assert record.seeds == one.seeds and record.seconds > 0 and record.torch


@pytest.mark.parametrize("name", recorded_names())
def test_a_record_adds_up(name):
    record = recorded(name)
    assert len({row.name for row in record.rows}) == len(record.rows)
    for row in record.rows:
        each, d = row.errors.each, row.difference
        if each:
            assert row.errors.mean == pytest.approx(statistics.fmean(each)) and len(each) in (1, len(record.seeds))
        if each and d is not None:
            other = next((r for r in record.rows if r.name == d.other), None)
            if other is not None:
                found = paired([a - b for a, b in zip(each, other.errors.each, strict=True)], step=1)
                assert (d.mean, d.low, d.high) == pytest.approx((found.mean, found.low, found.high))
        if d is not None and d.p is not None and row.errors.each:
            assert (d.p < 0.05) == (d.verdict in ("fewer", "more"))
    assert [r.difference.holm for r in record.compared] == pytest.approx(
        holm([r.difference.p for r in record.compared])
    )
    assert record.compared, "the page asks for a guess of one of them"


def test_a_record_comes_back_from_json_as_it_was(tmp_path):
    one = experiment("hinton-2015")
    record = Record.of(
        one, made([[-3, -4, -5], [1, -1, 1]]), seeds=(0, 1, 2), examples=10, runs=6, seconds=2.5, torch="2"
    )
    path = write(record, tmp_path)
    assert path.name == "hinton-2015.json"
    assert Record.from_dict(json.loads(path.read_text(encoding="utf-8"))).to_json() == record.to_json()
    assert json.loads(record.to_json())["rows"][1]["difference"]["verdict"] == "fewer"
    for wrong in ([], {}, {"version": 2}, {"version": 1}, {**json.loads(record.to_json()), "rows": [{"name": "a"}]}):
        with pytest.raises(ValueError, match="expected a"):
            Record.from_dict(wrong)
    with pytest.raises(ValueError, match="has rows teacher, x, row 0, row 1, got 'row 2'"):
        record.row("row 2")


def test_differences_are_corrected_for_how_many_there_are():
    one, three = made([[-30, -34, -31]]), made([[-30, -34, -31], [1, -1, 2], [-9, 9, 0]])
    alone, among = one[1].difference, three[1].difference
    assert alone.holm == alone.p == among.p and among.holm == pytest.approx(3 * among.p)
    assert one[0].difference is None and Difference.of("twin", [5]).p is None
    assert Difference.of("twin", [5]).verdict == "one run"


def test_a_study_gives_the_differences_of_its_arms_to_twin_or_another(study):
    arms = [arm.name for arm in study.arms]
    one = experiment("hinton-30-units")
    plain = record_of(one, study)
    other = record_of(replace(one, against={arms[1]: arms[0]}), study)
    for record, name in ((plain, "twin, labels alone"), (other, arms[0])):
        d = record.row(arms[1]).difference
        theirs = record.row(name).errors.each
        assert d.other == name
        assert d.mean == pytest.approx(statistics.fmean(record.row(arms[1]).errors.each) - statistics.fmean(theirs))
    assert other.row(arms[0]).difference == plain.row(arms[0]).difference or other.row(arms[0]).difference.holm
    kept = plain.kept(plain.row(arms[0]))
    teacher = plain.rows[0].errors.mean
    assert kept == pytest.approx((400 - plain.row(arms[0]).errors.mean) / (400 - teacher))
    assert re.search(rf"\| {arms[0]} \| .* \| .*%", table(plain, replace(one, shows=("kept",))))


def test_the_command_writes_the_record_of_the_docs_and_no_other(tmp_path, monkeypatch, capsys):
    program = {"name": "ensemble_to_one", "arguments": {"members": 2, "trees": 3}}
    small = replace(experiment("ensemble-to-one").quick(), program=program)
    docs, folder = tmp_path / "docs" / "results.md", tmp_path / "recorded"
    monkeypatch.setattr(experiments, "DOCS", docs.resolve())
    monkeypatch.setattr(experiments, "experiment", lambda _: small)
    monkeypatch.setattr(experiments, "write_record", lambda record: write(record, folder))
    told = ["run", "ensemble-to-one", "--quiet", "--folder", str(tmp_path / "runs"), "--write"]
    assert cli.main([*told, str(tmp_path / "mine.md")]) == 0 and not folder.exists()
    assert cli.main([*told, str(docs)]) == 0
    record = Record.from_dict(json.loads((folder / "ensemble-to-one.json").read_text(encoding="utf-8")))
    assert table(record, small) in docs.read_text(encoding="utf-8") and record.runs == 6
    said = capsys.readouterr()
    assert f"written to {folder}" in said.err and said.out.count("| taught by the forest |") == 2


def test_one_that_was_not_recorded_says_how():
    missing = sorted(set(kd.study.experiment.names()) - set(recorded_names()))
    for name in missing:
        with pytest.raises(ValueError, match=f"{name} was not recorded yet; kdviz run {name} --write docs/results.md"):
            recorded(name)
    with pytest.raises(ValueError, match="an experiment must be one of"):
        recorded("no-such")
