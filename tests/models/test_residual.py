"""Residual networks."""

from __future__ import annotations

import torch

from kdviz.models import resnet


def test_a_residual_network_begins_as_its_shortcuts() -> None:
    model = resnet(4, (2,)).eval()
    x = torch.rand(2, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    assert torch.equal(model.stage1_1(x), x)
