"""Convolutional networks."""

from __future__ import annotations

import torch

from kdviz.models import convnet, resnet


def test_feature_maps_shrink_as_told() -> None:
    seen: dict[str, torch.Size] = {}
    for model, name in ((convnet(4), "relu5"), (resnet(4, (1, 1, 1)), "stage3_1")):
        layer = dict(model.named_modules())[name]
        handle = layer.register_forward_hook(lambda _, __, out, name=name: seen.update({name: out.shape}))
        model.eval()(torch.zeros(2, 1, 28, 28))
        handle.remove()
    assert seen == {"relu5": (2, 16, 7, 7), "stage3_1": (2, 16, 7, 7)}
