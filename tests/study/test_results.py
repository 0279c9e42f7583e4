"""Results as Markdown: what a table says, and where it stands."""

from __future__ import annotations

import json
import re

from kdviz.app import cli
from kdviz.study import results

from .conftest import LEAGUE


def test_a_stage_of_another_size_is_not_set_against_the_twin(tmp_path, capsys):
    """An assistant is larger than the student; that it errs less than the student's twin says nothing of the chain."""
    arms = {"chain": {"scheme": {"name": "assistant_chain", "students": [{"name": "mlp", "hidden": [16]}]}}}
    told = {k: v for k, v in LEAGUE.items() if k not in ("methods", "tuning_seed")} | {"arms": arms}
    told["base"] = {**told["base"], "objective": [{"weight": 1.0, "term": "SoftTargets", "temperature": 4.0}]}
    (tmp_path / "chain.json").write_text(json.dumps(told), encoding="utf-8")
    folder = str(tmp_path / "runs")
    assert cli.main(["run", str(tmp_path / "chain.json"), "--jobs", "1", "--quiet", "--folder", folder]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"\| chain: assistant 1 \| [^|]* \| 12,730 weights \|", printed)
    assert re.search(r"\| chain: student \| [^|]* \| (?:0|[\d,.]+ (?:fewer|more)): one seed \|", printed)


def test_a_section_takes_the_place_of_its_own_and_leaves_the_others(tmp_path):
    file = tmp_path / "docs" / "results.md"
    results.write(file, "a", "## A\n\nearlier\n")
    results.write(file, "b", "## B\n\nother\n")
    results.write(file, "a", "## A\n\nnew\n")
    held = file.read_text(encoding="utf-8")
    assert "earlier" not in held and held.index("new") < held.index("other") and held.count("## A") == 1
    assert held == held.rstrip() + "\n" and "\n\n\n" not in held
