"""Links: a finding about a run that the Lab can show opens the Lab with the change."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
import torch

import kdviz as kd
from kdviz.diagnosis.lab_state import lab_state
from kdviz.distill import Distillation, Teacher
from kdviz.panels.lab import link
from kdviz.panels.lab.choices import Choices

from .conftest import follow, trained

CHOSEN = [
    {"epochs": 2},
    {"temperature": 20.0, "alpha": 0.5, "loss": "without_t2", "units": 16, "layers": 2},
    {"labels": 300, "keep_unlabelled": True, "omit": 3, "batch_size": 64, "seed": 5},
    {"labels": 55_000, "loss": "reverse_kl", "learning_rate": 1e-3},
    {"data": "adult", "fairness": 2.0, "penalty": "equalized_odds", "group": "race"},
]


@pytest.fixture(scope="module")
def teachers():
    known = {}

    def teacher(name: str) -> Teacher:
        return known.setdefault(name, Teacher(kd.models.pretrained(name)))

    return teacher


@pytest.mark.parametrize("chosen", CHOSEN)
def test_a_run_of_the_lab_is_told_in_the_labs_words(teachers, chosen):
    choices = Choices.of(chosen)
    state = lab_state(choices.distillation(teachers(choices.teacher)))
    opened = link.from_query(link.to_query(state))
    assert {name: opened[name] for name in asdict(choices)} == asdict(choices)


@pytest.mark.parametrize(
    "changes",
    [
        {"objective": kd.hinton() + 50 * kd.LogitMSE()},
        {"objective": kd.SoftTargets(4)},
        {"objective": 0.9 * kd.SoftTargets(4) + 0.9 * kd.HardLabels()},
        {"optimizer": lambda parameters: torch.optim.Adam(parameters)},
        {"augment": "shift"},
        {"seed": 3},
        {"learning_rate": kd.schedules.Cosine(1e-2, 1e-3)},
    ],
)
def test_what_the_lab_does_not_offer_has_no_link(teachers, changes):
    teacher = teachers("mnist-mlp-1200")
    data = kd.data.mnist().with_labels(100)
    run = Distillation(teacher, kd.models.mlp(hidden=(64,)), data, allow_weaker_teacher=True, **changes)
    assert lab_state(run) is None


def test_a_run_on_own_data_has_no_link(make):
    found = make(epochs=4).diagnose()["too_few_steps"]
    assert found.lab is None and found.try_link == ""


def test_a_size_that_the_lab_does_not_offer_has_no_link(teachers):
    run = Choices(units=800, labels=100, epochs=1).distillation(teachers("mnist-mlp-1200"))
    state = lab_state(run) | {"units": 3200}
    finding = kd.diagnosis.Finding("without_room", "cause", "", {}, "likely", lab=state)
    assert finding.try_link == ""


def test_the_link_opens_the_lab_with_the_change_that_the_code_makes(teachers):
    choices = Choices(labels=300, units=16, epochs=3, temperature=1.0, smoothing=False)
    teacher = teachers("mnist-mlp-1200")
    small = replace(choices.splits(), validation=choices.splits().validation.take(slice(0, 500)))
    run = choices.distillation(teacher)
    run.data = small  # judged on fewer, to be quick
    diagnosis = trained(run, evaluations=1).diagnose()
    found = diagnosis["teacher_too_sure"]
    assert found.try_link == "?labels=300&units=16&epochs=3"  # T = 4 is where the Lab begins
    opened = Choices(**{name: link.from_query(found.try_link)[name] for name in asdict(choices)})
    by_link = opened.distillation(teacher)
    by_code = follow(found.try_code, run=run)["better"]
    assert by_link.settings.objective == by_code.objective
    while by_link.steps_done < by_link.total_steps:
        by_link.step()
    assert by_link.history.rows[:, 0].tolist() == by_code.history.rows[:, 0].tolist()


def test_the_lab_as_it_opens_by_itself_is_a_link_too():
    state = link.defaults() | {"temperature": 4.0}
    lab = {name: state[name] for name in ("temperature", "labels")}
    assert kd.diagnosis.Finding("teacher_too_sure", "cause", "", {}, "certain", lab=lab).try_link == "?"
    assert link.from_query("?") == link.defaults()
