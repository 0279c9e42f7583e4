"""The shipped experiments, and their tables."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

import pytest

import kdviz as kd
from kdviz.app import cli
from kdviz.study import league
from kdviz.study.experiment import experiment, names

from ..damage import COUNT, of_json, refused
from .conftest import LEAGUE


@pytest.mark.parametrize("name", ["assistant-chain", "hinton-30-units", "method-league"])
def test_damage_to_an_experiment_is_a_sentence_or_another_whole_experiment(name, tmp_path):
    text = (Path(kd.study.__file__).parent / "shipped" / f"{name}.json").read_text(encoding="utf-8")
    file, count = tmp_path / f"{name}.json", 0
    for done, damaged in of_json(text):
        file.write_bytes(damaged)
        gone, read = refused(partial(experiment, file), done)
        count += gone
        if not gone and read.league is None:
            gone, study = refused(read.study, done)
            assert gone or study.arms
    print(f"\n{count} of {COUNT} damaged experiments are refused, the others are experiments of another kind")
    assert count > 0.5 * COUNT


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seeds": [0, 0]}, r"experiment\.seeds may hold each value once"),
        ({"seeds": [True]}, r"experiment\.seeds\[0\] must be a whole number"),
        ({"seeds": 10**9}, r"experiment\.seeds must be a list"),
        ({"tuning_seed": None}, r"experiment\.tuning_seed must be a whole number"),
        ({"paper": [["a"]]}, r"experiment\.paper\[0\] must be a list of 2 to 2"),
        ({"methods": {**LEAGUE["methods"], "names": ["hnt"]}}, r"experiment\.methods\.names\[0\] must be one of"),
        ({"base": {**LEAGUE["base"], "epochs": True}}, r"experiment\.base\.epochs must be a whole number .*, got true"),
        ({"methods": None, "arms": {"a": {"epochs": 1.5}}}, r'experiment\.arms\["a"\]\.epochs must be a whole number'),
        (
            {"methods": None, "grid": {"temperature": [2, -1]}},
            r"experiment\.grid\.temperature\[1\] must be a finite number > 0, got -1",
        ),
        ({"methods": None, "program": {"name": "no_such"}}, r"experiment\.program\.name must be one of black_to_white"),
        ({"methods": None, "arms": {"a": {}}, "against": {"a": "b"}}, 'experiment.against must name arms, a, got "b"'),
        ({"methods": None, "grid": {"seed": [1]}}, "experiment.grid does not fit its base: seed is not an axis"),
        (
            {"methods": None, "grid": {name: [1] * 1000 for name in ("temperature", "epochs")}},
            "experiment.grid must have at most 10,000 arms, got 1,000,000",
        ),
    ],
)
def test_each_field_of_an_experiment_says_what_it_must_be(change, sentence, tmp_path):
    told = {**LEAGUE, **change}
    if told["methods"] is None:
        told = {k: v for k, v in told.items() if k not in ("methods", "tuning_seed")}
    (tmp_path / "odd.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(ValueError, match=sentence):
        experiment(tmp_path / "odd.json")


@pytest.mark.parametrize("name", names())
def test_each_shipped_experiment_can_be_run_and_says_what_it_is_after(name):
    one = experiment(name)
    assert one.question.endswith("?") and one.source and one.differs.endswith(".")
    if one.program is not None:
        assert kd.Recipe.from_json(one.base.to_json()) == one.base and one.guess  # tests/study/test_programs.py
        return
    recipes = [r for by in league.candidates(one).values() for r in by.values()] if one.league else None
    study = None if one.league else one.study()
    recipes = recipes or [arm.recipe for arm in study.arms]
    assert recipes and all(kd.Recipe.from_json(r.to_json()) == r for r in recipes)
    assert study is None or study.total >= 2 * len(one.seeds)


def test_the_command_runs_an_experiment_and_writes_its_table(tmp_path, capsys):
    file = tmp_path / "results.md"
    told = ["run", "hinton-omitted-3", "--quick", "--jobs", "1", "--quiet", "--folder", str(tmp_path / "runs")]
    assert cli.main([*told, "--write", str(file)]) == 0
    printed = capsys.readouterr().out
    held = file.read_text(encoding="utf-8")
    assert printed.strip() in held and held.startswith("# Results")
    assert "| teacher, mnist-mlp-1200 | 68 |" in printed and "133 of 1,010 threes" in printed
    assert re.search(
        r"as trained \| [\d,]+ \([\d,]+\) \| [\d,.]+ (?:fewer|more): one seed \| 1,010 of 1,010 \|", printed
    )
    assert re.search(r"bias raised by 3.5 \| [\d,]+ \|", printed)
    before = sorted(p.stat().st_mtime_ns for p in (tmp_path / "runs").rglob("*.json"))
    assert cli.main([*told, "--write", str(file)]) == 0  # nothing is done twice
    assert sorted(p.stat().st_mtime_ns for p in (tmp_path / "runs").rglob("*.json")) == before
    assert file.read_text(encoding="utf-8") == held


def test_a_list_without_a_name_and_a_sentence_for_a_wrong_one(tmp_path, capsys):
    assert cli.main(["run"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in names())
    assert cli.main(["run", "hinton-2016"]) == 1
    assert "an experiment must be one of assistant-chain" in capsys.readouterr().err
    broken = {
        "one of arms, grid, methods and program": {**LEAGUE, "grid": {}},
        "which kdviz does not know": {**LEAGUE, "colour": "red"},
        "must be of version 1": {"version": 2},
    }
    for sentence, told in broken.items():
        (tmp_path / "broken.json").write_text(json.dumps(told), encoding="utf-8")
        with pytest.raises(ValueError, match=sentence):
            experiment(Path(tmp_path / "broken.json"))
    with pytest.raises(ValueError, match="is a league, whose arms are tuned first"):
        experiment("method-league").study()
