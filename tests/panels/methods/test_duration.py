"""How long a trial would take."""

from __future__ import annotations

import copy
from unittest.mock import Mock

import pytest
import torch

from kdviz.distill import auxiliary
from kdviz.distill.methods import METHODS
from kdviz.panels.methods import duration
from kdviz.panels.methods.choices import MethodChoices
from kdviz.panels.methods.trial import Trial

from .small_models import convnets


def test_an_estimate_grows_with_steps_runs_and_answers(monkeypatch, pictures):
    trial = Trial.own(*convnets(), pictures, epochs=2)
    run = trial.distillation(MethodChoices(method="hint").objective(trial.layer_pairs))
    monkeypatch.setattr(duration, "shortest", lambda call: 0.001)
    answers = 240 * 0.001 / len(pictures.validation)
    for plain in (0, 2):
        wanted = run.total_steps * (1 + plain) * 0.001 * duration.BESIDE + answers
        assert duration.estimated(trial, run, plain) == pytest.approx(wanted)


def test_a_teacher_whose_layers_are_not_kept_is_asked_in_each_step(monkeypatch, pictures):
    monkeypatch.setattr(auxiliary, "FEATURE_BYTES", 0)
    trial = Trial.own(*convnets(), pictures)
    for name, times in (("hint", 2), ("soft_targets", 0)):
        run = trial.distillation(MethodChoices(method=name).objective(trial.layer_pairs))
        asked = Mock()
        with monkeypatch.context() as patched:
            patched.setattr(type(trial.teacher), "answer", asked)
            for own in (True, True, False):
                duration._step_of(trial, run, own=own)()
        assert asked.call_count == times and run.asks_each_step == (times > 0), name


def test_every_method_is_timed_and_nothing_of_its_run_changes(pictures):
    """Each method's step, alone, on its own layers and with what it learns beside."""
    trial = Trial.own(*convnets(), pictures)
    timed = 0
    for m in METHODS.values():
        if not m.fits(trial.layer_pairs):
            continue
        run = trial.distillation(MethodChoices(method=m.name).objective(trial.layer_pairs))
        before = copy.deepcopy((run.student.state_dict(), run.auxiliary.state_dict()))
        duration._step_of(trial, run, own=True)()
        after = run.student.state_dict(), run.auxiliary.state_dict()
        assert all(torch.equal(a[k], b[k]) for a, b in zip(before, after, strict=True) for k in a), m.name
        timed += 1
    assert timed > 20
