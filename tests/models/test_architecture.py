"""Networks: what they are made of, and that weights follow from description and seed alone."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
import torch
from torch import nn

from kdviz.models import build, conv1d, convnet, mlp, mobile, recurrent, resnet, vit

IMAGES = torch.rand(3, 1, 12, 12, generator=torch.Generator().manual_seed(0))


MAKERS = {
    "mlp": lambda **more: mlp((6, 5), inputs=144, **more),
    "convnet": lambda **more: convnet(4, **more),
    "resnet": lambda **more: resnet(4, (1, 2), **more),
    "vit": lambda **more: vit(8, 2, 2, size=12, **more),
    "mobile": lambda **more: mobile(4, 3, **more),
    "recurrent": lambda **more: recurrent(6, 2, step=12, **more),
    "conv1d": lambda **more: conv1d(4, 3, inputs=144, step=12, **more),
}


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().items(), other.state_dict().items(), strict=True)
    return all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)


@pytest.mark.parametrize("name", MAKERS)
def test_weights_follow_from_description_and_seed_alone(name: str) -> None:
    make = MAKERS[name]
    torch.manual_seed(1)
    first = make(seed=3)
    torch.manual_seed(2)
    state = torch.get_rng_state()
    again, other = make(seed=3), make(seed=4)
    assert torch.equal(torch.get_rng_state(), state)
    assert same_weights(first, again)
    assert not same_weights(first, other)


@pytest.mark.parametrize("name", MAKERS)
def test_a_description_survives_json_and_builds_the_same_model(name: str) -> None:
    model = MAKERS[name](dropout=0.25, mean=0.1, std=0.5, classes=7, seed=3)
    again = build(json.loads(json.dumps(model.architecture)), seed=3)
    assert again.architecture == model.architecture
    assert same_weights(model, again)
    assert [type(m) for m in again.modules()] == [type(m) for m in model.modules()]
    assert torch.equal(model.eval()(IMAGES), again.eval()(IMAGES))


@pytest.mark.parametrize("name", MAKERS)
def test_models_can_be_copied_and_pickled(name: str) -> None:
    model = MAKERS[name]()
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert again.architecture == model.architecture
        assert same_weights(model, again)


@pytest.mark.parametrize("name", MAKERS)
def test_gradients_reach_every_weight(name: str) -> None:
    model = MAKERS[name]()
    for normalisation in [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]:
        nn.init.ones_(normalisation.weight)  # a residual branch begins closed
    model(IMAGES).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_standardizing_lives_inside_the_model() -> None:
    plain, inside = mlp((4,), inputs=144), mlp((4,), inputs=144, mean=0.5, std=0.25)
    assert torch.allclose(inside(IMAGES), plain((IMAGES - 0.5) / 0.25), atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mlp((0,)), "hidden units must be at least 1, got 0"),
        (lambda: mlp(32), r"hidden must be a sequence of layer sizes, got 32: use \(32,\)"),
        (lambda: mlp((8,), classes=0), "classes must be at least 1, got 0"),
        (lambda: mlp((8,), dropout=1.0), r"dropout must be in \[0, 1\), got 1.0"),
        (lambda: mlp((8,), std=0.0), "std must be > 0, got 0.0"),
        (lambda: convnet(0), "width must be at least 1, got 0"),
        (lambda: resnet(8, ()), "blocks must name at least one stage, got none"),
        (lambda: resnet(8, (1, 0)), "blocks must be at least 1, got 0"),
        (lambda: vit(patch=5), "patches must fill the image, and 5 does not divide 28"),
        (lambda: vit(10, heads=4), "heads must share the width evenly, and 4 does not divide 10"),
        (lambda: build({"name": "vgg"}), "name must be one of mlp, convnet, mobile, .*, got 'vgg'"),
        (lambda: build({"name": "mlp", "depth": 3}), "the architecture does not fit mlp: .*depth"),
    ],
)
def test_what_cannot_be_built_is_said_in_a_sentence(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
