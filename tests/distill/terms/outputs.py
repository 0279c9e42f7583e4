"""Outputs of one batch, drawn from a fixed seed."""

from __future__ import annotations

import torch

from kdviz.distill.terms import Outputs


def outputs(seed: int = 0) -> Outputs:
    generator = torch.Generator().manual_seed(seed)
    s, t = (torch.randn(6, 3, generator=generator) for _ in range(2))
    return Outputs(s, t, torch.tensor([0, 1, 2, -1, 0, 1]))
