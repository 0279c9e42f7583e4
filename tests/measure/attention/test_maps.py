"""Activation maps against the papers' formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.measure.attention import (
    activation_maps,
)

from ..small_models import convolutional, images


def map_by_loop(A: np.ndarray, form: str, p: float) -> np.ndarray:
    n, channels, h, w = A.shape
    found = np.zeros((n, h, w))
    for i in range(n):
        for y in range(h):
            for x in range(w):
                powers = [abs(A[i, c, y, x]) ** p for c in range(channels)]
                found[i, y, x] = sum(powers) if form == "sum" else max(powers)
        norm = math.sqrt(sum(v * v for v in found[i].ravel()))
        if norm:
            found[i] /= norm
    return found


@pytest.mark.parametrize("form", ["sum", "max"])
@pytest.mark.parametrize("power", [1, 2, 4.5])
def test_maps_are_the_papers_formula(form, power):
    model, X = convolutional(), images()
    with torch.no_grad():
        relu, tanh = model[:3](X), model[:7](X)
    found = activation_maps(model, X, form=form, power=power, batch_size=3)
    assert list(found) == ["2", "6"]
    for name, A in (("2", relu), ("6", tanh)):
        assert found[name].dtype == torch.float64
        np.testing.assert_allclose(found[name], map_by_loop(A.numpy(), form, power), rtol=0, atol=1e-9)
        np.testing.assert_allclose(found[name].flatten(1).norm(dim=1), 1, atol=1e-12)


def test_the_mean_of_squares_of_the_authors_code_is_the_sum_with_power_2():
    model, X = convolutional(), images()
    with torch.no_grad():
        mean = model[:7](X).square().mean(1)
    theirs = nn.functional.normalize(mean.flatten(1)).view_as(mean)
    assert torch.allclose(activation_maps(model, X, "6")["6"], theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("scale", [0.0, 1e-200, 1e150])
def test_a_map_has_norm_1_at_any_scale_and_0_stays_0(scale):
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(3 * 36, 2)).double()
    nn.init.zeros_(model[0].bias)
    found = activation_maps(model, images() * scale, "0")["0"]
    assert found.isfinite().all()
    assert torch.allclose(found.flatten(1).norm(dim=1), torch.full((7,), float(scale > 0), dtype=torch.float64))


def test_half_and_single_precision_give_float32():
    model, X = convolutional(), images()
    exact = activation_maps(model, X)["6"]
    single = activation_maps(model.float(), X)["6"]
    assert single.dtype == torch.float32 and torch.allclose(single.double(), exact, atol=1e-5)
    brief = activation_maps(model.bfloat16(), X)["6"]
    assert brief.dtype == torch.float32 and torch.allclose(brief.double(), exact, atol=0.05)


def test_what_runs_after_a_layer_in_place_does_not_change_its_map():
    model, X = convolutional(), images()
    with torch.no_grad():
        norm = model[:2](X)
    assert (norm < 0).any()
    np.testing.assert_allclose(activation_maps(model, X, "1")["1"], map_by_loop(norm.numpy(), "sum", 2), atol=1e-9)


def test_the_default_layers_end_the_steps_of_a_model():
    X = torch.rand(2, 1, 28, 28)
    ends = {
        "convnet": ["relu1", "relu2", "relu3", "relu4", "relu5"],
        "resnet": ["relu", "stage1_1", "stage2_1", "stage3_1"],
        "vit": ["patches"],
    }
    for name, layers in ends.items():
        model = kd.models.build({"name": name, "std": 2.0})
        assert list(activation_maps(model, X)) == layers
        assert list(activation_maps(nn.Sequential(model), X)) == [f"0.{layer}" for layer in layers], "a wrapper"


def test_the_same_example_has_the_same_map_in_any_batch():
    model, X = convolutional(), images()
    whole = activation_maps(model, X)["6"]
    for size in (1, 2, 5):
        assert torch.allclose(activation_maps(model, X, batch_size=size)["6"], whole, rtol=0, atol=1e-12)
    assert torch.allclose(activation_maps(model, X[3:4])["6"], whole[3:4], rtol=0, atol=1e-12)


def test_layers_come_in_the_order_asked_for_and_each_once():
    assert list(activation_maps(convolutional(), images(), ["6", "2", "6"])) == ["6", "2"]


# Attention matrices
