"""Sharpness by three meanings, its dependence on scale, and the Hessian's largest eigenvalue against all of it."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call

from kdviz.measure.landscape import KINDS, largest_eigenvalue, rescaled, sharpness
from kdviz.models.inference import Cancelled

from .small_models import network, toy


def hessian(model, x, y):
    shapes = {name: p.shape for name, p in model.named_parameters()}
    flat = torch.cat([p.detach().flatten() for p in model.parameters()])

    def loss(w):
        parts = w.split([math.prod(shape) for shape in shapes.values()])
        values = {name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}
        return F.cross_entropy(functional_call(model, values, (x,)), y)

    return torch.autograd.functional.hessian(loss, flat)


@pytest.mark.parametrize("steps", [0, 60])
def test_the_largest_eigenvalue_is_that_of_the_whole_hessian(steps):
    x, y = toy()
    model = network(steps=steps)
    wanted = torch.linalg.eigvalsh(hessian(model, x, y))
    found = largest_eigenvalue(model, x, y, iterations=5000, tolerance=1e-7)
    assert found.converged and abs(found.value - float(wanted[-1])) < 1e-9


def test_where_the_steepest_direction_leads_down_the_largest_eigenvalue_is_found_still():
    """A network of one weight, whose curvature is negative, beside a flat one: the largest eigenvalue is 0."""

    class Bent(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.tensor([math.pi / 2, 0.3], dtype=torch.float64))

        def forward(self, x):
            return torch.stack([-5 * torch.sin(self.w[0]) + 0 * self.w[1] + 0 * x[:, 0], 0 * x[:, 0]], 1)

    x, y = torch.zeros(4, 1, dtype=torch.float64), torch.zeros(4, dtype=torch.int64)
    wanted = torch.linalg.eigvalsh(hessian(Bent(), x, y))
    assert wanted[0] < -4
    found = largest_eigenvalue(Bent(), x, y, iterations=500, tolerance=1e-8)
    assert abs(found.value - float(wanted[-1])) < 1e-9


def test_the_same_answers_on_another_scale_are_sharper_but_in_the_adaptive_form():
    x, y = toy()
    model = network()
    other = rescaled(model, 8.0)
    torch.testing.assert_close(other(x), model(x), rtol=1e-12, atol=1e-12)
    of = {kind: [sharpness(one, x, y, kind, radius=0.05).value for one in (model, other)] for kind in KINDS}
    assert of["adaptive"][0] > 0 and of["adaptive"][1] == pytest.approx(of["adaptive"][0], rel=1e-9)
    for kind in ("ball", "box"):
        assert of[kind][1] > 3 * of[kind][0] > 0
    curved = [largest_eigenvalue(one, x, y, tolerance=1e-6, iterations=2000).value for one in (model, other)]
    assert curved[1] > 3 * curved[0]


def test_near_a_minimum_the_ball_agrees_with_a_search_on_its_surface():
    """Of two thousand random changes of the same size none is worse, and the ascent is no dream: it is reached."""
    x, y = toy()
    model = network()
    found = sharpness(model, x, y, radius=0.1)
    flat = torch.cat([p.detach().flatten() for p in model.parameters()])
    random = torch.Generator().manual_seed(0)
    names = [(name, p.shape, p.numel()) for name, p in model.named_parameters()]
    worst = 0.0
    for _ in range(2000):
        d = torch.randn(len(flat), generator=random, dtype=torch.float64)
        parts = (flat + 0.1 * d / d.norm()).split([n for _, _, n in names])
        values = {name: part.view(shape) for (name, shape, _), part in zip(names, parts, strict=True)}
        worst = max(worst, float(F.cross_entropy(functional_call(model, values, (x,)), y)))
    assert worst - found.loss < found.value < 20 * (worst - found.loss)
    # Taylor: no change of this size can do more than gradient and curvature together, by some way
    top = float(torch.linalg.eigvalsh(hessian(model, x, y))[-1])
    leaves = list(model.parameters())
    slope = torch.cat([g.flatten() for g in torch.autograd.grad(F.cross_entropy(model(x), y), leaves)]).norm()
    assert found.value < 1.5 * (0.1 * float(slope) + 0.005 * top)


def test_keskars_box_bounds_each_weight_and_is_in_percent():
    x, y = toy()
    model = network()
    found = sharpness(model, x, y, "box", radius=1e-3)
    assert found.value == pytest.approx(100 * (found.worst - found.loss) / (1 + found.loss))
    slope = torch.autograd.grad(F.cross_entropy(model(x), y), list(model.parameters()))
    first = sum(
        float((g.abs() * 1e-3 * (p.detach().abs() + 1)).sum()) for g, p in zip(slope, model.parameters(), strict=True)
    )
    assert found.worst - found.loss == pytest.approx(first, rel=0.3)


def test_what_does_not_fit_is_said_in_a_sentence():
    x, y = toy()
    for call, says in (
        (lambda: sharpness(network(), x, y, "cube"), "kind must be one of ball, adaptive, box, got 'cube'"),
        (lambda: sharpness(network(), x, y, radius=0), "radius must be finite and > 0"),
        (lambda: sharpness(network(), x, y, steps=0), "steps must be at least 1"),
        (lambda: largest_eigenvalue(network(), x, y, tolerance=0), "must be above 0, got 100 and 0"),
        (lambda: rescaled(network(), 0), "factor must be finite and > 0, got 0"),
        (lambda: rescaled(nn.Sequential(nn.Linear(3, 3)), 2), "needs two linear layers with a ReLU between"),
    ):
        with pytest.raises(ValueError, match=says):
            call()
    with pytest.raises(Cancelled, match="stopped after 1 of 15 steps"):
        sharpness(network(), x, y, progress=lambda done, total: False)
