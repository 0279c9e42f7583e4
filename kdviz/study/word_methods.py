"""Ways to distil text, as an experiment: sums that a student learns to write, judged or written by one teacher."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from torch import nn

from .. import data as data_sets
from .. import models
from ..data import Splits
from ..distill import Distillation, HardLabels, JensenShannon, Objective, OnPolicy, Recipe, ReverseKL, SoftTargets, Term
from ..distill.per_sequence import per_sequence
from ..distill.schemes import sequence_level
from .programs import TWIN, Found, beside, program, trained

TEACHER = {"name": "decoder", "width": 64, "blocks": 2, "heads": 4}
TEST = 1000


@program
def word_methods(
    base: Recipe,
    train: int = 1000,
    taught: int = 3000,
    teacher_epochs: int = 20,
    beta: float = 0.5,
    writes: int = 1,
) -> Iterator[Found]:
    """As many updates for each way; what differs is whose text it is, and what the teacher says of it."""
    whole, teacher = _teacher(taught, teacher_epochs)
    data = replace(whole, train=whole.train.take(slice(0, train)), draw=None)
    end = whole.vocabulary.end if whole.vocabulary is not None else None
    steps = base.epochs * -(-train // base.batch_size)

    def wrong(name: str, model: nn.Module, role: str = "student") -> Found:
        sums = per_sequence(model, data.test)
        errors = int((sums.hits < sums.tokens).sum())
        weights = sum(p.numel() for p in model.parameters())
        return Found(name, errors, len(data.test), role, weights)  # type: ignore[arg-type]

    def student() -> nn.Module:
        assert base.student is not None, "the base names its student"
        return models.build(base.student, seed=base.seed)

    own = wrong("teacher", teacher, "teacher")
    yield own
    yield (twin := wrong(TWIN, trained(Distillation(None, student(), data, HardLabels(), **base.numbers())), "twin"))

    def found(name: str, run: Distillation) -> Found:
        return beside(replace(wrong(name, trained(run)), teacher=own.errors), twin)

    def judged(objective: Objective | Term) -> Distillation:
        return Distillation(teacher, student(), data, objective, **base.numbers())

    once = f"{train:,} given texts judged"
    yield found(f"forward KL, {once}", judged(SoftTargets(1.0)))
    yield found(f"reverse KL, {once}", judged(ReverseKL(1.0)))
    yield found(f"Jensen–Shannon, {once}", judged(JensenShannon(1.0, beta)))
    written = sequence_level(teacher, student(), data, end=end, **base.numbers())
    yield found(f"sequence level, {train:,} texts written", written)
    of_each = f"{steps * base.batch_size // writes:,} own texts judged"
    on_own = 1.0 * OnPolicy(own=1.0, divergence="forward", end=end, every=writes)
    yield found(f"forward KL on-policy, {of_each}", judged(on_own))


@lru_cache(maxsize=1)
def _teacher(count: int, epochs: int) -> tuple[Splits, nn.Module]:
    """Return additions of two digits, and a teacher that has learned ``count`` of them; the same for all seeds."""
    data = data_sets.additions(digits=2, train=count, validation=200, test=TEST)
    assert data.vocabulary is not None, "text has a vocabulary"
    shape = {"vocabulary": len(data.vocabulary), "context": data.train.shape[0], **TEACHER}
    run = Distillation(
        None, models.build(shape, seed=0), data, HardLabels(), epochs=epochs, batch_size=64, learning_rate=3e-3, seed=0
    )
    return data, trained(run)
