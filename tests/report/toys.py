"""A toy problem, and lines that solve it more or less well."""

from __future__ import annotations

import torch
from torch import nn


def toy(n=300, classes=3, labelled=True, seed=0):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n, 5, generator=generator)
    y = (X[:, :classes] + 0.5 * torch.randn(n, classes, generator=generator)).argmax(1)
    return (X, y) if labelled else X


def line(scale=1.0, classes=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    model = nn.Linear(5, classes)
    with torch.no_grad():
        model.weight.copy_(scale * (torch.eye(classes, 5) + 0.3 * torch.randn(classes, 5, generator=generator)))
        model.bias.zero_()
    return model


def tables(n=120):
    X = torch.randn(n, 4, generator=torch.Generator().manual_seed(0))
    return X, (X[:, 0] > 0).long()
