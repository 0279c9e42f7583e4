"""Other seeds: the same recipe, side by side with its twins, and what the difference is worth."""

from __future__ import annotations

from dataclasses import asdict

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz import words
from kdviz.measure import paired, paired_errors
from kdviz.measure.error_words import in_errors
from kdviz.panels.lab import verdict
from kdviz.panels.lab.repeats import Repeats, can_repeat, with_twins
from kdviz.panels.lab.run_groups import RunGroups
from kdviz.panels.lab.time_travel import described
from kdviz.panels.live.roster import MOST, NAMES, Roster


@pytest.fixture(scope="module")
def group():
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (600,), generator=generator)
    X = torch.eye(3)[y] * 2 + torch.randn(600, 3, generator=generator)
    data = kd.data.splits((X, y), validation=0.2, test=0.2, name="clouds")
    teacher = kd.Distillation(None, kd.models.mlp((32,), inputs=3, classes=3), data, kd.HardLabels(), epochs=10)
    teacher.train(progress=False)
    student = kd.models.mlp((4,), inputs=3, classes=3)
    run = kd.Distillation(teacher.student.eval(), student, data, epochs=2, batch_size=32, allow_weaker_teacher=True)
    runs = with_twins(run, ["student", "twin", "smoothed"])
    run.edit(learning_rate=0.01)
    return [(role, trained(r)) for role, r in zip(("student", "twin", "smoothed"), runs, strict=True)]


def trained(run: kd.Distillation) -> kd.Distillation:
    run.evaluate("validation")
    run.train(progress=False)
    run.evaluate("test")
    return run


def test_each_seed_is_the_same_recipe_with_other_weights_and_batches_and_keeps_the_edits(group):
    repeats = Repeats(group, 3)
    first = repeats.build(lambda *_: True)
    assert [r.settings.seed for r in first] == [1, 1, 1]
    assert [e.name for e in first[0].history.edits] == ["learning_rate"]
    assert first[1].teacher is None and first[2].objective.terms[0].name == "smoothed"
    assert not torch.equal(next(first[0].student.parameters()), next(group[0][1].student.parameters()))
    repeats.take([trained(r) for r in first])
    second = repeats.build(lambda *_: True)
    assert second[0].settings.seed == 2 and not repeats.done
    repeats.take([trained(r) for r in second])
    assert repeats.done


def test_bands_hold_every_seed_and_the_difference_is_paired_seed_by_seed(group):
    repeats = Repeats(group, 3)
    assert repeats.bands() == []
    while not repeats.done:
        repeats.take([trained(r) for r in repeats.build(lambda *_: True)])
    bands = {band["role"]: band for band in repeats.bands()}
    assert set(bands) == {"student", "twin", "smoothed"} and bands["twin"]["name"] == NAMES["twin"]
    for role, band in bands.items():
        assert band["steps"] == repeats.results[0].curves[role][0] and band["seeds"] == 3
        finals = [result.curves[role][1][-1] for result in repeats.results]
        assert band["low"][-1] == pytest.approx(min(finals), abs=1e-4)
        assert band["high"][-1] == pytest.approx(max(finals), abs=1e-4)
    wanted = paired([r.test_errors["student"] - r.test_errors["twin"] for r in repeats.results])
    said = verdict.of_seeds(repeats.test_errors)
    assert in_errors(wanted) in said
    assert said.startswith("Over 3 seeds the student makes") and said.count("95\u202f% CI") == 2


@pytest.mark.parametrize("seeds", [1, 21])
def test_too_few_or_too_many_seeds_are_refused(group, seeds):
    with pytest.raises(ValueError, match="seeds must be between 2 and 20"):
        Repeats(group, seeds)


def test_a_student_that_kdviz_cannot_build_cannot_be_repeated(group):
    run = group[0][1]
    assert can_repeat(run)
    own = kd.Distillation(run.teacher, nn.Sequential(nn.Linear(3, 3)), run.data, allow_weaker_teacher=True)
    assert not can_repeat(own)


def test_a_roster_names_branches_and_holds_a_bounded_number_of_runs(group):
    roster = Roster()
    for k, (role, run) in enumerate(group):
        roster.add(run, role, key=f"run-{k}", group=1)
    while len(roster) < MOST:
        roster.add(group[0][1], "branch", key=f"more-{len(roster)}", group=2, start=3)
    with pytest.raises(ValueError, match=f"at most {MOST} runs"):
        roster.add(group[0][1], "branch", key="one-too-many", group=2)
    rows = roster.rows()
    assert [row["name"] for row in rows[:4]] == ["Student", "Twin, no teacher", "Twin, label smoothing", "Branch 1"]
    assert (
        rows[0]["edits"] == [{"step": 0, "name": "learning_rate", "text": "learning rate = 0.01"}]
        and rows[3]["from"] == 3
    )
    assert rows[0]["best"]["value"] == min(rows[0]["values"]) and rows[0]["test"] is not None
    roster.rename("run-0", "  a very   good one ")
    roster.rename("run-1", "")
    assert [roster.get(k).name for k in ("run-0", "run-1")] == ["a very good one", "Twin, no teacher"]
    assert not roster.remove("run-0") and roster.remove("more-3")


def test_a_kept_page_is_shown_in_the_language_of_its_reader(group, monkeypatch):
    roster = Roster()
    groups = RunGroups(roster, travel=None)
    for k, (role, run) in enumerate(group):
        roster.add(run, role, key=f"run-{k}", group=1)
    roster.add(group[0][1], "branch", key="run-3", group=2, start=3, note="no teacher")
    roster.rename("run-1", "my own")
    saved, runs = described(roster), {entry.key: entry.run for entry in roster}
    differences = {"twin": asdict(paired_errors(*torch.eye(2, 50, dtype=torch.bool).numpy()))}
    monkeypatch.setattr(words, "_chosen", ["de"])
    roster.clear()
    groups.take_up(saved, runs, {"differences": differences, "can_repeat": True})
    assert [row["name"] for row in roster.rows()] == ["Schüler", "my own", "Zwilling, Label-Glättung", "Zweig 1"]
    assert roster.rows()[3]["note"] == "ohne Lehrer"
    assert groups.verdict.startswith("So viele Testfehler wie der Zwilling ohne Lehrer (95-%-KI ")
    assert groups.results["differences"] == differences and groups.same == ()
    monkeypatch.setattr(words, "_chosen", ["en"])
    assert (
        roster.rows()[0]["name"] == "Student"
        and "As many test errors as the twin without a teacher (95\u202f% CI " in groups.verdict
    )
