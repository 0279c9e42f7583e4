"""Terms on relations: each is its loss, at the layers that it names."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz import losses
from kdviz.distill import tapped


@pytest.mark.parametrize(
    ("term", "loss"),
    [
        (kd.RelationalDistance("relu1"), losses.relational_distance),
        (kd.RelationalAngle("relu1"), losses.relational_angle),
        (kd.SimilarityPreserving("relu1"), losses.similarity_preserving),
        (kd.ProbabilisticTransfer("relu1"), losses.probabilistic_transfer),
    ],
    ids=lambda given: getattr(given, "name", ""),
)
def test_each_term_is_its_loss_on_the_features_of_its_layer(make, teacher, term, loss):
    run = make(objective=1.0 * term)
    x = run._batches[0].inputs
    with torch.no_grad(), tapped(run.student, ["relu1"]) as s, tapped(teacher, ["relu1"]) as t:
        run.student(x), teacher(x)
        expected = loss(s["relu1"], t["relu1"])
    torch.testing.assert_close(run.step().loss, expected)
