"""A small world where all is known: six Gaussian classes, the best possible teacher, and few labels.

A run takes less than a second. In it the teacher makes 585 errors on 4,000 examples, the student with its help about as
many, and its twin about 780.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import kdviz as kd
from kdviz.data import Examples, Splits
from kdviz.distill import Distillation

CLASSES, INPUTS = 6, 20


class World:
    """Examples drawn from known classes, and the classifier that knows them best."""

    def __init__(self) -> None:
        self.g = torch.Generator().manual_seed(0)
        centres = torch.randn(CLASSES, INPUTS, generator=self.g)
        self.centres = 2.6 * centres / centres.norm(dim=1, keepdim=True)
        self.data = Splits("blobs", "Blobs", tuple("abcdef"), self.draw(300), self.draw(4000), self.draw(4000))

    def draw(self, n: int) -> Examples:
        y = torch.randint(CLASSES, (n,), generator=self.g)
        return Examples(self.centres[y] + torch.randn(n, INPUTS, generator=self.g), y)

    def teacher(self, sureness: float = 1.0) -> nn.Linear:
        """The logits of the true posterior, times ``sureness``."""
        best = nn.Linear(INPUTS, CLASSES)
        with torch.no_grad():
            best.weight.copy_(sureness * self.centres)
            best.bias.copy_(-sureness * self.centres.square().sum(1) / 2)
        return best.eval()

    def with_train(self, n: int) -> Splits:
        return replace(self.data, train=World().draw(n))

    def few(self, n: int) -> Splits:
        """The data with so many examples to judge by."""
        parts = {part: getattr(self.data, part).take(slice(0, n)) for part in ("validation", "test")}
        return replace(self.data, **parts)


class Then(nn.Module):
    """A model with a function after it."""

    def __init__(self, inner: nn.Module, after: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.inner, self.after = inner, after

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.inner(x))


def small(*hidden: int, seed: int = 0) -> nn.Module:
    return kd.models.mlp(hidden=hidden or (64,), inputs=INPUTS, classes=CLASSES, seed=seed)


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
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def make(world: World) -> Callable[..., Distillation]:
    """``make(**changes)``: a run that is healthy but for the changes, trained."""

    def made(**changes: Any) -> Distillation:
        parts = {name: changes.pop(name, None) for name in ("teacher", "student", "data")}
        numbers = {"learning_rate": 5e-3, "epochs": 40, "batch_size": 100, "allow_weaker_teacher": True} | changes
        student = copy.deepcopy(parts["student"]) if parts["student"] is not None else small()
        teacher, data = parts["teacher"] or world.teacher(), parts["data"] or world.data
        return trained(Distillation(teacher.eval(), student, data, **numbers))

    return made


@pytest.fixture(scope="session")
def healthy(make: Callable[..., Distillation]) -> tuple[Distillation, Distillation]:
    """A run that its teacher helps, and its twin."""
    run = make()
    return run, trained(run.twin())


def follow(code: str, **names: Any) -> dict[str, Any]:
    """Run advice as it is told, and return the names that it leaves."""
    space: dict[str, Any] = {"kd": kd, **names}
    exec(code, space)
    return space


def errors(run: Distillation) -> int:
    """Errors on validation data."""
    return run.evaluate().errors
