"""What the Words page is tried on: data with a teacher, sizes of students, and a budget for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import torch
from torch import nn

from ... import data as data_sets
from ... import models
from ...data import Examples, Splits, Vocabulary
from ...distill import Distillation, Evaluation, Schedule, Teacher
from ...distill.evaluate import evaluate
from ...distill.schedules import Cosine
from ...words import mark, number, t
from .methods import objective

VALIDATION, TEST = 150, 500  # rows of each split that are looked at, at most
TIMED_STEPS = 3
NOTE = mark(
    "{data}: {rows} rows to learn from, {validation} validation rows along the way, {test} test rows at the end. The "
    "student has {student} weights, the teacher {teacher}."
)


@dataclass(frozen=True)
class Size:
    """A student that is offered; its title with :func:`kdviz.words.mark`, its maker as in :mod:`kdviz.models`."""

    title: str
    maker: str
    arguments: Mapping[str, int]


STUDENTS = {
    "decoder-16": Size(mark("Transformer, 1 block of 16"), "decoder", {"width": 16, "blocks": 1, "heads": 2}),
    "decoder-32": Size(mark("Transformer, 1 block of 32"), "decoder", {"width": 32, "blocks": 1, "heads": 2}),
    "decoder-64": Size(mark("Transformer, 2 blocks of 64"), "decoder", {"width": 64, "blocks": 2, "heads": 4}),
    "gru-32": Size(mark("GRU, 32 units"), "gru", {"width": 32}),
    "gru-64": Size(mark("GRU, 64 units"), "gru", {"width": 64}),
}


@dataclass(frozen=True)
class Offer:
    """Data that are offered, with the teacher and the budget that suit them."""

    teacher: str
    rows: int  # to learn from, the first of the training rows
    epochs: int
    prompt: str
    batch_size: int = 32
    learning_rate: Schedule | float = Cosine(5e-3)  # down to 0, so that the last step is no accident of a large one


OFFERS = {"moby-dick": Offer("moby-dick-decoder", rows=2000, epochs=4, prompt="The whale ")}


@cache
def names() -> tuple[str, ...]:
    """Return the data that are here, with their teachers."""
    there, taught = data_sets.available("text"), models.names("text")
    return tuple(name for name, offer in OFFERS.items() if name in there and offer.teacher in taught)


@dataclass(frozen=True, eq=False)
class Setting:
    """Data, a teacher, a student and a budget.

    Attributes
    ----------
    data : Splits
        Of text, with a vocabulary.
    teacher : Teacher
        Its answers are kept from one run to the next.
    make : callable
        Returns a fresh student, given the name of a size and a seed.
    prompt : str
        What is written on at first.
    epochs, batch_size, learning_rate, seed
        As in :class:`kdviz.Distillation`.
    """

    data: Splits
    teacher: Teacher
    make: Callable[[str, int], nn.Module]
    prompt: str
    epochs: int
    batch_size: int = 32
    learning_rate: Schedule | float = Cosine(5e-3)
    seed: int = 0
    name: str = ""
    _known: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, *, epochs: int | None = None, seed: int = 0) -> Setting:
        """Return a setting of the page by the name of its data."""
        offer = OFFERS[name]
        made = replace(_setting(name), seed=seed)
        return made if epochs is None else replace(made, epochs=epochs or offer.epochs)

    @property
    def vocabulary(self) -> Vocabulary:
        assert self.data.vocabulary is not None, "data of text have one"
        return self.data.vocabulary

    @property
    def context(self) -> int:
        """Tokens of a row: what the students read at most."""
        return int(self.data.train.shape[0])

    @property
    def is_task(self) -> bool:
        """Whether each row is a prompt and its answer; else it is running text."""
        return "prompt" in (self.data.train.groups or {})

    @property
    def steps(self) -> int:
        return self.epochs * -(-len(self.data.train) // self.batch_size)

    def run(self, size: str, method: str, alpha: float, temperature: float) -> Distillation:
        """Return a run at its start."""
        return Distillation(
            self.teacher,
            self.make(size, self.seed),
            self.data,
            objective(method, alpha, temperature),
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            epochs=self.epochs,
            seed=self.seed,
        )

    def of_teacher(self, split: str) -> Evaluation:
        """Return how well the teacher does on a split; counted once."""
        if split not in self._known:
            examples: Examples = getattr(self.data, split)
            self._known[split] = evaluate(self.teacher.module, examples, step=0, split=split)
        found: Evaluation = self._known[split]
        return found

    def note(self, student: nn.Module) -> str:
        """What is learned from and what is counted, in sentences."""
        data, weights = self.data, [sum(p.numel() for p in m.parameters()) for m in (student, self.teacher.module)]
        sizes = {"validation": len(data.validation), "test": len(data.test), "rows": len(data.train)}
        counts = {**sizes, "student": weights[0], "teacher": weights[1]}
        return t(NOTE, data=data.title, **{name: number(count) for name, count in counts.items()})

    def seconds_a_step(self, size: str) -> float:
        """Return how long a plain step takes here: a few are tried on a copy, once for each size."""
        key = f"{size}/{self.batch_size}/{torch.get_num_threads()}"
        if key not in self._known:
            run = self.run(size, "forward", 0.0, 1.0).twin()
            run.step()
            begun = time.perf_counter()
            for _ in range(TIMED_STEPS):
                run.step()
            self._known[key] = (time.perf_counter() - begun) / TIMED_STEPS
        return float(self._known[key])


@cache
def _setting(name: str) -> Setting:
    offer = OFFERS[name]
    whole = data_sets.load(name)
    data = shrunk(replace(whole, train=whole.train.take(slice(0, offer.rows))))
    teacher = Teacher(models.pretrained(offer.teacher))
    vocabulary = whole.vocabulary

    def make(size: str, seed: int) -> nn.Module:
        chosen = STUDENTS[size]
        more = {"context": data.train.shape[0]} if chosen.maker == "decoder" else {}
        student: nn.Module = getattr(models, chosen.maker)(vocabulary, **chosen.arguments, **more, seed=seed)
        return student

    rest = {"batch_size": offer.batch_size, "learning_rate": offer.learning_rate, "name": name}
    return Setting(data, teacher, make, offer.prompt, offer.epochs, **rest)


def shrunk(data: Splits) -> Splits:
    """Return the data with the first ``VALIDATION`` and ``TEST`` rows of their splits."""
    parts = {"validation": VALIDATION, "test": TEST}
    return replace(data, **{name: getattr(data, name).take(slice(0, most)) for name, most in parts.items()})
