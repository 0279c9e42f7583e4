"""Asking for maps: what is checked, what may stop it, and what must be left as it was."""

from __future__ import annotations

import copy
import math
import threading

import pytest
import torch
from torch import nn

from kdviz.distill import Cancelled
from kdviz.measure.saliency import METHODS, deletion_insertion, saliency

from ...elsewhere import asked_elsewhere
from .small_models import SMALL, T0, X0, Returns, convolutional, images


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


@pytest.mark.parametrize(("change", "says"), [
    ({"method": "lime"}, "method must be one of gradient, .*feature_ablation, got 'lime'"),
    ({"X": X0.mul(255).to(torch.uint8)}, "X must be floating point, or token ids as whole numbers.* got torch.uint8"),
    ({"X": X0.numpy()}, "X must be floating point.* got ndarray"),
    ({"X": X0[:0], "target": T0[:0]}, r"at least one example, got \(0, 4\)"),
    ({"X": X0[0]}, r"must have shape \(examples, ...\).* got \(4,\)"),
    ({"X": X0 * math.nan}, "X must be finite"),
    ({"target": T0.float()}, "target must hold whole numbers, one class per example, got torch.float32"),
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
    ({"model": Returns(lambda x: x[:, None].repeat(1, 2, 1))}, "got logits for each token"),
    ({"model": Returns(lambda x: x * math.nan)}, "logits must be finite, got nan or inf"),
    ({"model": Returns(lambda x: x.detach())}, "no gradient with respect to its input; use occlusion or feature_abl"),
])  # fmt: skip
def test_what_does_not_fit_is_said_in_a_sentence(change, says):
    asked = {"model": nn.Linear(4, 2), "X": X0, "target": T0, **change}
    with pytest.raises((ValueError, TypeError), match=says):
        saliency(asked.pop("model"), asked.pop("X"), asked.pop("target"), **asked)


def test_one_bad_example_is_found_in_a_later_batch():
    model = Returns(lambda x: torch.where(x > 5, math.nan, x))
    X = torch.tensor([[1.0, 2.0], [1.0, 9.0]])
    with pytest.raises(ValueError, match="logits must be finite"):
        saliency(model, X, [0, 0], batch_size=1)


def test_a_model_that_changes_its_input_and_a_gradient_that_is_not_finite():
    X, t = torch.tensor([[0.5, -1.0]]), [1]
    in_place = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(2, 3)).requires_grad_(False)
    out_of_place = nn.Sequential(nn.ReLU(), in_place[1])
    for call in (lambda m: deletion_insertion(m, X, X, t, steps=2).deletion, lambda m: saliency(m, X, t, "occlusion")):
        assert (call(in_place) == call(out_of_place)).all() and X.tolist() == [[0.5, -1.0]]
    assert saliency(Returns(torch.sqrt), torch.zeros(1, 2), t)[0, 1] == math.inf


class Words(nn.Module):
    """Logits of four classes, of the mean of what each token is embedded as."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.words, self.head = nn.Embedding(9, 6), nn.Linear(6, 4)

    def forward(self, ids):
        return self.head(self.words(ids).tanh().mean(1))


def test_what_another_thread_asks_meanwhile_is_answered_about_its_own_tokens():
    model, ids, other = Words().eval(), torch.arange(12).view(3, 4) % 9, torch.tensor([[8, 1, 8]])
    t = torch.tensor([0, 1, 2])
    with torch.no_grad():
        answer = model(other)
    alone = saliency(model, ids, t, "gradient")
    with asked_elsewhere(model, other) as told:
        together = saliency(model, ids, t, "gradient")
    assert torch.equal(together, alone) and all(torch.equal(each, answer) for each in told)
