"""Adapters of outputs: the mended model is a teacher like any other."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

import kdviz as kd


def test_an_adapter_shares_weights_and_mode_and_keeps_the_names_of_layers() -> None:
    network = kd.models.mlp(hidden=(8,), inputs=4, classes=3).eval()
    mended = kd.models.Reordered(network, [2, 0, 1])
    assert not any(part.training for part in mended.modules())
    assert next(mended.parameters()) is next(network.parameters())
    assert kd.models.inference.bare(mended) is network


def test_a_mended_teacher_teaches_what_the_right_one_teaches() -> None:
    X, y = torch.randn(80, 4), torch.randint(0, 3, (80,))
    right = kd.models.mlp(hidden=(8,), inputs=4, classes=3).eval()
    ended = nn.Sequential(copy.deepcopy(right), nn.Softmax(dim=1)).eval()
    soft = kd.SoftTargets(temperature=3)
    student = kd.models.mlp(hidden=(4,), inputs=4, classes=3)
    losses = [
        kd.Distillation(t, copy.deepcopy(student), (X, y), soft, epochs=1, allow_weaker_teacher=True)
        .train(progress=False, evaluate=False)
        .history.rows[:, 0]
        .tolist()
        for t in (right, kd.models.LogOf(ended))
    ]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4, abs=1e-6)


def test_probabilities_of_0_and_1_give_finite_logits() -> None:
    p = torch.tensor([[0.0, 1.0]])
    assert kd.models.LogOf(nn.Identity())(p).isfinite().all()
    assert kd.models.LogitOf(nn.Identity())(p).isfinite().all()


def test_an_order_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="order must hold each output from 0 to 2 once"):
        kd.models.Reordered(nn.Identity(), [0, 1, 1])
    with pytest.raises(ValueError, match="order names 2 outputs and the model has 3"):
        kd.models.Reordered(nn.Identity(), [1, 0])(torch.zeros(1, 3))


def test_a_model_that_answers_more_than_a_tensor_is_mended_too() -> None:
    class Parts(nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"logits": x, "hidden": 2 * x}

    x = torch.rand(5, 3).softmax(1)
    assert torch.equal(kd.models.Reordered(Parts(), [2, 0, 1])(x), x[:, [2, 0, 1]])
    assert torch.allclose(kd.models.LogOf(Parts())(x), x.log())
    assert torch.allclose(kd.models.LogitOf(Parts())(x), x.logit())
    assert torch.equal(kd.models.Reordered(Parts(), [2, 0, 1])(x=x), x[:, [2, 0, 1]])
