"""One point: a network made small as chosen, with its twin step by step beside it, and then measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
from torch import nn

from ... import compress, models
from ... import data as data_sets
from ...data import Splits
from ...distill import Distillation, HardLabels, hinton
from ...distill.schemes import fake_quantized, trainable_copy
from ...distill.teacher import Teacher
from ...measure import paired_errors
from ...measure.cost import in_turns
from ...models import inference
from .choices import CompressChoices, student_of

PARTS = ("validation", "test")  # on which errors are counted; the page shows those of the test when it is opened
LABELS = 4000
BATCH = 128
ALPHA, TEMPERATURE = 0.9, 4.0
STUDENT_EPOCHS, STUDENT_RATE = 20, 5e-3  # of a fresh student; rates by benchmarks/compress_choose.py
RATE = 1e-3  # of what has learned before
INPUT_BITS = 8  # of a rounded layer's inputs
RANGED_ON = 1000  # examples from which ranges are taken where nothing is learned after the rounding
TIMED_S = 0.4  # that timing a point beside its teacher should take


@dataclass(frozen=True)
class Ground:
    """A teacher with its data, and what is measured of it once."""

    name: str
    teacher: Teacher
    data: Splits
    size: compress.Stored

    @classmethod
    def of(cls, name: str) -> Ground:
        model = models.pretrained(name)
        data = data_sets.load(models.card(name).data).with_labels(LABELS)
        return cls(name, Teacher(model), data, compress.stored(model))

    def wrong(self, part: str) -> torch.Tensor:
        """Return which examples of a part of the data the teacher gets wrong; asked once."""
        return _teacher_wrong(self.name, part)


@cache
def ground(name: str) -> Ground:
    """Return a teacher's ground; made once in a process."""
    return Ground.of(name)


@cache
def _teacher_wrong(name: str, part: str) -> torch.Tensor:
    base = ground(name)
    return wrong_of(base.teacher.module, base.data, part)


def wrong_of(model: nn.Module, data: Splits, part: str) -> torch.Tensor:
    """Return which examples of a part of the data a model gets wrong."""
    examples = getattr(data, part)
    return inference.logits(model, examples).argmax(1) != examples.y


@dataclass
class Trial:
    """What is done for one point.

    Parameters
    ----------
    choices : CompressChoices
    stopped : callable
        Whether the reader wants it to stop; asked before each step.
    hear : callable
        Called after steps with how many are done and how many there are in all.

    Attributes
    ----------
    done, planned : int
        Steps of the student; the twin takes as many.
    """

    choices: CompressChoices
    stopped: Callable[[], bool] = lambda: False
    hear: Callable[[int, int], None] = lambda done, planned: None
    done: int = 0
    planned: int = field(init=False)

    def __post_init__(self) -> None:
        self.planned = planned_steps(self.choices)

    def made(self) -> list[nn.Module]:
        """Return the small network, and its twin where anything is learned, in eval mode."""
        choices, base = self.choices, ground(self.choices.teacher)
        count = 2 if choices.trains else 1
        if choices.student:
            both = [student_of(choices) for _ in range(count)]
            self._learn(both, STUDENT_EPOCHS, STUDENT_RATE)
        else:
            both = [base.teacher.module] * count
        both = [small(model, choices) for model in both]
        if choices.teaching:
            self._learn(both, choices.teaching, RATE)
        return [finished(model, choices, base.data).eval() for model in both]

    def _learn(self, both: list[nn.Module], epochs: int, rate: float) -> None:
        """Train the student and its twin in turns, step by step, so that a stop leaves both with the same budget."""
        base = ground(self.choices.teacher)
        more: dict[str, Any] = {"epochs": epochs, "learning_rate": rate, "batch_size": BATCH, "snapshot_every": 10**6}
        taught = Distillation(
            base.teacher, both[0], base.data, hinton(ALPHA, TEMPERATURE), allow_weaker_teacher=True, **more
        )
        runs = [taught, Distillation(None, both[1], base.data, HardLabels(), **more)]
        while taught.steps_done < taught.total_steps and not self.stopped():
            for run in runs:
                run.step()
            self.done += 1
            self.hear(self.done, self.planned)
        for run in runs:
            run.finish()

    def measured(self, both: list[nn.Module]) -> dict[str, Any]:
        """Return the numbers of a point, ready to be written as JSON."""
        choices, base = self.choices, ground(self.choices.teacher)
        size = compress.stored(both[0])
        return {
            "settings": choices.to_dict(),
            "bytes": size.bytes,
            "gzipped": size.gzipped,
            **time_ratio(both[0], base),
            "steps": self.done,
            "planned": self.planned,
            **{part: counted(both, base, part) for part in PARTS},
        }

    def run(self) -> dict[str, Any]:
        """Make the point and measure it."""
        return self.measured(self.made())


def counted(both: list[nn.Module], base: Ground, part: str) -> dict[str, Any]:
    """Return the errors of a small network, of its twin and of their teacher on a part of the data."""
    own, *twin = [wrong_of(model, base.data, part) for model in both]
    theirs = base.wrong(part)
    beside = _difference(own, theirs)
    found = {"errors": int(own.sum()), "examples": len(own), "teacher_errors": int(theirs.sum())}
    found |= {f"{name}_of_teacher": beside[name] for name in ("low", "high")}
    for wrong in twin:
        found |= {"twin_errors": int(wrong.sum()), **_difference(own, wrong)}
    return found


def _difference(own: torch.Tensor, other: torch.Tensor) -> dict[str, Any]:
    found = paired_errors(own.numpy(), other.numpy())
    return {"low": float(found.low), "high": float(found.high), "verdict": found.verdict}


def planned_steps(choices: CompressChoices) -> int:
    """Return how many steps the student of these choices takes."""
    each = -(-LABELS // BATCH)
    return each * ((STUDENT_EPOCHS if choices.student else 0) + choices.teaching)


def small(model: nn.Module, choices: CompressChoices) -> nn.Module:
    """Return a network with all that is done to it before it is taught, in the page's order."""
    made = trainable_copy(model).requires_grad_(True)
    if choices.units:
        made = compress.without_units(made, choices.units)
    if choices.rank:
        made = compress.low_rank(made, choices.rank)
    if choices.weights:
        made = compress.pruned(made, choices.weights, across="layer")
    if choices.integers == "rounded":
        made = fake_quantized(made, choices.bits, activation_bits=INPUT_BITS)
    return made


def finished(model: nn.Module, choices: CompressChoices, data: Splits) -> nn.Module:
    """Return a network with what is done to it after it was taught."""
    if choices.integers in ("dynamic", "static"):
        return compress.int8(model, data.train, kind=choices.integers)  # type: ignore[arg-type]
    if choices.integers == "rounded" and not choices.teaching:
        return compress.ranged(model, data.train.inputs(slice(0, RANGED_ON)))
    return model


def time_ratio(model: nn.Module, base: Ground) -> dict[str, float]:
    """Return the time of an answer to one example: in ms, and as a share of the teacher's, measured in turns."""
    both = {"small": model, "teacher": base.teacher.module}
    measured = in_turns(both, base.data.test.inputs(slice(0, 1)), seconds=TIMED_S)
    found = measured.ratio("small")
    milliseconds = 1000 * measured.latency["small"].median
    return {"ms": milliseconds, "ratio": found.value, "ratio_low": found.low, "ratio_high": found.high}
