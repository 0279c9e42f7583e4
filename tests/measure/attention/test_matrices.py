"""Attention matrices, rollout and patch maps of transformers."""

from __future__ import annotations

import math
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.measure.attention import (
    attention_matrices,
    patch_map,
    rollout,
)
from kdviz.measure.similarity import correspondence

from ..small_models import Reader, convolutional, drawn, encoder, images, randomised


class Calls(nn.Module):
    """One attention module, called as ``how`` says."""

    def __init__(self, how, **settings):
        super().__init__()
        self.attend = nn.MultiheadAttention(8, 2, **({"batch_first": True} | settings))
        self.how = how

    def forward(self, x):
        return self.how(self.attend, x)


def weights_by_loop(module: nn.MultiheadAttention, x: np.ndarray, hidden=None) -> np.ndarray:
    """Return softmax(Q Kᵀ / √d) of inputs (N, L, D), shape (N, heads, L, L), in float64; hidden (L, L) or (N, L)."""
    W, b = module.in_proj_weight.detach().double().numpy(), module.in_proj_bias.detach().double().numpy()
    (n, length, width), heads = x.shape, module.num_heads
    d = width // heads
    found = np.zeros((n, heads, length, length))
    for i in range(n):
        for head in range(heads):
            for a in range(length):
                score = np.full(length, -np.inf)
                for c in range(length):
                    if hidden is not None and (hidden[a, c] if hidden.shape == (length, length) else hidden[i, c]):
                        continue
                    score[c] = 0.0
                    for k in range(head * d, (head + 1) * d):
                        query = sum(W[k, m] * x[i, a, m] for m in range(width)) + b[k]
                        key = sum(W[width + k, m] * x[i, c, m] for m in range(width)) + b[width + k]
                        score[c] += query * key / math.sqrt(d)
                e = np.exp(score - score.max())
                found[i, head, a] = e / e.sum()
    return found


# Activation maps


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, nullcontext])
def test_matrices_are_the_formula_head_by_head_and_no_fast_path_skips_them(batch_first, mode):
    model, x = encoder(batch_first=batch_first), drawn(3, 5, 8)
    if not batch_first:
        model = nn.Sequential(Transposed(), model)
    with mode():
        found = attention_matrices(model, x, batch_size=2)
    layers = (model if batch_first else model[1]).layers
    inputs = x
    for A, layer in zip(found.values(), layers, strict=True):
        np.testing.assert_allclose(A, weights_by_loop(layer.self_attn, inputs.numpy()), rtol=0, atol=1e-9)
        with torch.no_grad():
            inputs = layer(inputs) if batch_first else layer(inputs.transpose(0, 1)).transpose(0, 1)
    assert [name.removeprefix("1.") for name in found] == ["layers.0.self_attn", "layers.1.self_attn"]


class Transposed(nn.Module):
    def forward(self, x):
        return x.transpose(0, 1)


def test_masks_are_in_the_matrices():
    causal = torch.ones(5, 5, dtype=torch.bool).triu(1)
    x = drawn(2, 5, 8)
    model = randomised(Calls(lambda m, x: m(x, x, x, attn_mask=causal, need_weights=False, is_causal=True)[0]))
    found = attention_matrices(model, x)["attend"]
    np.testing.assert_allclose(found, weights_by_loop(model.attend, x.numpy(), causal.numpy()), rtol=0, atol=1e-9)
    tokens = torch.tensor([[3, 4, 5, 6], [7, 8, 0, 0]])
    reader = randomised(Reader())
    found = attention_matrices(reader, tokens)["encoder.layers.0.self_attn"]
    embedded = reader.embed(tokens).detach().numpy()
    padded = weights_by_loop(reader.encoder.layers[0].self_attn, embedded, (tokens == 0).numpy())
    np.testing.assert_allclose(found, padded, rtol=0, atol=1e-9)
    assert (found[1, :, :, 2:] == 0).all()


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


# Rollout and its picture


def rollout_by_loop(layers, heads, residual):
    n, _, length, _ = layers[0].shape
    rolled = np.array([np.eye(length) for _ in range(n)])
    for A in layers:
        for i in range(n):
            M = np.zeros((length, length))
            for a in range(length):
                for b in range(length):
                    each = [A[i, head, a, b] for head in range(A.shape[1])]
                    M[a, b] = {"mean": sum(each) / len(each), "max": max(each), "min": min(each)}[heads]
                M[a] /= M[a].sum()
                if residual:
                    M[a] *= 0.5
                    M[a, a] += 0.5
            rolled[i] = M @ rolled[i]
    return rolled


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("heads", ["mean", "max", "min"])
def test_rollout_is_the_papers_recursion(heads, residual):
    layers = {f"layer{seed}": drawn(3, 4, 5, 5, seed=seed).softmax(-1) for seed in range(3)}
    found = rollout(layers, heads=heads, residual=residual)
    expected = rollout_by_loop([A.numpy() for A in layers.values()], heads, residual)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-12)
    assert torch.equal(rollout(list(layers.values()), heads=heads, residual=residual), found)


def test_a_token_whose_heads_share_nothing_keeps_itself_or_is_told():
    A = torch.eye(2)
    apart = torch.stack([A, A.flip(0)]).unsqueeze(0)
    assert torch.equal(rollout([apart], heads="min")[0], A.double())
    with pytest.raises(ValueError, match='no position that all heads attend to, and so no row; use heads="mean"'):
        rollout([apart], heads="min", residual=False)


def test_a_patch_map_is_the_class_tokens_row_without_the_token():
    A = drawn(2, 7, 7).softmax(-1)
    found = patch_map(A, (2, 3))
    for i in range(2):
        for y in range(2):
            for x in range(3):
                assert found[i, y, x] == A[i, 0, 1 + 3 * y + x]
    assert torch.equal(patch_map(A[:, :6, :6], tokens=2)[0].flatten(), A[0, 0, 2:6])
    assert torch.allclose(patch_map(A[:, :4, :4], tokens=0)[0].flatten(), A[0, :4, :4].mean(0))


# Distances of maps
