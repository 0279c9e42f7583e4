"""Small models and examples that tests of layers share, from fixed seeds."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn


def drawn(*shape, seed=0, dtype=torch.float64) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def randomised(model: nn.Module, dtype=torch.float64, seed=0) -> nn.Module:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator) * 0.5)
    return model.to(dtype).eval()


def convolutional(dtype=torch.float64, seed=0) -> nn.Module:
    model = nn.Sequential(
        nn.Conv2d(2, 5, 3, padding=1), nn.BatchNorm2d(5), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.MaxPool2d(2),
        nn.Conv2d(5, 6, 3), nn.Tanh(), nn.Flatten(), nn.Linear(6 * 4, 3),
    )  # fmt: skip
    return randomised(model, dtype, seed)


def images(n=7, seed=1) -> torch.Tensor:
    return torch.rand(n, 2, 8, 8, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def encoder(width=8, heads=2, depth=2, batch_first=True, **settings) -> nn.Module:
    layer = nn.TransformerEncoderLayer(width, heads, 16, dropout=0.3, batch_first=batch_first)
    return randomised(nn.TransformerEncoder(layer, depth, enable_nested_tensor=batch_first, **settings))


class Unused(nn.Module):
    def __init__(self):
        super().__init__()
        self.attend = nn.MultiheadAttention(8, 2)

    def forward(self, x):
        return x


def with_nan(t):
    t = t.clone()
    t[1, 0] = math.nan
    return t


class Reader(nn.Module):
    """Whole numbers of tokens; 0 is padding."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.encoder = encoder()
        self.head = nn.Linear(8, 3)

    def forward(self, tokens):
        hidden = self.encoder(self.embed(tokens), src_key_padding_mask=tokens == 0)
        return self.head(hidden[:, 0])


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
