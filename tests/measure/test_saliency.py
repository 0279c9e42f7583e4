"""Saliency maps: against captum an example at a time, closed forms, and what must be left as it was."""

from __future__ import annotations

import copy
import math
import subprocess
import sys
import threading

import captum.attr
import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn

import kdviz as kd
from kdviz.distill import Cancelled
from kdviz.measure.saliency import METHODS, deletion_insertion, saliency, sanity_check, similarity

SMALL = {"steps": 6, "samples": 3, "window": 3}


def convolutional(dtype=torch.float32, channels=2, classes=4) -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(channels, 5, 3, padding=1), nn.BatchNorm2d(5), nn.ReLU(), nn.Dropout(0.5), nn.MaxPool2d(2),
        nn.Conv2d(5, 6, 3), nn.Tanh(), nn.Flatten(), nn.Linear(6 * 4, classes),
    )  # fmt: skip
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator) * 0.4)
        model[1].running_mean.fill_(0.1)
        model[1].running_var.fill_(0.7)
    return model.to(dtype).eval()


def images(n=7, dtype=torch.float32, channels=2) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    X = torch.rand(n, channels, 8, 8, generator=generator)
    return X.to(dtype), torch.arange(n) % 4


@pytest.fixture(scope="module")
def digits():
    test = kd.data.mnist().test
    return test.inputs(slice(0, 5)), test.y[:5]


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


class Squares(nn.Module):
    """Logit c of x is c · Σ x²: its gradient is 2 c x."""

    def __init__(self, classes=3):
        super().__init__()
        self.register_buffer("factor", torch.arange(classes, dtype=torch.float64))

    def forward(self, x):
        return x.square().flatten(1).sum(1, keepdim=True) * self.factor


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


@pytest.mark.parametrize("method", METHODS)
def test_no_pass_is_larger_than_the_batch_size(method):
    model, (X, t), sizes = convolutional(), images(), []
    hook = model.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    saliency(model, X, t, method, batch_size=4, **SMALL)
    hook.remove()
    assert max(sizes) == 4


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fails", [False, True])
def test_the_model_and_the_global_generator_are_left_as_they_were(method, fails):
    model, (X, t) = convolutional().train(), images()
    model[2].eval()
    model[0].weight.requires_grad_(False)
    model[5].weight.grad = torch.full_like(model[5].weight, 2.0)
    modes, X0 = [m.training for m in model.modules()], X.clone()
    flags, state = [p.requires_grad for p in model.parameters()], copy.deepcopy(model.state_dict())
    generator, threads = torch.get_rng_state(), threading.active_count()
    calls = []

    def stop(done, total):
        calls.append(done)
        return not (fails and done)

    if fails:
        with pytest.raises(Cancelled):
            saliency(model, X, t, method, batch_size=4, progress=stop, **SMALL)
    else:
        saliency(model, X, t, method, batch_size=4, progress=stop, **SMALL)
    assert [m.training for m in model.modules()] == modes
    assert [p.requires_grad for p in model.parameters()] == flags
    assert all(p.grad is None for p in model.parameters() if p is not model[5].weight)
    assert torch.equal(model[5].weight.grad, torch.full_like(model[5].weight, 2.0))
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), state.values(), strict=True))
    assert not any(m._forward_hooks or m._forward_pre_hooks or m._backward_hooks for m in model.modules())
    assert torch.equal(torch.get_rng_state(), generator) and threading.active_count() == threads
    assert torch.equal(X, X0) and not X.requires_grad


def test_it_runs_in_eval_mode_and_where_gradients_are_off():
    model, (X, t) = convolutional(), images()
    expected = saliency(model, X, t)
    assert torch.equal(saliency(model.train(), X, t), expected)
    for frozen in (False, True):
        model.requires_grad_(not frozen)
        for off in (torch.no_grad, torch.inference_mode):
            with off():
                inside = X.clone()
                found = {m: saliency(model, inside, t, m, **SMALL) for m in METHODS}
            assert torch.equal(found["gradient"], expected)
            assert all(torch.equal(v, saliency(model, X, t, m, **SMALL)) for m, v in found.items())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no second device")
@pytest.mark.parametrize("method", METHODS)
def test_a_model_on_another_device(method):
    model, (X, t) = convolutional(torch.float64), images(dtype=torch.float64)
    here = saliency(model, X, t, method, **SMALL)
    there = saliency(model.cuda(), X, t, method, **SMALL)
    assert there.device.type == "cpu" and torch.allclose(here, there, atol=1e-7)


def test_grad_cam_looks_at_the_deepest_convolution_and_not_at_a_shortcut():
    X, t = images(3)
    model = kd.models.resnet(4, (1, 1), channels=2, classes=4)
    last = [name for name, m in model.named_modules() if isinstance(m, nn.Conv2d)][-1]
    assert "shortcut" in last
    found = saliency(model, X, t, "grad_cam")
    assert torch.equal(found, saliency(model, X, t, "grad_cam", layer="stage2_1.conv2"))
    assert not torch.allclose(found, saliency(model, X, t, "grad_cam", layer=last))
    assert torch.equal(found[:, 0], found[:, 1]) and found.shape == X.shape


def test_grad_cam_takes_any_layer_with_maps_also_in_place():
    X, t = images(3)
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(inplace=True), nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True),
                          nn.AdaptiveAvgPool2d(1), nn.Flatten())  # fmt: skip
    with torch.no_grad():
        a = model[:4](X)  # the gradient of the mean is 1/16 on the map of the target
    expected = torch.nn.functional.interpolate(a[range(3), t].unsqueeze(1) / 16, (8, 8), mode="bilinear")
    found = saliency(model, X, t, "grad_cam", layer="3")
    torch.testing.assert_close(found, expected.expand(X.shape), rtol=0, atol=1e-6)


def test_progress_is_told_and_can_stop():
    model, (X, t), calls = convolutional(), images(), []
    saliency(model, X, t, batch_size=3, progress=lambda *now: calls.append(now))  # None goes on
    assert calls[-1] == (7, 7) and calls == sorted(calls) and {3, 6} <= {done for done, _ in calls}
    calls.clear()
    with pytest.raises(Cancelled, match="stopped after 0 of 7 examples"):
        saliency(model, X, t, "occlusion", progress=lambda *now: calls.append(now) or len(calls) < 4)
    assert len(calls) == 4  # within the first batch

    def breaks(done, total):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        saliency(model, X, t, progress=breaks)


def test_a_baseline_may_be_an_example_of_its_own():
    model, (X, t) = convolutional(torch.float64), images(dtype=torch.float64)
    for method in ("integrated_gradients", "occlusion", "feature_ablation"):
        of_number = saliency(model, X, t, method, baseline=0.2, batch_size=3, **SMALL)
        of_tensor = saliency(model, X, t, method, baseline=torch.full((2, 8, 8), 0.2), batch_size=3, **SMALL)
        assert torch.allclose(of_number, of_tensor, atol=1e-6)
        assert (saliency(model, X, t, method, baseline=X[0], **SMALL)[0] == 0).all()


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


class Returns(nn.Module):
    def __init__(self, what):
        super().__init__()
        self.what, self.weight = what, nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.what(x)


X0, T0 = torch.rand(3, 4), torch.tensor([0, 1, 0])


@pytest.mark.parametrize(("change", "says"), [
    ({"method": "lime"}, "method must be one of gradient, .*feature_ablation, got 'lime'"),
    ({"X": X0.mul(255).to(torch.uint8)}, "X must be floating point, or whole numbers of tokens.* got torch.uint8"),
    ({"X": X0.numpy()}, "X must be floating point.* got ndarray"),
    ({"X": X0[:0], "target": T0[:0]}, r"at least one example, got \(0, 4\)"),
    ({"X": X0[0]}, r"must have shape \(examples, ...\).* got \(4,\)"),
    ({"X": X0 * math.nan}, "X must be finite"),
    ({"target": T0.float()}, "target must hold whole numbers, one class an example, got torch.float32"),
    ({"target": T0[:2]}, r"one class for each of 3 examples, got shape \(2,\)"),
    ({"target": torch.tensor([0, -1, 0])}, r"target must be in \[0, 1\] for 2 classes, got -1 to 0; for examples"),
    ({"target": T0 + 1}, r"target must be in \[0, 1\] for 2 classes, got 1 to 2"),
    ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
    ({"steps": 0}, "steps must be at least 1, got 0"),
    ({"samples": 0}, "samples must be at least 1, got 0"),
    ({"noise": math.nan}, "noise must be a standard deviation of 0 or more, got nan"),
    ({"noise": -1.0}, "noise must be a standard deviation of 0 or more, got -1.0"),
    ({"baseline": math.inf}, "baseline must be finite"),
    ({"baseline": torch.zeros(3)}, r"baseline must be a number or .* shape \(4,\), got shape \(3,\)"),
    ({"window": 5}, r"window must fit into \(4,\), a number from 1 for each axis, got 5"),
    ({"window": (1, 1)}, r"window must fit into \(4,\).* got \(1, 1\)"),
    ({"window": 0}, "window must fit into"),
    ({"method": "grad_cam"}, r"Grad-CAM needs images .* got examples of shape \(4,\)"),
    ({"model": Returns(lambda x: (x, x))}, r"returned 2 things, expected a tensor of logits; pass kd"),
    ({"model": Returns(lambda x: x.sum(1))}, r"returned shape \(1,\) for 1 example, expected \(1, classes\)"),
    ({"model": Returns(lambda x: x[:, None].repeat(1, 2, 1))}, "answers token by token"),
    ({"model": Returns(lambda x: x * math.nan)}, "logits must be finite, got nan or inf"),
    ({"model": Returns(lambda x: x.detach())}, "no gradient with respect to its input; use occlusion or feature_abl"),
])  # fmt: skip
def test_what_does_not_fit_is_said_in_a_sentence(change, says):
    asked = {"model": nn.Linear(4, 2), "X": X0, "target": T0, **change}
    with pytest.raises((ValueError, TypeError), match=says):
        saliency(asked.pop("model"), asked.pop("X"), asked.pop("target"), **asked)


@pytest.mark.parametrize(("model", "layer", "says"), [
    (nn.Sequential(nn.Flatten(), nn.Linear(128, 4)), None, "Grad-CAM needs a convolution .* the model ran none"),
    (convolutional(), "conv9", "layer must be one of 0, 1, .*, got 'conv9'"),
    (convolutional(), "7", "needs a layer that gives maps .*, and '7' gives none"),
])  # fmt: skip
def test_where_grad_cam_cannot_look(model, layer, says):
    with pytest.raises(ValueError, match=says):
        saliency(model, *images(), "grad_cam", layer=layer)


def test_one_bad_example_is_found_in_a_later_batch():
    model = Returns(lambda x: torch.where(x > 5, math.nan, x))
    X = torch.tensor([[1.0, 2.0], [1.0, 9.0]])
    with pytest.raises(ValueError, match="logits must be finite"):
        saliency(model, X, [0, 0], batch_size=1)


def test_a_model_that_has_no_gradient_can_be_occluded():
    model = Returns(lambda x: x.round().detach())
    X = torch.tensor([[0.2, 3.0]])
    assert saliency(model, X, [1], "feature_ablation").tolist() == [[0.0, 3.0]]


def test_an_empty_ground_does_not_make_maps_alike():
    a, b = np.zeros((2, 1, 100))
    a[0, :4], b[0, :4] = [1, 2, 3, 4], [4, 3, 2, 1]
    assert similarity(a, b).rank.tolist() == pytest.approx([-1.0])


sizes = st.floats(-1e3, 1e3, width=32)


@given(st.data(), st.integers(2, 12))
def test_similarity_against_scipy_and_sets(data, m):
    pairs = hnp.arrays(np.float64, (2, 3, m), elements=st.one_of(sizes, st.sampled_from([0.0, 1.0, -1.0])))
    a, b = data.draw(pairs)
    found = similarity(a, b, top=0.4)
    k = math.ceil(0.4 * m)
    for i in range(3):
        x, y = np.abs(a[i]), np.abs(b[i])
        assert found.constant[i] == (len(set(x)) == 1 or len(set(y)) == 1)
        if found.constant[i]:
            assert math.isnan(found.rank[i]) and math.isnan(found.overlap[i])
        else:
            some = (x != 0) | (y != 0)
            if len(set(x[some])) == 1 or len(set(y[some])) == 1:
                assert math.isnan(found.rank[i])
            else:
                assert found.rank[i] == pytest.approx(scipy.stats.spearmanr(x[some], y[some]).statistic, abs=1e-9)
            tops = [{j for j in range(m) if 0 < v[j] >= sorted(v)[-k]} for v in (x, y)]
            assert found.overlap[i] == pytest.approx(len(tops[0] & tops[1]) / max(map(len, tops)), abs=1e-12)
        if x.any() and y.any():
            scaled = a[i] / x.max(), b[i] / y.max()
            expected = torch.cosine_similarity(torch.tensor(scaled[0]), torch.tensor(scaled[1]), dim=0, eps=0).item()
            assert found.cosine[i] == pytest.approx(expected, abs=1e-9)
        else:
            assert math.isnan(found.cosine[i])


def test_a_map_is_like_itself_and_its_opposite_in_size():
    maps = torch.randn(4, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    same, opposite = similarity(maps, maps), similarity(maps, -2 * maps)
    for found, sign in ((same, 1.0), (opposite, -1.0)):
        assert found.rank == pytest.approx(np.ones(4)) and found.overlap.tolist() == [1.0] * 4
        assert found.cosine == pytest.approx(sign * np.ones(4))


def test_sparse_maps_that_share_nothing_do_not_overlap():
    a, b = np.zeros((1, 100)), np.zeros((1, 100))
    a[0, :3], b[0, 50:53] = 1.0, 2.0
    assert similarity(a, b, top=0.1).overlap.tolist() == [0.0]
    assert similarity(a, a, top=0.1).overlap.tolist() == [1.0]


def test_order_frame_and_sentence():
    a = np.array([[1.0, 2.0, 3.0]] * 4)
    b = np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0], [3.0, 2.0, 1.0], [2.0, 1.0, 3.0]])
    found = similarity(a, b, top=1 / 3)
    assert found.order().tolist() == [2, 3, 0, 1]
    frame = found.frame()
    assert list(frame.columns) == ["example", "rank", "cosine", "overlap", "constant"]
    assert frame["rank"].round(9).tolist()[2:] == [-1.0, 0.5] and frame["constant"].tolist() == [
        False,
        True,
        False,
        False,
    ]
    assert found.sentence() == (
        "Over 3 examples the median rank correlation of the two maps is 0.50 (middle half −0.25 to 0.75), and of the "
        "top 33.3 % of values both name 67 %. 1 example has a map of a single size, and no number."
    )
    nothing = similarity(a[:2], np.zeros((2, 3)))
    assert nothing.sentence() == "Nothing can be said of 2 examples: one of the two maps has a single size."


@pytest.mark.parametrize(("a", "b", "top", "says"), [
    (np.ones((2, 3)), np.ones((2, 4)), 0.1, r"must be maps of the same examples, got shapes \(2, 3\) and \(2, 4\)"),
    (np.ones((0, 3)), np.ones((0, 3)), 0.1, r"a must have shape .* at least one example, got \(0, 3\)"),
    (np.ones((1, 3)), np.full((1, 3), np.nan), 0.1, "b must be finite"),
    (np.ones((1, 3)), np.ones((1, 3)), 0.0, r"top must be in \(0, 1\]"),
    (np.ones((1, 3)), np.ones((1, 3)), math.nan, r"top must be in \(0, 1\]"),
])  # fmt: skip
def test_what_are_no_maps_is_said_in_a_sentence(a, b, top, says):
    with pytest.raises(ValueError, match=says):
        similarity(a, b, top)


def test_the_sanity_check_tells_what_is_learnt_from_what_is_not(digits):
    model, (X, y) = kd.models.pretrained("mnist-mlp-1200"), digits
    state, generator = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    gradient = sanity_check(model, X, y, "gradient")
    product = sanity_check(model, X, y, "input_x_gradient")
    assert np.median(gradient.rank) < 0.5
    assert np.median(product.rank) > np.median(gradient.rank) + 0.2  # the black border alone is shared
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), state.values(), strict=True))
    assert torch.equal(torch.get_rng_state(), generator)
    assert np.array_equal(gradient.rank, sanity_check(model, X, y, "gradient").rank)
    assert not np.array_equal(gradient.rank, sanity_check(model, X, y, "gradient", seed=1).rank)


class Scaled(nn.Module):
    """Linear layer with weights of its own, and no reset_parameters."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 400, generator=torch.Generator().manual_seed(0)) * 0.3 + 2)

    def forward(self, x):
        return x @ self.weight.T


def test_weights_without_a_reset_are_drawn_with_their_own_mean_and_spread():
    from kdviz.measure.saliency.random_weights import redrawn as _redrawn

    model = Scaled()
    weight = _redrawn(model, 5).weight
    assert abs(weight.mean() - 2) < 4 * 0.3 / math.sqrt(1200) and abs(weight.std() - 0.3) < 4 * 0.3 / math.sqrt(2400)
    assert abs(np.corrcoef(weight.detach().flatten(), model.weight.detach().flatten())[0, 1]) < 0.12
    assert sanity_check(model, torch.rand(2, 400), [0, 2]).n == 2


def test_a_model_without_weights_has_no_random_one():
    with pytest.raises(ValueError, match="no weights to draw again"):
        sanity_check(Squares(), torch.rand(2, 3), [1, 2])


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
    assert curves.sentence().startswith(
        "Over 5 examples, taking places away in the map's order leaves a mean probabili"
    )


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


def test_a_model_that_changes_its_input_and_a_gradient_that_is_not_finite():
    X, t = torch.tensor([[0.5, -1.0]]), [1]
    in_place = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(2, 3)).requires_grad_(False)
    out_of_place = nn.Sequential(nn.ReLU(), in_place[1])
    for call in (lambda m: deletion_insertion(m, X, X, t, steps=2).deletion, lambda m: saliency(m, X, t, "occlusion")):
        assert (call(in_place) == call(out_of_place)).all() and X.tolist() == [[0.5, -1.0]]
    assert saliency(Returns(torch.sqrt), torch.zeros(1, 2), t)[0, 1] == math.inf


def test_importing_it_loads_no_captum_and_no_pandas():
    heavy = {"captum", "pandas", "matplotlib", "scipy"}
    code = f"import sys, kdviz.measure.saliency; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_captum_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(ImportError, match=r'saliency maps need captum: pip install "kdviz\[app\]"'):
        saliency(nn.Linear(4, 2), X0, T0)
