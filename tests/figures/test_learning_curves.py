"""Plotly figures hold the numbers of the runs they draw."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd


@pytest.fixture
def run():
    generator = torch.Generator().manual_seed(0)
    X, y = torch.randn(200, 4, generator=generator), torch.randint(0, 3, (200,), generator=generator)
    teacher = kd.models.mlp((16,), inputs=4, classes=3).eval()
    student = kd.models.mlp((4,), inputs=4, classes=3)
    return kd.Distillation(teacher, student, (X, y), epochs=3, batch_size=32, allow_weaker_teacher=True)


def test_learning_curves_hold_the_evaluations(run):
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


def test_more_runs_are_named_by_their_keywords_and_told_apart_without_colour(run):
    run.train(progress=False)
    branches = {f"T_{t}": run.branch(5, temperature=float(t)).train(progress=False) for t in (1, 8)}
    figure = kd.figures.learning_curves(run, **branches)
    assert [trace.name for trace in figure.data] == ["Student", "T 1", "T 8"]
    points = branches["T_8"].history.evaluated("validation")
    assert list(figure.data[2].x) == [e.step for e in points]
    assert len({(trace.marker.symbol, trace.line.dash) for trace in figure.data}) == 3
    with pytest.raises(ValueError, match="T 9 was never evaluated"):
        kd.figures.learning_curves(run, T_9=run.twin())


def test_an_error_of_zero_has_a_place_of_its_own_on_the_logarithmic_axis(run):
    run.train(progress=False)
    points = run.history.evaluated("validation")
    for point in points:
        object.__setattr__(point, "teacher_errors", 0)
    figure = kd.figures.learning_curves(run)
    [teacher] = [shape for shape in figure.layout.shapes if shape.y0 == shape.y1]
    assert 0 < teacher.y0 < min(figure.data[0].y)
    assert figure.layout.yaxis.tickvals[0] == teacher.y0
    assert figure.layout.yaxis.ticktext[0] == "0"
    assert list(figure.data[0].customdata) == pytest.approx([100 * e.errors / e.examples for e in points])
