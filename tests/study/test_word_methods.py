"""The experiment on text: the same start and as many updates for each way, and who is asked how often."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kdviz.study import word_methods
from kdviz.study.experiment import Experiment, experiment
from kdviz.study.programs import TWIN


def test_each_way_begins_alike_and_differs_in_one_thing(monkeypatch):
    one = experiment("word-methods")
    assert isinstance(one, Experiment) and one.program["name"] == "word_methods"
    runs, trained = [], word_methods.trained

    def watched(run):
        runs.append((run, {name: w.clone() for name, w in run.student.state_dict().items()}))
        return trained(run)

    monkeypatch.setattr(word_methods, "trained", watched)
    base = replace(one.base, epochs=1)
    found = list(word_methods.word_methods(base, train=40, test=12, first=1))
    assert [f.name.split(",")[0] for f in found] == [
        "teacher", "the student after 1 epochs of labels", "twin", "forward KL", "reverse KL", "Jensen–Shannon",
        "sequence level", "forward KL on-policy", "Jensen–Shannon on-policy",
    ]  # fmt: skip
    assert [f.role for f in found[:3]] == ["teacher", "model", "twin"] and found[2].name == TWIN
    assert all(f.other == TWIN and f.against == found[2].errors and f.examples == found[0].examples for f in found[3:])
    (_, first), *others = runs[1:]  # the first epochs' comes before
    assert all(weights[name].equal(first[name]) for _, weights in others for name in first)
    assert {run.steps_done for run, _ in runs[1:]} == {2} and len(runs) == 8
    assert [type(run.objective.terms[0]).__name__ for run, _ in runs[1:]] == [
        "HardLabels", "SoftTargets", "ReverseKL", "JensenShannon", "HardLabels", "OnPolicy", "OnPolicy",
    ]  # fmt: skip
    with pytest.raises(TypeError):
        list(word_methods.word_methods(base, students=3))
