"""The adapter for models that return more than logits."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import kdviz as kd

from .small_models import Returns

X = torch.randn(23, 4, generator=torch.Generator().manual_seed(0))


def test_the_adapter_takes_logits_out_of_what_a_model_returns():
    class Output:
        def __init__(self, x):
            self.logits = x

    for make, which in ((lambda x: (0, x), 1), (lambda x: {"y": x}, "y"), (Output, "logits")):
        assert torch.equal(kd.wrap(Returns(make), output=which)(X), X)
    with pytest.raises(ValueError, match="no part 'logits'; it is the keys y"):
        kd.wrap(Returns(lambda x: {"y": x}), output="logits")(X)
    inner = nn.Linear(4, 3)
    assert list(kd.wrap(inner, output=0).parameters()) == list(inner.parameters()), "weights are shared"
