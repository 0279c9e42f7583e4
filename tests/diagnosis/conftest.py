"""A small world: 1,000 labelled digits to learn from, a good teacher, and runs that take about a second."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.data import Splits
from kdviz.distill import Distillation, Teacher


@pytest.fixture(scope="session")
def digits() -> Splits:
    """1,000 labelled training digits, 1,500 each to choose by and to report on."""
    whole = kd.data.mnist().with_labels(1000)
    parts = {part: getattr(whole, part).take(slice(0, 1500)) for part in ("validation", "test")}
    return replace(whole, draw=None, **parts)


@pytest.fixture(scope="session")
def good() -> Teacher:
    """A shipped teacher, with the answers that it gave before."""
    return Teacher(kd.models.pretrained("mnist-mlp-1200"))


def small(units: int = 64, seed: int = 0) -> nn.Module:
    return kd.models.mlp(hidden=(units,), seed=seed)


def trained(run: Distillation, evaluations: int = 12) -> Distillation:
    """Train a run to its end, with evaluations on validation data on the way."""
    every = max(1, run.total_steps // evaluations)
    while run.steps_done < run.total_steps:
        run.step()
        if run.steps_done % every == 0:
            run.evaluate()
    run.finish()
    return run


@pytest.fixture(scope="session")
def make(digits: Splits, good: Teacher) -> Callable[..., Distillation]:
    """``make(**changes)``: a run that is healthy but for the changes, trained."""

    def made(*, teacher: Any = None, student: nn.Module | None = None, data: Any = None, **changes: Any) -> Distillation:
        numbers = {"learning_rate": 3e-3, "epochs": 60, "batch_size": 64, "allow_weaker_teacher": True} | changes
        start = copy.deepcopy(student) if student is not None else small()
        return trained(Distillation(teacher or good, start, digits if data is None else data, **numbers))

    return made


@pytest.fixture(scope="session")
def healthy(make: Callable[..., Distillation]) -> tuple[Distillation, Distillation]:
    """A run that its teacher helps, and its twin."""
    run = make()
    return run, trained(run.twin())


def follow(code: str, **names: Any) -> dict[str, Any]:
    """Run advice as it is told, and return the names that it leaves."""
    space = {"kd": kd, "torch": torch, **names}
    exec(code, space)
    return space
