"""Small models and examples that tests of saliency share, from fixed seeds."""

from __future__ import annotations

import torch
from torch import nn


class Squares(nn.Module):
    """Logit c of x is c · Σ x²: its gradient is 2 c x."""

    def __init__(self, classes=3):
        super().__init__()
        self.register_buffer("factor", torch.arange(classes, dtype=torch.float64))

    def forward(self, x):
        return x.square().flatten(1).sum(1, keepdim=True) * self.factor


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


SMALL = {"steps": 6, "samples": 3, "window": 3}


class Returns(nn.Module):
    def __init__(self, what):
        super().__init__()
        self.what, self.weight = what, nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.what(x)


X0, T0 = torch.rand(3, 4), torch.tensor([0, 1, 0])
