"""What of DistilBERT helps? A program: an encoder of half the blocks, with each part of the recipe left out in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from .. import data as data_sets
from .. import models
from ..data import Examples, Splits
from ..distill import Distillation, HardLabels, Recipe, hinton, schemes
from ..distill.evaluate import evaluate
from .programs import TWIN, Bench, Found, beside, program, trained

WORDS = "{}: one hidden word a line"
TRIPLE = "inherited, triple loss"


@program
def distilbert_small(
    base: Recipe,
    masked: str = "definitions-masked",
    lines: int = 0,
    tuning_epochs: int = 15,
    tuning_rate: float = 1e-3,
    tuning_batch: int = 32,
    test: int = 0,
) -> Iterator[Found]:
    """Each student twice: on one hidden word of each test line, and on the kinds after fine-tuning on the same labels.

    ``lines``: how many lines the students learn hidden words from, ``test``: on how many they are measured; 0 for all.
    """
    bench = Bench.of(base)
    teacher, text = bench.teacher, data_sets.load(masked)
    assert teacher is not None, "the base names a teacher, a masked language model"
    text = replace(text, train=text.train.take(slice(0, lines))) if lines else text
    part = slice(0, test or None)
    words, kinds, classes = one_word_a_line(text.test.take(part)), bench.data.test.take(part), len(bench.data.classes)
    tuning: dict[str, Any] = bench.settings(
        epochs=tuning_epochs, learning_rate=tuning_rate, batch_size=tuning_batch, allow_weaker_teacher=True
    )

    def start(kind: nn.Module) -> nn.Module:
        """Return a model with the same body and a fresh head for the kinds."""
        architecture: Any = kind.architecture
        return models.inherit(models.build({**architecture, "classes": classes}, seed=base.seed), kind)

    def tuned(kind: nn.Module, teacher: nn.Module | None = None) -> nn.Module:
        objective = hinton(0.5, 2.0) if teacher else HardLabels()
        return trained(Distillation(teacher, start(kind), bench.data, objective, **tuning))

    def both(name: str, kind: nn.Module, role: Any = "student", other: str = "") -> Iterator[Found]:
        on_kinds = bench.found(name, tuned(kind), role, test=kinds)
        hidden = evaluate(kind, words, step=0, split="test")
        on_words = replace(on_kinds, name=WORDS.format(name), role="model", errors=hidden.errors, weights=0)
        for found in (on_kinds, on_words):
            named = WORDS.format(other) if found is on_words else other
            known[found.name] = beside(found, known[named]) if other else found
            yield known[found.name]

    def learned(**how: Any) -> nn.Module:
        return trained(schemes.distilbert(teacher, bench.student(), text, **bench.settings(**how)))

    known: dict[str, Found] = {}
    own = start(teacher)
    master = trained(Distillation(None, own, bench.data, HardLabels(), **tuning))
    yield bench.found("teacher, fine-tuned on the same labels", master, "teacher", test=kinds)
    hidden = evaluate(teacher, words, step=0, split="test")
    yield Found(WORDS.format("teacher"), hidden.errors, hidden.examples, "teacher")
    alone = trained(Distillation(None, bench.student(), text, HardLabels(), **bench.settings()))
    yield from both(TWIN, alone, "twin")
    yield from both("inherited, not taught", models.inherit(bench.student(), teacher), other=TWIN)
    heir = models.inherit(bench.student(), teacher)
    yield from both(
        "inherited, hidden words alone", trained(Distillation(None, heir, text, HardLabels(), **bench.settings())),
        other=TWIN,
    )  # fmt: skip
    yield from both("fresh start, triple loss", learned(inherited=False), other=TWIN)
    triple = learned()
    yield from both(TRIPLE, triple, other=TWIN)
    yield from both("without soft targets", learned(soft=0.0), other=TRIPLE)
    yield from both("without hidden words", learned(labels=0.0), other=TRIPLE)
    yield from both("without cosine", learned(cosine=0.0), other=TRIPLE)
    again = {
        "triple loss, fine-tuned by the teacher": tuned(triple, master),
        "TinyBERT's stages": _tiny(bench, teacher, master, text, tuning),
    }
    for name, model in again.items():
        yield beside(bench.found(name, model, test=kinds), known[TRIPLE])


def _tiny(bench: Bench, teacher: nn.Module, master: nn.Module, text: Splits, tuning: dict[str, Any]) -> nn.Module:
    """Train by TinyBERT's stages in as many steps: the task's are halved between layers and answers."""
    kinds = models.build({**bench.student().architecture, "classes": len(bench.data.classes)}, seed=bench.recipe.seed)  # type: ignore[dict-item]
    half = {**tuning, "epochs": max(1, tuning["epochs"] // 2)}
    objective = schemes.layer_losses(bench.student(), teacher, text.train.inputs(slice(0, 2)))
    general = trained(Distillation(teacher, bench.student(), text, objective, **bench.settings()))
    runs = schemes.tinybert(master, models.inherit(kinds, general), bench.data, **half)
    return [trained(run) for run in runs][-1]


def one_word_a_line(examples: Examples) -> Examples:
    """Return masked lines of which the first hidden word alone has a label: as many words as lines."""
    first = (examples.y >= 0).int().cumsum(1).eq(1) & (examples.y >= 0)
    return Examples(examples.x, torch.where(first, examples.y, -1), examples.groups)
