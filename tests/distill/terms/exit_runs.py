"""Runs of a network with exits on its way."""

from __future__ import annotations

from torch import nn

import kdviz as kd
from kdviz.distill.schemes import self_distillation

from ..conftest import small


def deep(seed: int = 0, **more) -> nn.Module:
    return small((12, 12, 8), seed=seed, **more)


def begin(clouds, layers=("relu1", "relu2"), student=None, **more) -> kd.Distillation:
    arguments = {"epochs": 3, "batch_size": 32, "snapshot_every": 7} | more
    return self_distillation(student or deep(), clouds, layers, **arguments)
