"""Vision transformers: their tokens and their formula."""

from __future__ import annotations

import torch

from kdviz.models import vit


def test_tokens_are_the_class_token_and_the_patches_row_by_row() -> None:
    model = vit(8, 1, 2, patch=4, size=12).eval()
    marked = torch.zeros(1, 1, 12, 12)
    marked[..., 4:8, 8:12] = 1  # second row, third column
    tokens = model.tokens(model.patches(marked)) - model.tokens(model.patches(torch.zeros(1, 1, 12, 12)))
    changed = tokens.abs().sum(2)[0] > 0
    assert changed.nonzero().flatten().tolist() == [1 + 3 + 2]


def test_a_transformer_follows_its_formula() -> None:
    model = vit(8, 1, 2, size=12).eval().double()
    x = torch.rand(3, 10, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    block = model.block1
    seen, parts = block.norm1(x), []
    q, k, v = (seen @ block.attention.in_proj_weight.T + block.attention.in_proj_bias).split(8, 2)
    for head in (slice(0, 4), slice(4, 8)):
        weights = torch.softmax(q[..., head] @ k[..., head].transpose(1, 2) / 4**0.5, 2)
        parts.append(weights @ v[..., head])
    mixed = x + block.attention.out_proj(torch.cat(parts, 2))
    expected = mixed + block.contract(torch.nn.functional.gelu(block.expand(block.norm2(mixed))))
    assert torch.allclose(block(x), expected, atol=1e-9, rtol=0)
