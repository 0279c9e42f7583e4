"""Ways to distil text, as an experiment: sums that a student learns to write, judged or written by one teacher."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from torch import nn

from .. import data as data_sets
from .. import models
from ..data import Splits
from ..distill import Distillation, HardLabels, JensenShannon, Objective, OnPolicy, Recipe, ReverseKL, SoftTargets, Term
from ..distill.per_sequence import per_sequence
from ..distill.schemes import sequence_level, trainable_copy
from .programs import TWIN, Found, beside, program, trained

TEACHER = {"name": "decoder", "width": 64, "blocks": 2, "heads": 4}
TEST = 1000


@program
def word_methods(
    base: Recipe, train: int = 1000, taught: int = 3000, teacher_epochs: int = 20, first: int = 15, beta: float = 0.5
) -> Iterator[Found]:
    """As many updates for each way, from a student that has learned the labels for a while, as both papers have it."""
    whole, teacher = _teacher(taught, teacher_epochs)
    data = replace(whole, train=whole.train.take(slice(0, train)), draw=None)
    end = whole.vocabulary.end if whole.vocabulary is not None else None
    assert base.student is not None, "the base names its student"
    begun = models.build(base.student, seed=base.seed)
    trained(Distillation(None, begun, data, HardLabels(), **{**base.numbers(), "epochs": first}))

    def wrong(name: str, model: nn.Module, role: Any = "student") -> Found:
        sums = per_sequence(model, data.test)
        weights = sum(p.numel() for p in model.parameters())
        return Found(name, int((sums.hits < sums.tokens).sum()), len(data.test), role, weights)

    own = wrong("teacher", teacher, "teacher")
    yield own
    yield wrong(f"the student after {first} epochs of labels", begun, "model")
    seconds = {**base.numbers(), "seed": base.seed + 1000}  # other batches than those it has seen

    def goes_on(teacher: nn.Module | None, objective: Objective | Term) -> Distillation:
        return Distillation(teacher, trainable_copy(begun), data, objective, **seconds)

    yield (twin := wrong(TWIN, trained(goes_on(None, HardLabels())), "twin"))

    def found(name: str, run: Distillation) -> Found:
        return beside(replace(wrong(name, trained(run)), teacher=own.errors), twin)

    given = f"{train:,} given texts judged"
    yield found(f"forward KL, {given}", goes_on(teacher, SoftTargets(1.0)))
    yield found(f"reverse KL, {given}", goes_on(teacher, ReverseKL(1.0)))
    yield found(f"Jensen–Shannon, {given}", goes_on(teacher, JensenShannon(1.0, beta)))
    written = sequence_level(teacher, trainable_copy(begun), data, end=end, **seconds)
    yield found(f"sequence level, {train:,} texts written", written)
    judged = f"{base.epochs * train:,} own texts judged"
    for name, divergence in (("forward KL", "forward"), ("Jensen–Shannon", "jensen_shannon")):
        on_own = 1.0 * OnPolicy(own=1.0, beta=beta, divergence=divergence, end=end)
        yield found(f"{name} on-policy, {judged}", goes_on(teacher, on_own))


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
