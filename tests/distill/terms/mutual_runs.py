"""Runs of three students that learn from each other."""

from __future__ import annotations

from torch import nn

import kdviz as kd
from kdviz.distill.schemes import mutual_learning, peers

from ..conftest import small


def three(**more) -> list[nn.Module]:
    return [small(seed=seed, **more) for seed in range(3)]


def begin(clouds, students=None, **more) -> kd.Distillation:
    arguments = {"epochs": 3, "batch_size": 32, "snapshot_every": 7} | more
    return mutual_learning(students or three(), clouds, **arguments)


def everybody(run: kd.Distillation) -> list[nn.Module]:
    return [run.student, *peers(run)]
