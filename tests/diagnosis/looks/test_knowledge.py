"""A teacher too sure of what it learned."""

from __future__ import annotations

import pytest
from torch import nn

import kdviz as kd

from ..conftest import Then, follow


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_a_teacher_too_sure_of_what_it_learned(make, world, temperature):
    run = make(teacher=world.teacher(35.0 * temperature), objective=kd.hinton(temperature=temperature))
    found = run.diagnose()["teacher_too_sure"]
    assert found.evidence["probability off the predicted class"] < 0.01 and found.evidence["temperature"] == temperature
    better = follow(found.try_code, run=run)["better"]
    assert better.objective.temperature == found.evidence["temperature to try"] > temperature


def test_no_temperature_helps_a_teacher_without_doubt(world):
    teacher = Then(world.teacher(), lambda z: 1e6 * nn.functional.one_hot(z.argmax(1), 6).float())
    found = kd.diagnose(teacher.eval(), data=world.data)["teacher_too_sure"]
    assert found.try_code == "" and "no T up to 32 changes that" in found.sentence
