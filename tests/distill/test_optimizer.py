"""Optimisers of one's own: their groups, their rates and what they keep."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd

from .conftest import same_weights


def groups(parameters):
    first, *rest = list(parameters)
    return torch.optim.SGD([{"params": [first], "lr": 1e-5}, {"params": rest, "lr": 1e-1}])


def test_groups_keep_their_learning_rates_in_proportion(make):
    run = make(optimizer=groups)
    run.step()
    assert [g["lr"] for g in run._optimizer.param_groups] == [pytest.approx(1e-5), pytest.approx(1e-1)]
    assert run.learning_rate == pytest.approx(0.1)
    run.edit(learning_rate=0.01)
    run.step()
    assert [g["lr"] for g in run._optimizer.param_groups] == [pytest.approx(1e-6), pytest.approx(1e-2)]
    halved = make(optimizer=groups, learning_rate=0.05)
    halved.step()
    assert [g["lr"] for g in halved._optimizer.param_groups] == [pytest.approx(5e-6), pytest.approx(5e-2)]
    assert run.branch(1).history.rows.tolist() == run.history.rows[:1].tolist()


def test_an_optimizer_made_by_a_function_keeps_its_own_rate(make):
    assert make(optimizer=lambda p: torch.optim.SGD(p, lr=0.25)).learning_rate == 0.25
    assert make(optimizer="sgd").learning_rate == 1e-3


class Counting(torch.optim.Optimizer):
    """Keeps in its groups how far it is and a factor it found, as schedule-free and learning-rate-free ones do."""

    def __init__(self, parameters):
        super().__init__(parameters, {"lr": 0.1, "seen": 0, "found": torch.tensor(1.0)})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            group["seen"] += 1
            group["found"] = group["found"] * 0.9
            for p in group["params"]:
                if p.grad is not None:
                    p -= group["lr"] / group["seen"] * group["found"] * p.grad


def test_what_an_optimizer_keeps_in_its_groups_goes_back_and_is_saved(make, teacher, clouds, tmp_path):
    run = make(optimizer=Counting, snapshot_every=4).train(epochs=1, progress=False)
    run.save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, teacher=teacher, data=clouds, optimizer=Counting)
    branch = run.branch(4)
    for r in (run, loaded, branch):
        r.train(progress=False)
        assert r._optimizer.param_groups[0]["seen"] == r.steps_done
        assert same_weights(r.student, run.student)
    assert same_weights(run.at(6), make(optimizer=Counting).train(epochs=1, progress=False).at(6))


@pytest.mark.parametrize(("name", "kind", "more"), [
    ("adam", torch.optim.Adam, {}),
    ("adamw", torch.optim.AdamW, {}),
    ("sgd", torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
])  # fmt: skip
def test_weight_decay_is_the_optimizer_s_own(make, name, kind, more):
    run = make(optimizer=name, weight_decay=0.05)
    by_hand = make(optimizer=lambda p: kind(p, lr=1e-3, weight_decay=0.05, fused=True, **more))
    assert run._optimizer.param_groups[0]["weight_decay"] == 0.05
    run.step()
    by_hand.step()
    assert same_weights(run.student, by_hand.student)
    usual = make(optimizer=name)
    usual.step()
    assert usual._optimizer.param_groups[0]["weight_decay"] == (0.01 if name == "adamw" else 0)
    assert not same_weights(run.student, usual.student)


def test_weight_decay_is_saved_and_shared_by_the_twin(make, teacher, clouds, tmp_path):
    run = make(weight_decay=0.05)
    assert run.twin()._optimizer.param_groups[0]["weight_decay"] == 0.05
    assert kd.Recipe.from_json(run.recipe.to_json()).weight_decay == 0.05
    assert "weight_decay" not in make().recipe.to_dict()  # an older kdviz reads it
    run.train(epochs=1, progress=False).save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, teacher=teacher, data=clouds)
    assert same_weights(loaded.train(progress=False).student, run.train(progress=False).student)


@pytest.mark.parametrize(("given", "says"), [
    ({"weight_decay": -0.1}, "weight_decay must be a finite number >= 0, got -0.1"),
    ({"weight_decay": float("nan")}, "weight_decay must be a finite number >= 0, got nan"),
    ({"weight_decay": "much"}, "weight_decay must be a number or None, got 'much'"),
    ({"weight_decay": 0.1, "optimizer": groups}, "weight_decay goes to an optimizer by name, got 0.1 for a function"),
])  # fmt: skip
def test_a_weight_decay_that_cannot_be_is_told_in_one_sentence(make, given, says):
    with pytest.raises((ValueError, TypeError), match=says):
        make(**given)
