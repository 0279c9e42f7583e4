"""Saliency maps: against captum an example at a time, and closed forms."""

from __future__ import annotations

import math
import subprocess
import sys

import captum.attr
import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.measure.saliency import METHODS, deletion_insertion, saliency

from .small_models import SMALL, T0, X0, Returns, Squares, convolutional, images


def directly(model, x, t, method):
    """Ask captum about one example, with the settings of SMALL."""
    x = x.clone().requires_grad_(method in ("gradient", "input_x_gradient", "grad_cam"))
    sides = tuple(x.shape[2:])
    if method == "gradient":
        return captum.attr.Saliency(model).attribute(x, target=t, abs=False)
    if method == "input_x_gradient":
        return captum.attr.InputXGradient(model).attribute(x, target=t)
    if method == "integrated_gradients":
        return captum.attr.IntegratedGradients(model).attribute(x, 0.2, target=t, n_steps=6)
    if method == "occlusion":
        return captum.attr.Occlusion(model).attribute(x, (x.shape[1], 3, 3), (x.shape[1], 1, 1), 0.2, target=t)
    if method == "feature_ablation":
        return captum.attr.FeatureAblation(model).attribute(x, 0.2, target=t)
    convolution = [m for m in model.modules() if isinstance(m, nn.Conv2d)][-1]
    small = captum.attr.LayerGradCam(model, convolution).attribute(x, target=t)
    return torch.nn.functional.interpolate(small, sides, mode="bilinear").expand(x.shape)


@pytest.mark.parametrize(("dtype", "atol"), [(torch.float32, 1e-5), (torch.float64, 1e-9)])
@pytest.mark.parametrize("method", [m for m in METHODS if m != "smooth_gradient"])
def test_it_is_captum_an_example_at_a_time(method, dtype, atol):
    model, (X, target) = convolutional(dtype), images(dtype=dtype)
    mine = saliency(model, X, target, method, baseline=0.2, batch_size=3, **SMALL)
    theirs = torch.cat([directly(model, X[i : i + 1], int(target[i]), method) for i in range(len(X))]).detach()
    assert mine.dtype == dtype and not mine.requires_grad
    if method == "occlusion":
        atol = max(atol, 2e-7)  # captum divides in float32 there
    torch.testing.assert_close(mine, theirs.to(dtype), rtol=0, atol=atol)
    assert theirs.abs().max() > 0.01


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_model_sets_the_precision(dtype):
    other = torch.float64 if dtype == torch.float32 else torch.float32
    X, target = images(dtype=other)
    assert saliency(convolutional(dtype), X, target).dtype == dtype


@pytest.mark.parametrize("name", ["mnist-mlp-1200", "mnist-convnet"])
def test_it_is_captum_on_the_shipped_teachers(name, digits):
    model, (X, y) = kd.models.pretrained(name), digits
    methods = ["gradient", "integrated_gradients"] + (["grad_cam"] if "convnet" in name else [])
    for method in methods:
        mine = saliency(model, X, y, method, baseline=0.2, batch_size=4, **SMALL)
        theirs = torch.cat([directly(model, X[i : i + 1], int(y[i]), method) for i in range(len(X))]).detach()
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-5)


def test_it_is_captum_on_a_table():
    model, test = kd.models.pretrained("adult-mlp"), kd.data.adult().test
    X, y = test.inputs(slice(0, 4)), test.y[:4]
    for method in ("gradient", "input_x_gradient", "integrated_gradients", "feature_ablation"):
        mine = saliency(model, X, y, method, baseline=0.2, steps=6)
        theirs = torch.cat([directly(model, X[i : i + 1], int(y[i]), method) for i in range(len(X))]).detach()
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-5)
    one_at_a_time = saliency(model, X, y, "feature_ablation", baseline=0.2)
    torch.testing.assert_close(saliency(model, X, y, "occlusion", baseline=0.2), one_at_a_time, rtol=0, atol=1e-6)


def test_closed_forms():
    X = torch.linspace(-1, 1, 12, dtype=torch.float64).view(2, 6)
    t = torch.tensor([2, 1])
    c = t.unsqueeze(1)
    assert torch.allclose(saliency(Squares(), X, t), 2 * c * X, atol=1e-12)
    assert torch.allclose(saliency(Squares(), X, t, "input_x_gradient"), 2 * c * X**2, atol=1e-12)
    ablated = saliency(Squares(), X, t, "feature_ablation", baseline=0.5)
    assert torch.allclose(ablated, c * (X**2 - 0.25), atol=1e-12)
    path = saliency(Squares(), X, t, "integrated_gradients", baseline=0.5)
    assert torch.allclose(path, c * (X**2 - 0.25), atol=1e-6)  # captum's step sizes are float32


def test_integrated_gradients_are_complete():
    model, (X, t) = convolutional(torch.float64), images(dtype=torch.float64)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        smooth = nn.Sequential(nn.Flatten(), nn.Linear(128, 9), nn.Tanh(), nn.Linear(9, 4)).double()
    for net, steps, atol in ((smooth, 32, 1e-6), (model, 400, 2e-3)):
        maps = saliency(net, X, t, "integrated_gradients", baseline=0.3, steps=steps)
        with torch.no_grad():
            rise = (net(X) - net(torch.full_like(X, 0.3))).gather(1, t.unsqueeze(1)).squeeze(1)
        assert torch.allclose(maps.flatten(1).sum(1), rise, rtol=0, atol=atol)
        assert rise.abs().max() > 0.1


def test_smoothed_gradients_are_the_mean_over_noise_of_the_stated_size():
    X, t = torch.rand(3, 2000, generator=torch.Generator().manual_seed(3), dtype=torch.float64), torch.tensor([1, 1, 2])
    maps = saliency(Squares(), X, t, "smooth_gradient", samples=25, noise=0.4)
    off = (maps / (2 * t.unsqueeze(1)) - X) / (0.4 / 5)  # what is left is the mean noise
    assert off.mean().abs() < 4 / math.sqrt(6000) and abs(off.std() - 1) < 4 / math.sqrt(12_000)
    assert np.abs(np.corrcoef(off) - np.eye(3)).max() < 4 / math.sqrt(2000)  # each example has its own
    assert torch.allclose(saliency(Squares(), X, t, "smooth_gradient", noise=0.0), saliency(Squares(), X, t))


def test_smoothed_gradients_tend_to_those_of_captum():
    model, (X, t) = convolutional(torch.float64), images(2, torch.float64)
    mine = saliency(model, X, t, "smooth_gradient", samples=1500, batch_size=2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tunnel = captum.attr.NoiseTunnel(captum.attr.Saliency(model))
        theirs = tunnel.attribute(X, nt_samples=1500, nt_samples_batch_size=100, stdevs=0.15, target=t, abs=False)
    apart, plain = (mine - theirs).norm(), (saliency(model, X, t) - theirs).norm()
    assert apart < 0.06 * theirs.norm() and apart < plain / 3


@pytest.mark.parametrize("method", METHODS)
def test_the_same_example_has_the_same_map_in_any_batch_and_after_any_method(method):
    model, (X, t) = convolutional(torch.float64), images(dtype=torch.float64)
    whole = saliency(model, X, t, method, **SMALL)
    for size in (1, 2, 5):
        assert torch.allclose(saliency(model, X, t, method, batch_size=size, **SMALL), whole, rtol=0, atol=1e-7)
    back = torch.arange(len(X)).flip(0)
    saliency(model, X, t, "smooth_gradient", samples=2)
    assert torch.allclose(saliency(model, X[back], t[back], method, **SMALL)[back], whole, rtol=0, atol=1e-7)
    assert torch.allclose(saliency(model, X[3:4], t[3:4], method, **SMALL), whole[3:4], rtol=0, atol=1e-7)


def test_the_seed_changes_the_noise():
    model, (X, t) = convolutional(), images()
    once, again, other = (saliency(model, X, t, "smooth_gradient", seed=s) for s in (0, 0, 1))
    assert torch.equal(once, again) and not torch.allclose(once, other)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no second device")
@pytest.mark.parametrize("method", METHODS)
def test_a_model_on_another_device(method):
    model, (X, t) = convolutional(torch.float64), images(dtype=torch.float64)
    here = saliency(model, X, t, method, **SMALL)
    there = saliency(model.cuda(), X, t, method, **SMALL)
    assert there.device.type == "cpu" and torch.allclose(here, there, atol=1e-7)


def test_the_window_is_a_seventh_of_an_image():
    model, (X, t) = nn.Sequential(nn.Flatten(), nn.Linear(784, 3)), (torch.rand(2, 1, 28, 28), torch.tensor([0, 2]))
    four = saliency(model, X, t, "occlusion", window=4)
    assert torch.equal(saliency(model, X, t, "occlusion"), four)
    assert torch.equal(saliency(model, X, t, "occlusion", window=(4, 4)), four)
    assert not torch.equal(saliency(model, X, t, "occlusion", window=(4, 2)), four)


def test_a_thousand_classes():
    model, X = nn.Linear(12, 1000), torch.rand(6, 12)
    t = torch.tensor([0, 999, 500, 1, 2, 3])
    assert torch.equal(saliency(model, X, t), model.weight.detach()[t])
    curves = deletion_insertion(model, X, model.weight.detach()[t] * X, t, steps=3)
    assert curves.deletion.shape == (6, 4) and np.isfinite(curves.deletion).all()


def test_a_model_that_has_no_gradient_can_be_occluded():
    model = Returns(lambda x: x.round().detach())
    X = torch.tensor([[0.2, 3.0]])
    assert saliency(model, X, [1], "feature_ablation").tolist() == [[0.0, 3.0]]


def test_importing_it_loads_no_captum_and_no_pandas():
    heavy = {"captum", "pandas", "matplotlib", "scipy"}
    code = f"import sys, kdviz.measure.saliency; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_captum_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(ImportError, match=r'saliency maps need captum: pip install "kdviz\[app\]"'):
        saliency(nn.Linear(4, 2), X0, T0)
