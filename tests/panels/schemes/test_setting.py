"""The setting: the same start, batches and budget for all lanes."""

from __future__ import annotations

from dataclasses import replace

import torch

import kdviz as kd
from kdviz.panels.schemes.setting import TEMPERATURE, Setting, shrunk


def test_offline_distillation_and_the_twin_begin_alike_and_see_the_same_batches(small):
    offline, twin = small.offline(20), small.twin(20)
    pairs = zip(offline.student.parameters(), twin.student.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert offline.settings.seed == twin.settings.seed and offline.total_steps == twin.total_steps >= 20
    assert offline.objective.alpha == 0.9 and offline.objective.temperature == TEMPERATURE
    assert twin.teacher is None and twin.objective.names == ("hard",)


def test_epochs_are_shared_out_and_steps_follow(small):
    assert small.steps(2) == 2 * 12 and small.steps(1, 17) == 2
    assert replace(small, epochs=96).share(3) == 32 and replace(small, epochs=1).share(4) == 1
    assert small.student(1).seed == 1 and small.student(hidden=(5,)).architecture["hidden"] == [5]


def test_the_pages_setting_is_mnist_with_its_first_examples_looked_at():
    made = Setting.of(epochs=7, seed=3)
    assert (made.data.train.labelled, len(made.data.validation), len(made.data.test)) == (1000, 500, 5000)
    assert made.epochs == 7 and made.student().seed == 3
    assert "1,000 labelled examples" in made.note and "5,000 test examples" in made.note
    assert Setting.of(labels=2000).data.train.labelled == 2000
    assert Setting.of().teacher is made.teacher, "asked once for all schemes"


def test_a_step_is_timed_on_a_copy(small):
    assert small.seconds_a_step() > 0
    assert small.seconds_a_step() == replace(small, seed=5).seconds_a_step(), "once for all of a kind"
    wide = replace(small, data=shrunk(kd.data.mnist().with_labels(100)))
    assert wide.seconds_a_step() != small.seconds_a_step(), "a step on larger pictures is another"
