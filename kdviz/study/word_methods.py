"""Ways to distil text, as an experiment: the same student, judged by one teacher, or taught by what it writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from torch import nn

from .. import models
from ..distill import (
    Distillation,
    HardLabels,
    JensenShannon,
    Objective,
    OnPolicy,
    Recipe,
    ReverseKL,
    SoftTargets,
    Teacher,
    Term,
)
from ..distill.per_sequence import per_sequence
from ..distill.schemes import sequence_level, trainable_copy
from .programs import TWIN, Found, beside, program, trained

SECOND = 1000  # added to the seed: other batches than those of the first epochs


@program
def word_methods(
    base: Recipe, train: int = 800, test: int = 400, first: int = 4, prompt: int = 16, beta: float = 0.5
) -> Iterator[Found]:
    """As many updates for each way, from a student that has learned the labels for a while, as the papers have it."""
    assert base.student is not None and base.teacher is not None, "the base names its student and its teacher"
    whole, teacher = base.load_data(), Teacher(models.pretrained(base.teacher))
    few = whole.test.take(slice(0, test))
    data = replace(whole, train=whole.train.take(slice(0, train)), test=few, draw=None)
    begun = models.build(base.student, seed=base.seed)
    trained(Distillation(None, begun, data, HardLabels(), **{**base.numbers(), "epochs": first}))

    def wrong(name: str, model: nn.Module, role: Any = "student") -> Found:
        sums = per_sequence(model, few)
        weights = sum(p.numel() for p in model.parameters())
        return Found(name, int((sums.tokens - sums.hits).sum()), int(sums.tokens.sum()), role, weights)

    own = wrong(f"teacher, {base.teacher}", teacher.module, "teacher")
    yield own
    yield wrong(f"the student after {first} epochs of labels", begun, "model")
    settings = {**base.numbers(), "seed": base.seed + SECOND}

    def goes_on(teacher: Teacher | None, objective: Objective | Term) -> Distillation:
        return Distillation(teacher, trainable_copy(begun), data, objective, **settings)

    yield (twin := wrong(TWIN, trained(goes_on(None, HardLabels())), "twin"))

    def found(name: str, run: Distillation) -> Found:
        return beside(replace(wrong(name, trained(run)), teacher=own.errors), twin)

    given = f"{train:,} given texts judged"
    yield found(f"forward KL, {given}", goes_on(teacher, SoftTargets(1.0)))
    yield found(f"reverse KL, {given}", goes_on(teacher, ReverseKL(1.0)))
    yield found(f"Jensen–Shannon, {given}", goes_on(teacher, JensenShannon(1.0, beta)))
    written = sequence_level(teacher, trainable_copy(begun), data, greedy=False, prompt=prompt, **settings)
    yield found(f"sequence level, {train:,} texts written", written)
    judged = f"{base.epochs * train:,} own texts judged"
    for name, divergence in (("forward KL", "forward"), ("Jensen–Shannon", "jensen_shannon")):
        on_own = 1.0 * OnPolicy(own=1.0, beta=beta, divergence=divergence, prompt=prompt)
        yield found(f"{name} on-policy, {judged}", goes_on(teacher, on_own))
