"""Losses of runs that are trained together."""

from __future__ import annotations

import torch

import kdviz as kd
from kdviz.distill.terms import Outputs
from kdviz.study.stacked_terms import StackedTerms


def test_soft_labels_and_classes_ruled_out_are_those_of_a_run_alone():
    s, y = torch.randn(2, 4, 3), torch.tensor([0, 1, 2, -1])
    soft = torch.tensor([[0.6, 0.4, 0.0], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.0, 0.0, 0.0]])
    t = torch.tensor([[1.0, 0.0, -torch.inf]] * 4)
    objectives = [
        0.7 * kd.SoftTargets(3) + 0.3 * kd.HardLabels(),
        0.4 * kd.SoftTargets(2) + 0.6 * kd.LabelSmoothing(0.2),
    ]
    together = StackedTerms(objectives).losses(s, t, y, 3, 0, 10, soft)
    for loss, objective, logits in zip(together, objectives, s, strict=True):
        outputs = Outputs(logits, t, y, 3, soft=soft)
        alone = sum(w * term.value(outputs, term.hyperparameters()) for w, term in objective.weighted)
        torch.testing.assert_close(loss, alone)
