"""What the small study shows: another T, alpha or learning rate, a larger step, labels enough."""

from __future__ import annotations

from dataclasses import replace

import kdviz as kd
from kdviz.data import Examples

from ..conftest import World, errors, follow, trained
from .studied import studied


def test_another_temperature(make):
    run = make(objective=kd.hinton(temperature=0.2))
    found = studied(run)["temperature_unsuitable"]
    assert found.evidence["temperature tried"] >= 1 and found.evidence["high"] < 0
    better = follow(found.try_code, run=run)["better"]
    assert errors(better) == found.evidence["errors with it"] < found.evidence["errors now"] == errors(run)


def test_another_alpha(make):
    run = make(objective=kd.hinton(alpha=0.05, temperature=1))
    found = studied(run)["alpha_unsuitable"]
    assert errors(follow(found.try_code, run=run)["better"]) == found.evidence["errors with it"]


def test_another_learning_rate(make):
    run = make(learning_rate=1e-4)
    found = studied(run)["rate_unsuitable"]
    assert found.evidence["learning_rate tried"] == 3e-4
    assert errors(follow(found.try_code, run=run)["better"]) == found.evidence["errors with it"] < errors(run)


def test_a_gain_that_is_only_a_larger_step(make, world):
    def certain(n):  # labels that leave nothing open
        examples = World().draw(n)
        return Examples(examples.x, world.teacher()(examples.x).argmax(1).detach())

    data = replace(world.data, train=certain(3000), validation=certain(4000), test=certain(3500))
    run = make(data=data, optimizer="sgd", learning_rate=3e-3, epochs=4, objective=kd.hinton(temperature=4))
    twin = trained(run.twin())
    assert errors(run) < errors(twin) - 100
    found = studied(run, twin=twin)["larger_step"]
    assert found.evidence["twin errors at its best rate"] < errors(run)
    better = follow(found.try_code, run=run)["better"]
    assert errors(better) == found.evidence["twin errors at its best rate"]


def test_labels_so_many_that_the_teacher_adds_nothing(make, world):
    data = replace(world.few(1500), train=World().draw(3000))
    run = make(data=data, epochs=4)
    twin = trained(run.twin())
    found = studied(run, twin=twin)["labels_plenty"]
    assert found.evidence["fewer labels"] == 300 and found.evidence["difference with fewer"] < 0
    better = follow(found.try_code, run=run)["better"]
    assert better.data.train.labelled == 300
