"""What schemes are tried on: a teacher, a student's architecture, data and a budget, the same for all lanes."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import torch
from torch import nn

from ... import data as data_sets
from ... import models
from ...data import Examples, Splits
from ...distill import Distillation, Evaluation, Objective, Schedule, Teacher, hinton
from ...distill.schedules import Cosine
from ...distill.terms import HardLabels
from ...models import inference
from ...models.architecture import Network
from ...words import mark, number, t
from .counts import ERRORS, Count

LABELS = 1000
TEACHER = "mnist-mlp-1200"
VALIDATION, TEST = 500, 5000  # examples of each split that are looked at, at most
TEMPERATURE = 10.0  # best of 4 and 10 for this pair, with 2,000 steps: python benchmarks/schemes_page.py --temperatures
FALLING = Cosine(1e-2)  # down to 0, so that the last step is no accident of a large one
TIMED_STEPS = 6
NOTE = mark(
    "{data}: {labels} labelled examples to learn from. Errors are counted on {validation} validation examples along "
    "the way, and on {test} test examples at the end."
)


@dataclass(frozen=True, eq=False)
class Setting:
    """A teacher, data, an architecture and a budget.

    Attributes
    ----------
    data : Splits
    teacher : Teacher
        The one of offline distillation; its answers are kept from one scheme to the next.
    hidden : tuple of int
        Units of the student, a perceptron.
    epochs : int
        Passes over the labelled examples that all networks of a lane have together.
    batch_size, learning_rate, seed
        As in :class:`kdviz.Distillation`.
    count : Count
        What the lanes are compared by.
    holds : str
        What the examples are: "images", or as :mod:`.text_setting` has it.
    """

    data: Splits
    teacher: Teacher
    hidden: tuple[int, ...] = (64, 64)
    epochs: int = 96
    batch_size: int = 64
    learning_rate: Schedule | float = FALLING
    seed: int = 0
    count: Count = ERRORS
    holds: str = "images"
    _of_teacher: dict[str, Evaluation] = field(default_factory=dict)

    @classmethod
    def of(
        cls, *, epochs: int | None = None, seed: int = 0, labels: int = LABELS, teacher: str = TEACHER, **other: Any
    ) -> Setting:
        """Return the setting of the page: MNIST, ``LABELS`` labels and a shipped perceptron as teacher."""
        made = cls(shrunk(_labelled(labels)), _teacher(teacher), seed=seed, **other)
        return made if epochs is None else replace(made, epochs=epochs)

    # Parts

    def student(self, offset: int = 0, hidden: tuple[int, ...] | None = None) -> Network:
        """Return a fresh student; ``offset`` is added to the seed of its weights."""
        return models.mlp(
            self.hidden if hidden is None else hidden,
            inputs=math.prod(self.data.shape),
            classes=len(self.data.classes),
            seed=self.seed + offset,
        )

    def steps(self, epochs: int | None = None, examples: int | None = None) -> int:
        """Return how many steps so many epochs have; of the labelled examples, or of so many others."""
        each = math.ceil((len(self.data.train) if examples is None else examples) / self.batch_size)
        return each * (self.epochs if epochs is None else epochs)

    def share(self, among: int) -> int:
        """Return the epochs of each of several networks, so that all together have the setting's; at least one."""
        return max(1, round(self.epochs / among))

    def numbers(self, **other: Any) -> dict[str, Any]:
        """Return arguments of :class:`kdviz.Distillation`."""
        own = {"epochs": self.epochs, "batch_size": self.batch_size, "seed": self.seed}
        return {**own, "learning_rate": self.learning_rate, **other}

    def run(self, objective: Any, steps: int, *, taught: bool = True, student: nn.Module | None = None) -> Distillation:
        """Return a run of at least so many steps from the common start."""
        epochs = max(1, math.ceil(steps / self.steps(1)))
        student = self.student() if student is None else student
        teacher = self.teacher if taught else None
        return Distillation(teacher, student, self.data, objective, **self.numbers(epochs=epochs))

    def offline(self, steps: int) -> Distillation:
        """Return offline distillation: Hinton's soft targets and the labels."""
        return self.run(hinton(0.9, TEMPERATURE), steps)

    def twin(self, steps: int) -> Distillation:
        """Return the twin: the same student, start and batches, without a teacher."""
        return self.run(Objective(((1.0, HardLabels()),)), steps, taught=False)

    # Numbers

    def wrong(self, model: nn.Module, examples: Examples) -> int:
        """Return how many of some labelled examples a model takes for another class."""
        known = examples.y >= 0
        return int((inference.logits(model, examples).argmax(1) != examples.y)[known].sum())

    def of_teacher(self, split: str) -> Evaluation:
        """Return what the teacher comes to on a split; counted once."""
        if split not in self._of_teacher:
            examples = getattr(self.data, split)
            self._of_teacher[split] = self.count.evaluation(self.teacher.module, examples, step=0, split=split)
        return self._of_teacher[split]

    def teacher_errors(self, split: str) -> int:
        """Return the teacher's errors on a split."""
        return self.of_teacher(split).errors

    @property
    def note(self) -> str:
        """What is learned from and what is counted, in sentences."""
        data = self.data
        sizes = {"validation": len(data.validation), "test": len(data.test), "labels": data.train.labelled}
        return t(NOTE, data=data.title, **{name: number(size) for name, size in sizes.items()})

    def seconds_a_step(self) -> float:
        """Return how long a plain step takes here: a few are tried on a copy, once for all settings of a kind."""
        key = (*self._kind, self.batch_size, torch.get_num_threads())
        if key not in _TIMED:
            run = self.twin(self.steps(max(1, self.epochs)))
            run.step()
            begun = time.perf_counter()
            for _ in range(TIMED_STEPS):
                run.step()
            _TIMED[key] = (time.perf_counter() - begun) / TIMED_STEPS
        return _TIMED[key]

    @property
    def _kind(self) -> tuple[Any, ...]:
        """What a step takes its time by, besides the batch."""
        return self.data.shape, self.hidden


_TIMED: dict[Any, float] = {}


@cache
def _labelled(labels: int) -> Splits:
    return data_sets.load("mnist").with_labels(labels)


@cache
def _teacher(name: str) -> Teacher:
    return Teacher(models.pretrained(name))


def shrunk(data: Splits) -> Splits:
    """Return the data with the first ``VALIDATION`` and ``TEST`` examples of their splits."""
    parts = {"validation": VALIDATION, "test": TEST}
    return replace(data, **{name: getattr(data, name).take(slice(0, most)) for name, most in parts.items()})
