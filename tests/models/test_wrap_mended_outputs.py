"""Teachers whose outputs are not the logits of the classes in their order, mended by ``kd.wrap``."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

import kdviz as kd

SOFTMAX, SIGMOID = {"probabilities": True}, {"probabilities": "each"}


def test_a_mended_model_shares_weights_and_mode_and_keeps_the_names_of_layers() -> None:
    network = kd.models.mlp(hidden=(8,), inputs=4, classes=3).eval()
    mended = kd.wrap(network, classes=[2, 0, 1])
    assert not any(part.training for part in mended.modules())
    assert next(mended.parameters()) is next(network.parameters())
    assert kd.models.inference.bare(mended) is network


@pytest.mark.parametrize(("last", "mend"), [(nn.Softmax(dim=1), SOFTMAX), (nn.Sigmoid(), SIGMOID)])
def test_a_mended_teacher_teaches_what_the_right_one_teaches(last: nn.Module, mend: dict[str, bool | str]) -> None:
    X, y = torch.randn(80, 4), torch.randint(0, 3, (80,))
    right = kd.models.mlp(hidden=(8,), inputs=4, classes=3).eval()
    ended = nn.Sequential(copy.deepcopy(right), last).eval()
    soft = kd.SoftTargets(temperature=3)
    student = kd.models.mlp(hidden=(4,), inputs=4, classes=3)
    losses = [
        kd.Distillation(t, copy.deepcopy(student), (X, y), soft, epochs=1, allow_weaker_teacher=True)
        .train(progress=False, evaluate=False)
        .history.rows[:, 0]
        .tolist()
        for t in (right, kd.wrap(ended, **mend))
    ]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("mend", [SOFTMAX, SIGMOID])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_probabilities_of_0_and_1_give_finite_logits(mend: dict[str, bool | str], dtype: torch.dtype) -> None:
    assert kd.wrap(nn.Identity(), **mend)(torch.tensor([[0.0, 1.0]], dtype=dtype)).isfinite().all()


@pytest.mark.parametrize("mend", [SOFTMAX, SIGMOID])
def test_logits_called_probabilities_are_refused(mend: dict[str, bool | str]) -> None:
    with pytest.raises(ValueError, match=r"must be numbers from 0 to 1, got 3; .*: leave probabilities=.* out"):
        kd.wrap(nn.Identity(), **mend)(torch.tensor([[0.5, 3.0]]))


def test_sigmoids_of_a_function_are_read_too() -> None:
    x = torch.rand(5, 3)
    assert torch.allclose(kd.wrap(lambda batch: batch, probabilities="each")(x), x.logit())


def test_a_model_that_answers_more_than_a_tensor_is_mended_too() -> None:
    class Parts(nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"logits": x, "hidden": 2 * x}

    x = torch.rand(5, 3).softmax(1)
    assert torch.equal(kd.wrap(Parts(), classes=[2, 0, 1])(x), x[:, [2, 0, 1]])
    assert torch.allclose(kd.wrap(Parts(), **SOFTMAX)(x), x.log())
    assert torch.allclose(kd.wrap(Parts(), **SIGMOID)(x), x.logit())
    assert torch.equal(kd.wrap(Parts(), classes=[2, 0, 1])(x=x), x[:, [2, 0, 1]])


def test_the_short_way_to_a_part_of_an_answer_is_wrap() -> None:
    class Parts(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return 2 * x, x

    x = torch.rand(5, 3)
    short = kd.models.LogitsOf(Parts().eval(), 1)
    assert torch.equal(short(x), x) and isinstance(short, type(kd.wrap(Parts(), output=1))) and not short.training
