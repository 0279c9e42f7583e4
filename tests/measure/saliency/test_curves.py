"""Deletion and insertion: both walks, and what they say of a map."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill import Cancelled
from kdviz.measure.saliency import deletion_insertion, saliency

from .small_models import convolutional, images


def linear(weights) -> nn.Module:
    """Two classes; the logit of class 1 is w·x, that of class 0 is 0."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(len(weights), 2, bias=False)).double()
    with torch.no_grad():
        model[1].weight.copy_(torch.stack([torch.zeros(len(weights)), torch.tensor(weights)]))
    return model


def test_deletion_and_insertion_of_a_linear_model():
    w = [3.0, -2.0, 1.0, 0.5]
    model, X, one = linear(w), torch.tensor([[1.0, 1.0, 1.0, 1.0], [1.0, 2.0, 4.0, 0.0]]), torch.tensor([1, 1])
    maps = X * torch.tensor(w)  # (3, -2, 1, .5) and (3, -4, 4, 0)
    curves = deletion_insertion(model, X, maps, one, steps=4)
    left = np.array([[2.5, -0.5, -1.5, -2.0, 0.0], [3.0, -1.0, -4.0, -4.0, 0.0]])
    put = np.array([[0.0, 3.0, 4.0, 4.5, 2.5], [0.0, 4.0, 7.0, 7.0, 3.0]])
    assert curves.fraction.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert curves.deletion == pytest.approx(1 / (1 + np.exp(-left)), abs=1e-9)
    assert curves.insertion == pytest.approx(1 / (1 + np.exp(-put)), abs=1e-9)
    p = 1 / (1 + np.exp(-left))
    assert curves.deletion_area == pytest.approx((p[:, 1:] + p[:, :-1]).sum(1) / 8, abs=1e-12)
    other = deletion_insertion(model, X, maps, 1 - one, steps=4)
    assert other.deletion == pytest.approx(1 - curves.deletion, abs=1e-12)


def test_both_walks_start_and_end_at_the_example_and_the_baseline():
    model, (X, t) = convolutional(), images()
    blank = torch.rand(2, 8, 8)
    curves = deletion_insertion(model, X, X, t, baseline=blank, batch_size=3)
    with torch.no_grad():
        whole = model(X).double().softmax(1).gather(1, t.unsqueeze(1)).squeeze(1).numpy()
        empty = model(blank.expand_as(X)).double().softmax(1).gather(1, t.unsqueeze(1)).squeeze(1).numpy()
    for out, back in ((curves.deletion, curves.insertion), (curves.random_deletion, curves.random_insertion)):
        assert out[:, 0] == pytest.approx(whole, abs=1e-6) and out[:, -1] == pytest.approx(empty, abs=1e-6)
        assert back[:, 0] == pytest.approx(empty, abs=1e-6) and back[:, -1] == pytest.approx(whole, abs=1e-6)


def test_channels_of_an_image_go_together():
    model = nn.Sequential(nn.Flatten(), nn.Linear(8, 2, bias=False)).double()
    X = torch.ones(1, 2, 2, 2, dtype=torch.float64)
    seen = []
    model.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].clone()))
    maps = torch.tensor([[[[5.0, 0.0], [0.0, 1.0]], [[-4.0, 0.0], [3.0, 1.0]]]])  # sums 1, 0, 3, 2
    deletion_insertion(model, X, maps, [1], steps=4)
    walk = torch.cat(seen[1:6])  # after the first look, the deletion of the map
    assert torch.equal(walk[:, 0], walk[:, 1])
    assert walk[:, 0].flatten(1).tolist() == [[1, 1, 1, 1], [1, 1, 0, 1], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]


def test_a_constant_map_is_the_random_order_and_each_example_has_the_same_one_in_any_batch():
    model, (X, t) = convolutional(torch.float64), images(dtype=torch.float64)
    flat = deletion_insertion(model, X, torch.ones_like(X), t, steps=8)
    assert np.array_equal(flat.deletion, flat.random_deletion)
    assert np.array_equal(flat.insertion, flat.random_insertion)
    back = torch.arange(len(X)).flip(0)
    again = deletion_insertion(model, X[back], torch.ones_like(X), t[back], steps=8, batch_size=2)
    assert again.random_deletion[::-1] == pytest.approx(flat.random_deletion, abs=1e-9)
    assert not np.allclose(
        deletion_insertion(model, X, X, t, steps=8, seed=1).random_deletion, flat.random_deletion, atol=1e-4
    )


def test_the_maps_of_a_shipped_teacher_name_what_it_rests_on(digits):
    model, (X, y) = kd.models.pretrained("mnist-convnet").train(), digits
    generator = torch.get_rng_state()
    curves = deletion_insertion(model, X, saliency(model, X, y, "integrated_gradients"), y, steps=14)
    assert model.training and torch.equal(torch.get_rng_state(), generator)
    assert curves.deletion_area.mean() < curves.random_deletion_area.mean() - 0.05
    assert curves.insertion_area.mean() > curves.random_insertion_area.mean() + 0.05
    frame = curves.frame()
    assert len(frame) == 5 and frame["deletion_area"].tolist() == curves.deletion_area.tolist()
    assert curves.sentence().startswith("Over 5 examples, deletion in the map's order leaves a mean probability of ")


def test_deletion_takes_no_more_steps_than_there_are_places_and_can_be_stopped():
    model, X = linear([1.0, 2.0, 3.0]), torch.rand(2, 3)
    assert deletion_insertion(model, X, X, [0, 1], steps=20).fraction.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    with pytest.raises(Cancelled):
        deletion_insertion(model, X, X, [0, 1], progress=lambda done, total: False)
    for change, says in (
        ({"maps": X[:, :2]}, r"maps must have the shape of X, \(2, 3\), got \(2, 2\)"),
        ({"maps": X * math.nan}, "maps must be finite"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"target": [0, 2]}, r"target must be in \[0, 1\]"),
    ):
        with pytest.raises(ValueError, match=says):
            deletion_insertion(**{"model": model, "X": X, "maps": X, "target": [0, 1], **change})
