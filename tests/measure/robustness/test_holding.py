"""Planted models: a robust and a fragile one are told apart, and one whose gradient hides is found out."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from kdviz.data import Examples
from kdviz.measure.robustness import Change, corrupt, pgd, robustness
from kdviz.models import inference
from kdviz.models.inference import Cancelled

N = 240


class Weighs(nn.Module):
    """Two classes by a weighted sum of the pixels around 0.5: with few weights it holds, with many small ones not."""

    def __init__(self, weights: torch.Tensor, scale: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(weights)
        self.scale = scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = (x.flatten(1) - 0.5) @ self.weight * self.scale
        return torch.stack((-z, z), 1)


@pytest.fixture(scope="module")
def examples() -> Examples:
    """The first pixel tells the class by 0.4 each way, all others by 0.06."""
    draw = torch.Generator().manual_seed(0)
    y = torch.arange(N) % 2
    sign = 2.0 * y[:, None] - 1
    x = 0.5 + torch.cat((0.4 * sign, 0.06 * sign.expand(N, 35)), 1) + 0.02 * torch.randn(N, 36, generator=draw)
    return Examples(x.clamp(0, 1).view(N, 1, 6, 6), torch.where(torch.arange(N) < N - 5, y, -1))


@pytest.fixture(scope="module")
def models() -> dict[str, nn.Module]:
    first = torch.zeros(36)
    first[0] = 20.0
    return {"robust": Weighs(first), "fragile": Weighs(torch.ones(36)), "hidden": Weighs(torch.ones(36), 1e5)}


@pytest.fixture(scope="module")
def found(models, examples):
    return robustness(models, examples, kinds=("fgsm", "pgd", "noise"), radii=(0.15, 0.05), steps=5, severities=(1, 5))


def test_a_robust_model_and_a_fragile_one_are_told_apart(found):
    for kind in ("fgsm", "pgd"):
        own = {name: found.accuracy(name, Change(kind, 0.15, name)) for name in ("robust", "fragile")}
        assert own["robust"].low > 0.95 and own["fragile"].high < 0.1
    assert found.accuracy("fragile").value == 1 and found.n == N - 5
    assert found.compare("fragile", "robust", Change("pgd", 0.15, "fragile")).verdict == "more"
    assert [level for level, _ in found.curve("robust", "pgd", "robust")] == [0, 0.05, 0.15]


def test_a_gradient_that_hides_is_found_out_by_what_is_passed_on(found):
    blind = found.accuracy("hidden", Change("pgd", 0.15, "hidden"))
    passed = found.accuracy("hidden", Change("pgd", 0.15, "fragile"))
    assert blind.low > 0.95 and passed.high < 0.1
    assert found.hides("hidden") and not found.hides("fragile") and not found.hides("robust")
    assert sum("its gradient hides" in line for line in found.sentences()) == 1


def test_all_models_are_given_the_same_pictures_and_left_as_they_were(models, examples, found):
    x, y = examples.inputs(slice(0, N - 5)), examples.y[: N - 5]
    made = {
        Change("pgd", 0.15, "fragile"): pgd(models["fragile"], x, y, 0.15, steps=5),
        Change("noise", 5): corrupt(x, "noise", 5),
    }
    for change, pictures in made.items():
        for name, model in models.items():
            right = inference.logits(model, Examples(pictures, y)).argmax(1) == y
            assert np.array_equal(found.right[change][name], right.numpy()), (change, name)
    before = copy.deepcopy(models["fragile"].state_dict())
    robustness(models, examples, kinds=("pgd",), radii=(0.1,), steps=2)
    assert torch.equal(before["weight"], models["fragile"].weight) and models["fragile"].weight.grad is None
    assert models["fragile"].training


def test_the_table_has_a_row_for_each_change_and_model(found):
    frame = found.frame()
    assert len(frame) == (1 + 2 * 2 * 3 + 2) * 3
    row = frame.query("kind == 'noise' and level == 5 and model == 'robust'").iloc[0]
    of = found.accuracy("robust", Change("noise", 5))
    assert (row.right, row.n, row.accuracy, row.low, row.high) == (of.right, of.n, of.value, of.low, of.high)


def test_progress_counts_to_its_end_and_stops(models, examples):
    seen = []
    one = {"fragile": models["fragile"]}
    robustness(
        one, examples, kinds=("pgd", "blur"), radii=(0.1, 0.2), steps=3, progress=lambda *told: seen.append(told)
    )
    done, totals = zip(*seen, strict=True)
    assert list(done) == sorted(done) and done[-1] == totals[-1] and len(set(totals)) == 1
    with pytest.raises(Cancelled):
        robustness(one, examples, progress=lambda done, total: done < total / 3)


def test_what_does_not_fit_is_said_in_one_sentence(models, examples):
    table = Examples(torch.rand(6, 4), torch.arange(6) % 2)
    silent = Examples(examples.x, torch.full((N,), -1))
    for wrong, sentence in (
        (lambda: robustness(models, table), "got columns|measured on pictures"),
        (lambda: robustness(models, silent), "none of the examples has a label"),
        (lambda: robustness({}, examples), "at least one model"),
        (lambda: robustness(models, examples, kinds=("fog",)), "kinds must be of"),
        (lambda: robustness(models, examples, norm="l2"), "leave it out of kinds"),
        (lambda: robustness(models, examples, made_on=("twin",)), "made_on must name"),
        (lambda: robustness(models, examples, radii=(0,)), "radii must be"),
        (lambda: robustness(models, Examples(3 * examples.x, examples.y)), "inputs must lie in"),
    ):
        with pytest.raises(ValueError, match=sentence):
            wrong()
