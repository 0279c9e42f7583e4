"""A league: every method that fits, tuned on validation data."""

from __future__ import annotations

import json
import re

import kdviz as kd
from kdviz.app import cli
from kdviz.study import league
from kdviz.study.experiment import experiment

from .conftest import LEAGUE


def test_a_league_has_every_method_that_fits_and_every_family():
    offered = league.candidates(experiment("method-league"))
    families = {kd.distill.methods.METHODS[name].family for name in offered}
    assert families == {"labels", "response", "feature", "relation", "adversarial"}
    assert len(offered) >= 20 and all(len(by) in (1, 3) for by in offered.values())


def test_a_league_is_tuned_on_validation_data_with_a_seed_of_its_own(tmp_path, capsys):
    told = tmp_path / "small.json"
    told.write_text(json.dumps(LEAGUE), encoding="utf-8")
    assert cli.main(["run", str(told), "--jobs", "1", "--quiet", "--folder", str(tmp_path / "runs")]) == 0
    printed = capsys.readouterr().out
    assert "| Hints (FitNets) |" in printed and "| Virtual teacher |" in printed
    assert re.search(r"\| Hints \(FitNets\) \| (5|20) \| 5: [\d,]+, 20: [\d,]+ \|", printed)
    seeds = {json.loads(p.read_text())["recipe"]["seed"] for p in (tmp_path / "runs").rglob("*.json")}
    assert seeds == {0, 7}
    _, tunings = league.tuned(experiment(told), tmp_path / "runs", progress=False, n_jobs=1)
    for tuning in tunings:
        assert tuning.tried[tuning.weight] == min(tuning.tried.values())
