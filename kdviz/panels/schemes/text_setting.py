"""What schemes of text are tried on: tasks, running text, lines with hidden words, or lines that are of some kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from torch import nn

from ... import data as data_sets
from ... import models
from ...data import Examples, Splits, Vocabulary
from ...distill import Distillation, Schedule, Teacher, hinton
from ...distill.schedules import Cosine
from ...models.architecture import Network
from ...words import mark, number, t
from .counts import ANSWERS, BITS, ERRORS, HIDDEN_WORDS, Count
from .setting import Setting

ALPHA = 0.9
PROMPT = 8  # tokens of running text that are given where a model writes on
NOTES = {  # by what the examples are
    "tasks": mark(
        "{data}: {rows} tasks to learn from. An answer is an error unless each of its tokens is the first choice; "
        "{validation} validation tasks are counted along the way, and {test} test tasks at the end. The student has "
        "{student} weights, the teacher {teacher}."
    ),
    "text": mark(
        "{data}: {rows} rows to learn from. Counted are bits a token, the mean of −log₂ of the probability that each "
        "token had: on {validation} validation rows along the way, and on {test} test rows at the end. The student has "
        "{student} weights, the teacher {teacher}."
    ),
    "masked": mark(
        "{data}: {rows} lines to learn from, whose hidden words are to be found. Those not found are counted on "
        "{validation} validation lines along the way, and on {test} test lines at the end. The student has {student} "
        "weights, the teacher {teacher}."
    ),
    "kinds": mark(
        "{data}: {rows} lines to learn from, each of one of {classes} kinds. Errors are counted on {validation} "
        "validation lines along the way, and on {test} test lines at the end. The student has {student} weights, the "
        "teacher {teacher}."
    ),
}


def least_prompt(end: int | None) -> int:
    """Return how many tokens are given at least where a model writes on; where rows are tasks, their labels tell.

    >>> least_prompt(None), least_prompt(2)
    (8, 1)
    """
    return PROMPT if end is None else 1


@dataclass(frozen=True, eq=False)
class TextSetting(Setting):
    """A teacher of text, data, a student and a budget.

    Attributes
    ----------
    make : callable
        Returns a fresh student, given the seed of its weights.
    temperature : float
        T of offline distillation.
    holds : str
        "tasks" (a prompt and its answer in each row), "text" (that runs on), "masked" (hidden words) or "kinds" (a
        class for each line).
    general : (Teacher, Splits) or None
        A teacher that knows words, and lines with hidden ones, as many as there are of the kinds.
    """

    make: Callable[[int], nn.Module] | None = None
    temperature: float = 1.0
    general: tuple[Teacher, Splits] | None = None

    def student(self, offset: int = 0, hidden: tuple[int, ...] | None = None) -> Network:
        assert self.make is not None, "a setting of text has its student"
        student: Network = self.make(self.seed + offset)  # type: ignore[assignment]
        return student

    def offline(self, steps: int) -> Distillation:
        return self.run(hinton(ALPHA, self.temperature), steps)

    @property
    def end(self) -> int | None:
        """The token that ends an answer; None in running text."""
        vocabulary = self.data.vocabulary
        return vocabulary.end if self.holds == "tasks" and vocabulary is not None else None

    @property
    def prompt(self) -> int:
        """The least length of a prompt."""
        return least_prompt(self.end)

    @property
    def note(self) -> str:
        data, weights = self.data, [_weights(model) for model in (self.student(), self.teacher.module)]
        sizes = {"rows": len(data.train), "validation": len(data.validation), "test": len(data.test)}
        counts = {**sizes, "student": weights[0], "teacher": weights[1], "classes": len(data.classes)}
        return t(NOTES[self.holds], data=data.title, **{name: number(count) for name, count in counts.items()})

    @property
    def _kind(self) -> tuple[Any, ...]:
        return self.data.name, _weights(self.student())


def _weights(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@dataclass(frozen=True)
class Offer:
    """Data that schemes of text run on, with teacher, student and budget.

    Attributes
    ----------
    data, teacher : str
        Names of shipped ones.
    holds : str
    count : Count
    rows, validation, test : int
        Examples of each split, at most, as far apart as can be.
    student : callable
        Returns a fresh student, of the data and a seed.
    """

    data: str
    teacher: str
    holds: str
    count: Count
    rows: int
    validation: int
    test: int
    epochs: int
    student: Callable[[Splits, int], nn.Module]
    batch_size: int = 32
    learning_rate: Schedule | float = Cosine(1e-2)  # noqa: RUF009 (frozen)
    temperature: float = 1.0


def _vocabulary(data: Splits) -> Vocabulary:
    assert data.vocabulary is not None, "text has a vocabulary"
    return data.vocabulary


def _gru(data: Splits, seed: int) -> nn.Module:
    return models.gru(_vocabulary(data), width=64, seed=seed)


def _decoder(data: Splits, seed: int) -> nn.Module:
    return models.decoder(_vocabulary(data), data.train.shape[0], width=32, blocks=2, heads=4, seed=seed)


def _encoder(data: Splits, seed: int) -> nn.Module:
    return models.encoder(_vocabulary(data), width=64, blocks=2, heads=4, seed=seed)


def _thin_encoder(data: Splits, seed: int) -> nn.Module:
    return models.encoder(_vocabulary(data), width=32, blocks=2, heads=4, classes=len(data.classes), seed=seed)


OFFERS = {
    "tasks": Offer("spelling", "spelling-decoder", "tasks", ANSWERS, 2400, 150, 500, 4, _decoder),
    "text": Offer("moby-dick", "moby-dick-decoder", "text", BITS, 400, 100, 400, 12, _gru),
    "masked": Offer(
        "definitions-masked", "definitions-encoder-masked", "masked", HIDDEN_WORDS, 2000, 160, 760, 2, _encoder,
        learning_rate=Cosine(3e-3), temperature=2.0,
    ),
    "kinds": Offer(
        "definitions", "definitions-encoder", "kinds", ERRORS, 800, 360, 1520, 12, _thin_encoder,
        learning_rate=Cosine(3e-3), temperature=2.0,
    ),
}  # fmt: skip


def of_text(
    holds: str, *, epochs: int | None = None, seed: int = 0, rows: int | None = None, **other: Any
) -> TextSetting:
    """Return the page's setting for schemes of text, by what its examples are; other rows for as many steps."""
    made = replace(_setting(holds, rows), seed=seed, **other)
    return made if epochs is None else replace(made, epochs=epochs)


@cache
def _setting(holds: str, rows: int | None) -> TextSetting:
    offer = OFFERS[holds]
    if rows is not None:
        offer = replace(offer, rows=rows, epochs=max(1, round(offer.epochs * offer.rows / rows)))
    whole = data_sets.load(offer.data)
    parts: dict[str, int] = {"train": offer.rows, "validation": offer.validation, "test": offer.test}
    some: dict[str, Any] = {part: _some(getattr(whole, part), most) for part, most in parts.items()}
    data = replace(whole, draw=None, **some)
    if holds == "masked":
        data = replace(data, everywhere=True)  # the teacher speaks of every word, hidden or not
    return TextSetting(
        data,
        Teacher(models.pretrained(offer.teacher)),
        hidden=(),
        epochs=offer.epochs,
        batch_size=offer.batch_size,
        learning_rate=offer.learning_rate,
        count=offer.count,
        holds=holds,
        make=lambda seed: offer.student(data, seed),
        temperature=offer.temperature,
        general=(_setting("masked", None).teacher, _masked(len(data.train))) if holds == "kinds" else None,
    )


def _masked(rows: int) -> Splits:
    whole = data_sets.load(OFFERS["masked"].data)
    return replace(whole, draw=None, train=_some(whole.train, rows))


def _some(part: Examples, most: int) -> Examples:
    return part.take(slice(0, len(part), max(1, len(part) // most))).take(slice(0, most))
