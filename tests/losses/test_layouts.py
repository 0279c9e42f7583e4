"""Features brought to one layout: maps of two sizes, and what each side may do alone."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from kdviz.losses.feature import attention_transfer, contrastive, cosine, gram, hint, neuron_selectivity

from .features import agrees, features, few, gram_by_hand, paper, seeds


def orthogonal(size: int, seed: int) -> Tensor:
    return torch.linalg.qr(features((size, size), seed)).Q


def pooled_by_hand(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Adaptive average pooling: output i is the mean over ⌊iH/h⌋ ... ⌈(i+1)H/h⌉."""
    (h, w), (H, W) = size, x.shape[2:]
    out = torch.zeros(*x.shape[:2], h, w, dtype=x.dtype)
    for i in range(h):
        for j in range(w):
            rows = range(i * H // h, math.ceil((i + 1) * H / h))
            columns = range(j * W // w, math.ceil((j + 1) * W / w))
            values = [x[:, :, a, b] for a in rows for b in columns]
            out[:, :, i, j] = sum(values) / len(values)
    return out


@few
@given(seeds, *[st.integers(1, 5) for _ in range(4)], st.sampled_from([attention_transfer, neuron_selectivity]))
def test_the_larger_map_is_average_pooled_side_by_side(seed, H_s, W_s, H_t, W_t, loss):
    s, t = features((2, 3, H_s, W_s), seed), features((2, 4, H_t, W_t), seed + 1)
    size = (min(H_s, H_t), min(W_s, W_t))
    torch.testing.assert_close(loss(s, t), loss(pooled_by_hand(s, size), pooled_by_hand(t, size)), rtol=1e-9, atol=1e-9)


@few
@given(seeds)
def test_gram_compares_maps_of_different_sizes(seed):
    s, t = features((2, 3, 4, 5), seed), features((2, 3, 2, 2), seed + 1)
    agrees(gram(s, t, reduction="none"), gram(s, t), gram_by_hand(s, t))


@pytest.mark.parametrize("loss", [hint, attention_transfer, paper, gram, neuron_selectivity, cosine])
@few
@given(seed=seeds)
def test_positions_moved_and_channels_turned_on_both_sides_change_nothing(loss, seed):
    s, t = features((2, 4, 2, 3), seed), features((2, 4, 2, 3), seed + 1)
    channels = torch.randperm(4, generator=torch.Generator().manual_seed(seed))
    places = torch.randperm(6, generator=torch.Generator().manual_seed(seed))
    moved = [x[:, channels].flatten(2)[:, :, places].unflatten(2, (2, 3)) for x in (s, t)]
    torch.testing.assert_close(loss(*moved), loss(s, t), rtol=1e-9, atol=1e-12)
    if loss is not neuron_selectivity:  # which looks at single channels
        Q = orthogonal(4, seed + 2)
        turned = [torch.einsum("dc,bchw->bdhw", Q, x) for x in (s, t)]
        torch.testing.assert_close(loss(*turned), loss(s, t), rtol=1e-9, atol=1e-12)


@few
@given(seeds)
def test_what_each_side_may_do_alone(seed):
    s, t = features((2, 4, 2, 3), seed), features((2, 4, 2, 3), seed + 1)
    turned = torch.einsum("dc,bchw->bdhw", orthogonal(4, seed + 2), s)
    times = features((2, 4, 1, 1), seed + 3).abs() + 0.1
    signs = features((2, 4, 1, 1), seed + 4).sign()
    places = torch.randperm(6, generator=torch.Generator().manual_seed(seed))
    moved = s.flatten(2)[:, :, places].unflatten(2, (2, 3))
    one_length = features((2, 1, 1, 1), seed + 5).abs() + 0.1
    each_length = features((2, 1, 2, 3), seed + 6).abs() + 0.1
    for loss, alike in (
        (attention_transfer, turned * one_length),
        (paper, turned * one_length),
        (gram, moved),
        (neuron_selectivity, s * times * signs),
        (cosine, s * each_length),
        (contrastive, s * one_length),
    ):
        torch.testing.assert_close(loss(alike, t), loss(s, t), rtol=1e-9, atol=1e-12)
