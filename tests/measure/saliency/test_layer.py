"""Grad-CAM's layer: which it is, and where there is none."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.measure.saliency import saliency

from ...elsewhere import asked_elsewhere
from .small_models import convolutional, images


def test_grad_cam_looks_at_the_deepest_convolution_and_not_at_a_shortcut():
    X, t = images(3)
    model = kd.models.resnet(4, (1, 1), channels=2, classes=4)
    last = [name for name, m in model.named_modules() if isinstance(m, nn.Conv2d)][-1]
    assert "shortcut" in last
    found = saliency(model, X, t, "grad_cam")
    assert torch.equal(found, saliency(model, X, t, "grad_cam", layer="stage2_1.conv2"))
    assert not torch.allclose(found, saliency(model, X, t, "grad_cam", layer=last))
    assert torch.equal(found[:, 0], found[:, 1]) and found.shape == X.shape


def test_grad_cam_takes_any_layer_with_maps_also_in_place():
    X, t = images(3)
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(inplace=True), nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True),
                          nn.AdaptiveAvgPool2d(1), nn.Flatten())  # fmt: skip
    with torch.no_grad():
        a = model[:4](X)  # the gradient of the mean is 1/16 on the map of the target
    expected = torch.nn.functional.interpolate(a[range(3), t].unsqueeze(1) / 16, (8, 8), mode="bilinear")
    found = saliency(model, X, t, "grad_cam", layer="3")
    torch.testing.assert_close(found, expected.expand(X.shape), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("model", "layer", "says"), [
    (nn.Sequential(nn.Flatten(), nn.Linear(128, 4)), None, "Grad-CAM needs a convolution .* the model ran none"),
    (convolutional(), "conv9", "layer must be one of 0, 1, .*, got 'conv9'"),
    (convolutional(), "7", "needs a layer that returns maps .*, and '7' returns none"),
])  # fmt: skip
def test_where_grad_cam_cannot_look(model, layer, says):
    with pytest.raises(ValueError, match=says):
        saliency(model, *images(), "grad_cam", layer=layer)


def test_what_another_thread_asks_meanwhile_is_not_taken_for_the_layers_maps():
    model, (X, t) = kd.models.resnet(4, (1, 1), channels=2, classes=4).eval(), images(3)
    alone = saliency(model, X, t, "grad_cam")
    with asked_elsewhere(model, images(1)[0]):
        assert torch.equal(saliency(model, X, t, "grad_cam"), alone)
