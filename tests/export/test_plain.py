"""Models as the code of plain modules."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import kdviz as kd
from kdviz.export.plain import plain

KINDS = ["mlp", "convnet", "mobile", "resnet", "vit", "recurrent", "conv1d"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_code_of_each_kind_of_student_computes_the_same_and_learns_the_same(kind: str) -> None:
    model, x = kd.models.build({"name": kind, "mean": 0.1}, seed=2), torch.rand(4, 1, 28, 28)
    written = plain(model, x)
    assert "kdviz" not in written.code
    space = {"torch": torch, "nn": nn, "F": nn.functional}
    exec(written.code, space)
    again = space["Student"]()
    again.load_state_dict(written.state)
    gradients = []
    for one in (model.train(), again.train()):
        torch.manual_seed(0)
        one(x).square().sum().backward()
        gradients.append([p.grad for _, p in sorted(one.named_parameters())])
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


class AsksItsMode(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) * (2 if self.training else 1)


class Branches(AsksItsMode):
    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) if x.sum() > 0 else -self.layer(x)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (AsksItsMode(), "AsksItsMode cannot be written as plain layers: what it does depends on more than its layers"),
        (Branches(), "Branches cannot be written as plain layers: .*control flow"),
    ],
)
def test_what_has_no_plain_code_is_a_sentence(model: nn.Module, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        plain(model, torch.randn(3, 4))
