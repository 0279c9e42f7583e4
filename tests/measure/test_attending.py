"""Watching attention: the caller, hooks of others and the answer notice nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.measure.attention import attention_matrices
from kdviz.measure.similarity import correspondence

from ..elsewhere import asked_elsewhere
from .small_models import Calls, Reader, convolutional, drawn, encoder, images, randomised, weights_by_loop

HOWS = {
    "no weights": lambda m, x: m(x, x, x, need_weights=False),
    "averaged weights": lambda m, x: m(x, x, x),
    "weights of each head": lambda m, x: m(x, x, x, average_attn_weights=False),
    "by place": lambda m, x: m(x, x, x, None, False, None, True),
    "by place, of each head": lambda m, x: m(query=x, key=x, value=x, need_weights=True, average_attn_weights=False),
    "other lengths": lambda m, x: m(x, x[:, :3], x[:, :3]),
}


@pytest.mark.parametrize("how", HOWS)
def test_the_caller_gets_what_it_asked_for(how):
    x, answers = drawn(3, 5, 8), []

    def keeping(m, x):
        answers.append(HOWS[how](m, x))
        return answers[-1][0]

    model = randomised(Calls(keeping))
    with torch.no_grad():
        model(x)
    matrices = attention_matrices(model, x)
    assert matrices["attend"].shape == (3, 2, 5, 3 if how == "other lengths" else 5)
    (before, weights_before), (after, weights_after) = answers
    assert torch.allclose(before, after, rtol=0, atol=1e-12)
    assert (weights_before is None) == (weights_after is None)
    if weights_before is not None:
        assert torch.allclose(weights_before, weights_after, rtol=0, atol=1e-12)


class Kept(nn.Module):
    """Keeps the answers of the module within."""

    def __init__(self, module):
        super().__init__()
        self.module, self.answers = module, []

    def forward(self, x):
        self.answers.append(self.module(x))
        return self.answers[-1]


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")  # of the pass without hooks
def test_the_answer_is_the_same_as_without_hooks():
    for model, x in (
        (encoder(), drawn(3, 5, 8)),
        (randomised(Reader()), torch.tensor([[3, 4, 5, 6], [7, 8, 0, 0]])),
        (randomised(kd.models.vit(16, 2, 2)), torch.rand(3, 1, 28, 28, dtype=torch.float64)),
        (convolutional(), images()),
    ):
        outer = Kept(model)
        with torch.no_grad():
            outer(x)
        if any(isinstance(m, nn.MultiheadAttention) for m in model.modules()):
            attention_matrices(outer, x)
        correspondence(outer, outer, x, debiased=False, shuffles=0)
        first, *others = outer.answers
        assert len(others) >= 2
        for other in others:
            assert torch.allclose(first[: len(other)], other, rtol=0, atol=1e-9)


def test_a_module_that_runs_again_has_a_matrix_for_each_run():
    model = randomised(Calls(lambda m, x: m(m(x, x, x)[0], x, x)[0]))
    x = drawn(3, 5, 8)
    found = attention_matrices(model, x, batch_size=2)
    assert list(found) == ["attend", "attend (2)"]
    assert all(A.shape == (3, 2, 5, 5) for A in found.values())
    np.testing.assert_allclose(found["attend"], weights_by_loop(model.attend, x.numpy()), rtol=0, atol=1e-9)
    assert not torch.allclose(found["attend"], found["attend (2)"])


def test_someones_own_hooks_on_attention_see_what_they_saw():
    model, x, seen = randomised(Calls(HOWS["no weights"])), drawn(2, 5, 8), []
    model.attend.register_forward_pre_hook(lambda _, args: seen.append(len(args)))
    model.attend.register_forward_hook(lambda _, args, out: seen.append((len(args), out[1])))
    model.how = lambda m, x: m(x, x, x, need_weights=False)[0]
    with torch.no_grad():
        model(x)
    before = list(seen)
    attention_matrices(model, x)
    assert seen == before * 2


def test_what_another_thread_asks_meanwhile_is_neither_seen_nor_changed():
    model, x, other = encoder(), drawn(3, 5, 8), drawn(1, 2, 8)
    with torch.no_grad():
        alone, answer = attention_matrices(model, x), model(other)
        with asked_elsewhere(model, other) as told:
            together = attention_matrices(model, x)
    assert together.keys() == alone.keys()
    assert all(torch.equal(together[name], alone[name]) for name in alone)
    assert all(torch.equal(each, answer) for each in told)
