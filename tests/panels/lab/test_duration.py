"""How long a run would take."""

from __future__ import annotations

import pytest

from kdviz.panels.lab import duration
from kdviz.panels.lab.choices import Choices
from kdviz.panels.lab.duration import estimated


def test_an_estimate_grows_with_steps_and_twins(monkeypatch):
    monkeypatch.setattr(duration, "_seconds_a_step", lambda *_: 0.001)
    monkeypatch.setattr(duration, "_seconds_an_answer", lambda *_: 0.0001)
    answers = (4000 + 5000 + 10_000) * 0.0001
    assert estimated(Choices()) == pytest.approx(1920 * 3 * 0.001 * duration.BESIDE + answers)
    assert estimated(Choices(smoothing=False, epochs=30)) == pytest.approx(960 * 2 * 0.001 * duration.BESIDE + answers)


def test_both_times_are_measured():
    assert estimated(Choices(epochs=1)) > 0
