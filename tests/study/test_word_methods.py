"""The experiment on text: the same start and as many updates for each way, and who is asked how often."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from kdviz import data as data_sets
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


def test_rationales_count_the_last_answer_that_a_student_writes():
    one = experiment("rationales")
    found = list(word_methods.rationales(replace(one.base, epochs=1), train=70, test=12))
    assert [f.name.split(",")[0] for f in found] == [
        "teacher", "teacher", "twin", "answers", "steps and answers", "steps and answers",
    ]  # fmt: skip
    assert [f.role for f in found] == ["teacher", "teacher", "twin", "student", "student", "student"]
    assert found[0].errors <= 1 and found[2].errors > 6  # shipped teachers can add, two updates are not enough
    assert [f.teacher for f in found[3:]] == [found[1].errors, None, found[0].errors]


def test_an_answer_is_what_stands_after_the_last_colon():
    data = data_sets.load("additions-steps")
    few = replace(data, test=data.test.take(slice(0, 3)), draw=None)
    vocabulary = data.vocabulary
    right = few.test.y.clone()
    for row, (old, new) in enumerate((("", ""), (":", ":9"), ("=", "+"))):  # right, a wrong answer, wrong steps alone
        text = vocabulary.decode(right[row][right[row] >= 0].tolist()).replace(old, new, 1) if old else ""
        if text:
            ids = vocabulary.encode(text, end=True)
            begins = int((right[row] >= 0).nonzero()[0])
            right[row, begins:] = -1
            right[row, begins : begins + len(ids)] = torch.tensor(ids[: 38 - begins])

    class Writes(torch.nn.Module):
        """Writes three texts by heart, whatever it reads."""

        def __init__(self) -> None:
            super().__init__()
            self.scale = torch.nn.Parameter(torch.tensor(9.0))

        def forward(self, ids):
            rows = [(few.test.x[:, :4] == one[:4]).all(1).nonzero()[0, 0] for one in ids]
            wanted = torch.stack([right[row, : ids.shape[1]] for row in rows]).clamp(min=0)
            return self.scale * torch.nn.functional.one_hot(wanted, len(data.classes))

    assert word_methods.wrong_answers(Writes().eval(), few) == 1
