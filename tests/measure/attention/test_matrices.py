"""Attention matrices, rollout and patch maps of transformers."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import nn

from kdviz.measure.attention import (
    attention_matrices,
    patch_map,
    rollout,
)

from ..small_models import Calls, Reader, drawn, encoder, randomised, weights_by_loop

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
