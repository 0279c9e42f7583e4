"""Convolutional networks."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from kdviz.models import convnet, parameter_count, resnet
from kdviz.models.architecture import about_weights


def test_feature_maps_shrink_as_told() -> None:
    seen: dict[str, torch.Size] = {}
    for model, name in ((convnet(4), "relu5"), (resnet(4, (1, 1, 1)), "stage3_1")):
        layer = dict(model.named_modules())[name]
        handle = layer.register_forward_hook(lambda _, __, out, name=name: seen.update({name: out.shape}))
        model.eval()(torch.zeros(2, 1, 28, 28))
        handle.remove()
    assert seen == {"relu5": (2, 16, 7, 7), "stage3_1": (2, 16, 7, 7)}


FILTERS = {1: [4], 3: [4, 8, 16], 5: [4, 4, 8, 8, 16], 8: [4, 4, 4, 8, 8, 8, 16, 16]}


@pytest.mark.parametrize(("depth", "filters"), FILTERS.items())
def test_a_depth_is_spread_over_three_stages(depth: int, filters: list[int]) -> None:
    model = convnet(4, depth)
    assert [m.out_channels for m in model if isinstance(m, nn.Conv2d)] == filters
    assert sum(isinstance(m, nn.MaxPool2d) for m in model) == min(2, len(set(filters)) - 1)
    assert about_weights(model.architecture) >= parameter_count(model) / 2


def test_the_usual_depth_is_described_as_ever() -> None:
    assert "depth" not in convnet(4).architecture and convnet(4, 6).architecture["depth"] == 6
