"""Plotly figures hold the numbers of the runs they draw."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd


def test_learning_curves_hold_the_evaluations():
    generator = torch.Generator().manual_seed(0)
    X, y = torch.randn(200, 4, generator=generator), torch.randint(0, 3, (200,), generator=generator)
    teacher = kd.models.mlp((16,), inputs=4, classes=3).eval()
    student = kd.models.mlp((4,), inputs=4, classes=3)
    run = kd.Distillation(teacher, student, (X, y), epochs=3, batch_size=32, allow_weaker_teacher=True)
    with pytest.raises(ValueError, match="never evaluated"):
        kd.figures.learning_curves(run)
    run.step()
    run.edit(temperature=2.0)
    run.train(progress=False)
    twin = run.twin().train(progress=False)
    figure = kd.figures.learning_curves(run, twin)
    points = run.history.evaluated("validation")
    assert list(figure.data[0].x) == [e.step for e in points]
    assert list(figure.data[0].y) == pytest.approx([100 * (1 - e.accuracy) for e in points])
    assert [trace.name for trace in figure.data] == ["Student", "Twin, no teacher"]
    assert any("temperature = 2.0" in a.text for a in figure.layout.annotations)
