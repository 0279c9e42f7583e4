"""Presets: each asks a question, can be chosen, and ends soon."""

from __future__ import annotations

import pytest

from kdviz import models
from kdviz.data import load
from kdviz.panels.lab.choices import Choices
from kdviz.panels.lab.presets import PRESETS
from kdviz.widgets.scene import VIEWS

FORWARD_AND_BACKWARD = 3  # in forward passes
MOST_MACS = 5e11  # about a quarter of a minute on one slow core
MOST_STEPS = 8000  # of student and twins together: small students are bound by steps

IDS = [preset.name for preset in PRESETS]


def test_the_most_astonishing_come_first():
    assert IDS == [
        "no-labels", "omitted-digit", "temperature-too-high", "t2-forgotten", "labels-only", "hinton", "tiny-student",
        "teacher-too-big", "kl-reversed", "overfit-teacher", "noisy-labels", "marked-corner", "half-picture",
        "made-up-digits",
    ]  # fmt: skip


@pytest.mark.parametrize("preset", PRESETS, ids=IDS)
def test_a_preset_opens_with_a_question_and_choices_that_differ_from_the_default(preset):
    assert preset.question.count("?") == 1 and preset.question.endswith("?")
    assert preset.look.endswith(".") and preset.title.endswith("?") and preset.view in VIEWS
    assert len(preset.title) <= 20 and preset.next in ("", *IDS)
    assert len(preset.answers) in (0, 3), "three answers, or a number to guess"
    chosen, usual = Choices(**preset.choices), Choices()
    for name in preset.choices:
        assert getattr(chosen, name) != getattr(usual, name), f"{name} is as by default"


@pytest.mark.parametrize("preset", PRESETS, ids=IDS)
def test_a_preset_ends_soon_on_a_small_machine(preset):
    choices = Choices(**preset.choices)
    runs = 1 + bool(choices.labels) + choices.smoothing
    macs = models.mac_count(choices.student(), load(choices.data).shape)
    assert runs * FORWARD_AND_BACKWARD * macs * choices.examples * choices.epochs < MOST_MACS
    assert runs * choices.epochs * choices.examples / choices.batch_size < MOST_STEPS


def test_the_size_that_a_question_names_is_the_one_that_is():
    choices = Choices(**next(p for p in PRESETS if p.name == "teacher-too-big").choices)
    ratio = models.card(choices.teacher).parameters / models.parameter_count(choices.student())
    assert 175 < ratio < 190
