"""Networks: what they are made of, and that weights follow from description and seed alone."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from kdviz.models import build, convnet, mlp, resnet, vit

IMAGES = torch.rand(3, 1, 12, 12, generator=torch.Generator().manual_seed(0))
MAKERS = {
    "mlp": lambda **more: mlp((6, 5), inputs=144, **more),
    "convnet": lambda **more: convnet(4, **more),
    "resnet": lambda **more: resnet(4, (1, 2), **more),
    "vit": lambda **more: vit(8, 2, 2, size=12, **more),
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


@given(st.lists(st.integers(1, 9), max_size=3), st.integers(1, 8), st.integers(1, 5), st.sampled_from([0.0, 0.3]))
def test_any_perceptron_is_built_again_from_its_description(
    hidden: list[int], inputs: int, classes: int, dropout: float
) -> None:
    model = mlp(hidden, inputs=inputs, classes=classes, dropout=dropout)
    again = build(json.loads(json.dumps(model.architecture)))
    x = torch.rand(2, inputs, generator=torch.Generator().manual_seed(0))
    assert again.eval()(x).shape == (2, classes)
    assert torch.equal(model.eval()(x), again(x))


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


def test_layers_have_names() -> None:
    assert list(dict(mlp((4, 4), dropout=0.1).named_children())) == [
        "flatten",
        "linear1",
        "relu1",
        "dropout1",
        "linear2",
        "relu2",
        "dropout2",
        "logits",
    ]
    assert {"relu5", "average", "logits"} <= set(dict(convnet().named_modules()))
    assert {"stage1_1", "stage2_1.conv2", "stage3_1.shortcut"} <= set(dict(resnet().named_modules()))
    assert {"block1.attention", "block4", "class_token"} <= set(dict(vit().named_modules()))


def test_feature_maps_shrink_as_told() -> None:
    seen: dict[str, torch.Size] = {}
    for model, name in ((convnet(4), "relu5"), (resnet(4, (1, 1, 1)), "stage3_1")):
        layer = dict(model.named_modules())[name]
        handle = layer.register_forward_hook(lambda _, __, out, name=name: seen.update({name: out.shape}))
        model.eval()(torch.zeros(2, 1, 28, 28))
        handle.remove()
    assert seen == {"relu5": (2, 16, 7, 7), "stage3_1": (2, 16, 7, 7)}


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


def test_a_residual_network_begins_as_its_shortcuts() -> None:
    model = resnet(4, (2,)).eval()
    x = torch.rand(2, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    assert torch.equal(model.stage1_1(x), x)


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
        (lambda: build({"name": "vgg"}), "name must be one of mlp, convnet, resnet, vit, got 'vgg'"),
        (lambda: build({"name": "mlp", "depth": 3}), "the architecture does not fit mlp: .*depth"),
    ],
)
def test_what_cannot_be_built_is_said_in_a_sentence(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
