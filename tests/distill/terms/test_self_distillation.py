"""Exits on a network's way: the paper's loss, taught by the deepest."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import kdviz as kd
from kdviz.distill.schemes import exits, self_distillation
from kdviz.models import inference

from ..conftest import same_weights
from .exit_runs import begin, deep


def test_the_value_is_the_papers_sum_over_exits(clouds):
    run = begin(clouds, alpha=0.4, hint=0.2, temperature=2.0)
    batch = run._batches[0]
    with torch.no_grad(), kd.distill.tapped(run.student, ["relu1", "relu2", "relu3"]) as seen:
        z = run.student(batch.inputs)
        expected = 0.0
        for layer, way_out in zip(("relu1", "relu2"), run.auxiliary["self_distillation"], strict=True):
            features = way_out.bottleneck(seen[layer])
            z_i = way_out.classifier(features)
            p, log_q = torch.softmax(z / 2, 1), torch.log_softmax(z_i / 2, 1)
            expected += 0.6 * F.cross_entropy(z_i, batch.labels).item()
            expected += 0.4 * 4 * (p * (p.log() - log_q)).sum(1).mean().item()
            expected += 0.2 * ((features - seen["relu3"]) ** 2).mean().item()
    assert run.step().terms["self_distillation"].item() == pytest.approx(expected, rel=1e-5)


def test_the_deepest_answer_is_held_fixed_and_the_layers_below_an_exit_learn(clouds):
    run = begin(clouds, layers="relu1", objective=0.0 * kd.HardLabels(), optimizer=torch.optim.SGD, learning_rate=0.1)
    before = {name: p.clone() for name, p in run.student.named_parameters()}
    run.step()
    moved = {name for name, p in run.student.named_parameters() if not torch.equal(p, before[name])}
    assert moved == {"linear1.weight", "linear1.bias"}


def test_exits_are_networks_of_their_own_and_better_than_chance(clouds):
    run = begin(clouds, epochs=20, learning_rate=1e-2).train(progress=False)
    found = exits(run)
    assert list(found) == ["relu1", "relu2"]
    right = {
        layer: (inference.logits(m, clouds.test).argmax(1) == clouds.test.y).float().mean()
        for layer, m in found.items()
    }
    assert all(share > 0.7 for share in right.values())
    sizes = [kd.models.parameter_count(model) for model in found.values()]
    first, second, bottleneck, classifier = 4 * 12 + 12, 12 * 12 + 12, 12 * 8 + 8, 8 * 3 + 3
    assert sizes == [first + bottleneck + classifier, first + second + bottleneck + classifier]
    assert not any(part.training for model in found.values() for part in model.modules())
    now = inference.logits(found["relu1"], clouds.test)
    run.train(epochs=1, progress=False)
    assert torch.equal(inference.logits(found["relu1"], clouds.test), now), "a copy stays as it was"


class Odd(nn.Module):
    """No chain: the layers are called by code."""

    def __init__(self) -> None:
        super().__init__()
        self.below, self.above, self.end = nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 3)
        self.ran: list[str] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.below(x))
        self.ran.append("above")
        return self.end(torch.relu(self.above(x)))


def test_behind_the_exit_of_any_network_nothing_runs(clouds):
    run = begin(clouds, layers="below", student=Odd(), features="above", epochs=1).train(progress=False)
    short = exits(run)["below"]
    short.front.ran.clear()
    x = clouds.test.inputs()
    with torch.no_grad():
        expected = run.auxiliary["self_distillation"].eval()[0](run.student.below(x))
        torch.testing.assert_close(short(x), expected)
    assert short.front.ran == [] and not short.front.below._forward_hooks


def test_exits_of_maps_tokens_and_vectors_fit(clouds):
    images = kd.data.splits((torch.rand(60, 1, 12, 12), torch.arange(60) % 10))
    convnet = self_distillation(
        kd.models.convnet(4), images, ("relu2", "relu4"), features="relu5", epochs=1, batch_size=16
    )
    convnet.train(progress=False)
    assert exits(convnet)["relu2"](images.test.inputs()).shape == (len(images.test), 10)
    pooled = self_distillation(kd.models.convnet(4), images, "relu2", epochs=1, batch_size=16)
    assert pooled.objective.terms[1].features == "flatten"
    pooled.step()


def test_exits_are_no_part_of_the_student(clouds):
    run = begin(clouds)
    assert kd.models.parameter_count(run.student) == kd.models.parameter_count(deep())
    twin = run.twin()
    assert twin.objective == 1.0 * kd.HardLabels() and same_weights(twin.student, run.student)
