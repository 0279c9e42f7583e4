"""How long a run would take."""

from __future__ import annotations

import pytest

from kdviz.panels.lab import duration
from kdviz.panels.lab.choices import Choices
from kdviz.panels.lab.duration import estimated


def test_an_estimate_grows_with_steps_and_twins(monkeypatch):
    monkeypatch.setattr(duration, "_seconds_a_step", lambda *_: 0.001)
    monkeypatch.setattr(duration, "_seconds_of_student", lambda *_: 0.00001)
    monkeypatch.setattr(duration, "_seconds_an_answer", lambda *_: 0.0001)
    asked = (4000 + 5000 + 10_000) * 0.0001  # of the teacher
    step = 0.001 * duration.LOSSES + duration.OTHERWISE
    looks = 61 * 5000 + 10_000  # of each student, on validation data and in the end on test data
    assert estimated(Choices()) == pytest.approx(3 * (1920 * step + looks * 0.00001) + asked)
    fewer = Choices(smoothing=False, epochs=30)
    assert estimated(fewer) == pytest.approx(2 * (960 * step + looks * 0.00001) + asked)


@pytest.mark.parametrize(("small", "large"), [
    ({"kind": "convnet", "units": 2}, {"kind": "convnet", "units": 16}),
    ({"kind": "vit", "layers": 1}, {"kind": "vit", "layers": 4}),
    ({"kind": "recurrent", "units": 8}, {"kind": "recurrent", "units": 8, "epochs": 90}),
])  # fmt: skip
def test_an_estimate_follows_kind_width_and_depth(small, large):
    assert estimated(Choices.of({**small, "smoothing": False})) < estimated(Choices.of({**large, "smoothing": False}))


def test_both_times_are_measured():
    assert estimated(Choices(epochs=1)) > 0
