"""A network whose end teaches its beginning, and the small networks that come of it."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill import Objective
from kdviz.distill.schemes import exits
from kdviz.distill.schemes.self_distillation import ShortNetwork
from kdviz.models import inference

from ...elsewhere import asked_elsewhere
from ..conftest import same_weights
from ..terms.exit_runs import begin, deep


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_a_branch_repeats_student_and_exits_bit_for_bit(clouds, dropout):
    run = begin(clouds, student=deep(dropout=dropout)).train(progress=False)
    branch = run.branch(11).train(progress=False)
    assert branch.history.rows.tobytes() == run.history.rows.tobytes()
    assert same_weights(branch.student, run.student) and same_weights(branch.auxiliary, run.auxiliary)


def test_a_saved_run_brings_its_exits_along(clouds, tmp_path):
    run = begin(clouds).train(progress=False)
    run.save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, data=clouds)
    for layer, model in exits(run).items():
        assert torch.equal(inference.logits(model, clouds.test), inference.logits(exits(loaded)[layer], clouds.test))


def test_its_numbers_are_live_and_can_be_written_down(clouds):
    term = kd.SelfDistillation(("relu1",), "relu3", alpha=kd.schedules.Linear(0, 1))
    objective = kd.HardLabels() + 0.5 * term
    assert Objective.from_dict(json.loads(json.dumps(objective.to_dict()))) == objective
    run = begin(clouds)
    run.edit(
        weight_self_distillation=0.5,
        self_distillation_alpha=0.9,
        self_distillation_hint=0,
        self_distillation_temperature=1,
    )
    run.step()
    assert run.history.column("self_distillation_alpha").tolist() == [0.9]


@pytest.mark.parametrize(("more", "match"), [
    ({"layers": "relu9"}, "a tap must be the dotted name of a layer of the student"),
    ({"layers": "relu3"}, "features must name one layer, deeper than the exits at relu3, got 'relu3'"),
    ({"alpha": 1.5}, r"alpha must lie in \[0, 1\]"),
    ({"hint": -1}, "hint must be a finite number >= 0"),
    ({"temperature": 0}, "temperature must be a finite number > 0"),
])  # fmt: skip
def test_what_cannot_work_is_told(clouds, more, match):
    with pytest.raises(ValueError, match=match):
        begin(clouds, **more)


def test_a_network_of_one_layer_has_nothing_to_learn_from(clouds):
    with pytest.raises(ValueError, match="has no layer before its last"):
        begin(clouds, student=nn.Sequential(nn.Linear(4, 3)))


def test_the_end_of_a_short_network_is_no_end_for_another_thread():
    network, x = deep().eval(), torch.ones(3, 4)
    short = ShortNetwork(network, "relu1", nn.Identity())
    alone, answer = short(x), network(x[:1])
    short.front = network  # whole, as where it is no chain of layers
    with asked_elsewhere(network, x[:1], at=network.linear1) as told:
        assert torch.equal(short(x), alone)
    assert torch.equal(told[0], answer)
