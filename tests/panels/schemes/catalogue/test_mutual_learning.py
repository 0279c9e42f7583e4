"""Peers: what is drawn of them is what they say."""

from __future__ import annotations

import torch

from kdviz.distill.schemes import peers
from kdviz.models import inference
from kdviz.panels.schemes.catalogue.mutual_learning import SCHEME


def test_curves_and_agreement_are_those_of_the_networks(course_of):
    course = course_of("mutual_learning")
    run, data = course.own.stages[0], course.setting.data.validation
    said = [inference.logits(model, data).argmax(1) for model in (run.student, *peers(run))]
    curves, matrix = SCHEME.draw(course)
    wrong = [100 * float((one != data.y).double().mean()) for one in said]
    assert [line["y"][-1] for line in curves["lines"]] == wrong
    assert curves["lines"][0]["x"][-1] == 3 * run.steps_done == course.own.total_steps
    agree = torch.tensor(matrix["values"])
    assert torch.equal(agree, agree.T) and bool((agree.diagonal() == 1).all())
    assert float(agree[0, 2]) == float((said[0] == said[2]).float().mean())
