"""Parts of the data that are not apart."""

from __future__ import annotations

from dataclasses import replace

import torch

import kdviz as kd
from kdviz.data import Examples

from ..conftest import World, follow, small
from .said import names


def joined(one: Examples, other: Examples) -> Examples:
    return Examples(torch.cat((one.x, other.x)), torch.cat((one.y, other.y)))


def test_rows_of_the_training_part_among_those_it_is_judged_by(world: World, make):
    learned = world.data.train.take(slice(0, 200))
    leaky = replace(world.data, validation=joined(learned, world.data.validation.take(slice(0, 1000))))
    found = make(data=leaky, epochs=3).diagnose()["rows_shared"]
    assert found.severity == "fault" and found.confidence == "certain"
    assert found.evidence["validation examples also in training"] == 200
    assert "200 of 1,200 validation examples are in the training part" in found.sentence
    better = follow(found.try_code, run=make(data=leaky, epochs=1))["better"]
    assert len(better.data.validation) == 1000 and "rows_shared" not in names(better.diagnose())
    alone = kd.diagnose(world.teacher(), small(), leaky)["rows_shared"]
    assert len(follow(alone.try_code, data=leaky)["data"].validation) == 1000


def test_a_table_of_few_values_holds_copies_anyway(world: World):
    def coarse(examples: Examples) -> Examples:
        return Examples((examples.x[:, :3] > 0).float(), examples.y)

    data = replace(world.data, **{p: coarse(getattr(world.data, p)) for p in ("train", "validation", "test")})
    teacher = kd.models.mlp(hidden=(4,), inputs=3, classes=6).eval()
    assert "rows_shared" not in names(kd.diagnose(teacher, data=data))
