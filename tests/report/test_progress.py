"""A bar with the time left of a long look."""

from __future__ import annotations

import kdviz as kd

from .toys import tables


def test_a_bar_shows_the_time_left_of_a_long_look(monkeypatch, capsys):
    monkeypatch.setattr("kdviz.report.progress.AFTER_S", 0.0)
    report = kd.compare(*(kd.models.mlp((4,), inputs=4, classes=2, seed=s) for s in (0, 1)), tables())
    report.saliency("gradient", count=40)
    shown = capsys.readouterr().err
    assert "Asking both models: 100%" in shown and "00:00" in shown
    report.saliency("gradient", count=40, progress=False)
    assert not capsys.readouterr().err
