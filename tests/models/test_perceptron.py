"""Multi-layer perceptrons: built again from any description."""

from __future__ import annotations

import json

import torch
from hypothesis import given
from hypothesis import strategies as st

from kdviz.models import build, convnet, mlp, resnet, vit


@given(st.lists(st.integers(1, 9), max_size=3), st.integers(1, 8), st.integers(1, 5), st.sampled_from([0.0, 0.3]))
def test_any_perceptron_is_built_again_from_its_description(
    hidden: list[int], inputs: int, classes: int, dropout: float
) -> None:
    model = mlp(hidden, inputs=inputs, classes=classes, dropout=dropout)
    again = build(json.loads(json.dumps(model.architecture)))
    x = torch.rand(2, inputs, generator=torch.Generator().manual_seed(0))
    assert again.eval()(x).shape == (2, classes)
    assert torch.equal(model.eval()(x), again(x))


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
