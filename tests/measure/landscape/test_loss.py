"""A look at the loss changes nothing, whatever kind of inputs a model takes."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from kdviz.measure import landscape
from kdviz.measure.landscape.loss import Loss

from .small_models import toy, with_statistics


def test_buffers_modes_parameters_and_gradients_are_afterwards_what_they_were():
    x, y = toy()
    model, twin = with_statistics(), with_statistics(1)
    model[4].eval()  # a part in another mode
    nn.functional.cross_entropy(model(x), y).backward()
    before = copy.deepcopy(model.state_dict()), [p.grad.clone() for p in model.parameters()], torch.get_rng_state()
    landscape.plane(model, x, y, twin, points=3)
    landscape.sharpness(model, x, y, steps=2)
    landscape.largest_eigenvalue(model, x, y, iterations=3)
    landscape.rescaled(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), 2)
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in before[0].items())
    assert [module.training for module in model] == [True, True, True, True, False]
    assert all(torch.equal(g, p.grad) and p.requires_grad for g, p in zip(before[1], model.parameters(), strict=True))
    landscape.plane(model, x, y, points=3)
    assert not any(module._forward_hooks for module in model.modules())


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(3, 3).double()

    def forward(self, x, weight=1.0):
        return self.line(x) * weight


def test_inputs_by_name_or_place_give_the_same_loss():
    x, y = toy()
    model = Named()
    wanted = nn.functional.cross_entropy(model(x), y)
    for inputs in (x, {"x": x, "unknown": x}, (x,)):
        loss = Loss.of(model, inputs, y)
        assert torch.allclose(loss.at(loss.parameters), wanted)
    with pytest.raises(ValueError, match=r"y must be the class of each of 60 examples, got shape \(5,\)"):
        Loss.of(model, x, y[:5])
    with pytest.raises(ValueError, match="must have parameters, and Flatten has none"):
        Loss.of(nn.Flatten(), x, y)
