"""The plane: student and twin stand where they are said to, directions are orthogonal and of each filter's length."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from kdviz.measure.landscape import plane
from kdviz.measure.landscape.plane import _random
from kdviz.models.inference import Cancelled

from .small_models import network, toy, with_statistics


def test_the_corners_of_the_line_are_both_models_as_they_are():
    x, y = toy()
    student, twin = network(), network(1)
    found = plane(student, x, y, twin, points=9)
    with torch.no_grad():
        own = [F.cross_entropy(model(x), y) for model in (student, twin)]
    assert found.at(0) == pytest.approx(float(own[0]), abs=1e-12) and found.at(1) == pytest.approx(
        float(own[1]), abs=1e-12
    )
    zero = np.abs(found.across).argmin()
    right = float((student(x).argmax(1) == y).double().mean())
    assert found.accuracy[zero, np.abs(found.along).argmin()] == right
    apart = [(a - b).detach().flatten() for a, b in zip(student.parameters(), twin.parameters(), strict=True)]
    assert found.lengths[0] == pytest.approx(float(torch.cat(apart).norm()))
    # the barrier, written out
    line = found.loss[zero]
    inside = (found.along >= 0) & (found.along <= 1)
    wanted = max(
        v - (1 - a) * line[inside][0] - a * line[inside][-1]
        for a, v in zip(found.along[inside], line[inside], strict=True)
    )
    assert found.barrier == pytest.approx(wanted) and len(found.frame()) == 81
    assert found.sentence().startswith("On the straight line from the student (loss 0.")


def test_a_twin_with_statistics_is_whole_at_its_end():
    """The buffers go along: without them the twin's own loss is on no plane."""
    x, y = toy()
    student, twin = with_statistics(), with_statistics(3)
    found = plane(student, x, y, twin, points=5)
    with torch.no_grad():
        wanted = float(F.cross_entropy(twin.eval()(x), y))
    assert found.at(1) == pytest.approx(wanted, abs=1e-12)


def test_a_random_direction_is_orthogonal_and_of_the_length_of_each_filter():
    random = torch.Generator().manual_seed(0)
    start = {"w": torch.randn(4, 3, 2, 2, generator=random).double(), "b": torch.randn(4, generator=random).double()}
    first = {name: torch.randn(value.shape, generator=random).double() for name, value in start.items()}
    made = _random(start, first, random)
    assert not made["b"].any()
    torch.testing.assert_close(made["w"].flatten(1).norm(dim=1), start["w"].flatten(1).norm(dim=1))
    assert ((made["w"] * first["w"]).flatten(1).sum(1).abs() < 1e-12).all()
    student = network()
    x, y = toy()
    assert np.array_equal(plane(student, x, y, points=3).loss, plane(student, x, y, points=3).loss)
    assert not np.array_equal(plane(student, x, y, points=3).loss, plane(student, x, y, points=3, seed=1).loss)


def test_it_stops_and_says_what_does_not_fit():
    x, y = toy()
    with pytest.raises(Cancelled, match="stopped after 2 of 9 points"):
        plane(network(), x, y, points=3, progress=lambda done, total: done < 2)
    with pytest.raises(
        ValueError,
        match=r"a plane needs a twin of the student's layers, and 0.weight has shape \(5, 3\)",
    ):
        plane(network(), x, y, with_statistics())
    with pytest.raises(ValueError, match=r"along must be two numbers with 0 between them, got \[0, 1\]"):
        plane(network(), x, y, along=(0, 1))
    with pytest.raises(ValueError, match="points must be at least 3"):
        plane(network(), x, y, points=2)
