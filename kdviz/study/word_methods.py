"""Ways to distil text, as experiments: whose text it is, what the teacher says of it, and steps beside answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from .. import data as data_sets
from .. import models
from ..data import Splits
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
from ..distill.own_text import writer, written
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


@program
def rationales(base: Recipe, answers: str = "additions-decoder", train: int = 4000, test: int = 300) -> Iterator[Found]:
    """Sums with and without the steps that lead to them: what counts is the answer that a student writes in the end."""
    assert base.student is not None and base.teacher is not None, "the base names its student and its teacher"
    kinds = {"steps": (base.data, base.teacher), "answers": (base.data.removesuffix("-steps"), answers)}
    parts = {}
    for kind, (name, teacher) in kinds.items():
        whole = data_sets.load(name)
        few = replace(whole, train=whole.train.take(slice(0, train)), test=whole.test.take(slice(0, test)), draw=None)
        parts[kind] = (few, Teacher(models.pretrained(teacher)))

    def found(name: str, model: nn.Module, kind: str, role: Any = "student") -> Found:
        weights = sum(p.numel() for p in model.parameters())
        return Found(name, wrong_answers(model, parts[kind][0]), test, role, weights)

    def learned(kind: str, objective: Objective | Term, by: Teacher | None = None) -> nn.Module:
        student = models.build(base.student or {}, seed=base.seed)
        return trained(Distillation(by, student, parts[kind][0], objective, **base.numbers()))

    own = {kind: found(f"teacher, {kinds[kind][1]}", parts[kind][1].module, kind, "teacher") for kind in kinds}
    yield from own.values()
    yield (twin := found(TWIN, learned("answers", HardLabels()), "answers", "twin"))

    def against(name: str, kind: str, objective: Objective | Term, by: Teacher | None = None) -> Found:
        made = found(name, learned(kind, objective, by), kind)
        return beside(made if by is None else replace(made, teacher=own[kind].errors), twin)

    yield against("answers, forward KL", "answers", SoftTargets(1.0), parts["answers"][1])
    yield against("steps and answers, labels alone", "steps", HardLabels())
    yield against("steps and answers, forward KL", "steps", SoftTargets(1.0), parts["steps"][1])


def wrong_answers(model: nn.Module, data: Splits) -> int:
    """Return to how many test prompts a model writes another last answer than the given one, by its first choices."""
    vocabulary = data.vocabulary
    assert vocabulary is not None, "text has a vocabulary"
    test = data.test
    text = written(writer(model, 0, greedy=True, end=vocabulary.end), test.inputs(), test.y, end=vocabulary.end)

    def last(row: Tensor) -> str:
        return str(vocabulary.decode(row[row >= 0].tolist())).rpartition(":")[2]

    return sum(last(ours) != last(theirs) for ours, theirs in zip(text.y, test.y, strict=True))
