"""What a method is tried on: a teacher, a student, data and a budget that one core ends in about 20 seconds."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

from torch import nn

from ... import data as data_sets
from ... import models
from ...data import Splits
from ...distill import Distillation, Objective, Schedule, Teacher
from ...distill.pairing import LayerPairs, layer_pairs
from ...distill.schedules import Cosine
from ...distill.schemes.ensemble import ensemble
from ...models import inference
from ...models.naming import name_of
from ...models.wrap import as_module
from ...words import mark, number, t, tn
from ..views.probes import one_answer_each

LABELS = 2000
FALLING = Cosine(2e-2)  # down to 0, so that the last step is no accident of a large one
VALIDATION, TEST = 500, 2000  # examples of each split that are looked at, at most
OWN = "own"  # the pair of a page on models of one's own


@dataclass(frozen=True)
class Pair:
    """A shipped teacher and a student for it, with the budget that suits them.

    Attributes
    ----------
    teacher : str
        A name of :func:`kdviz.models.pretrained`.
    student : dict
        An architecture of :func:`kdviz.models.build`.
    title : str
        Data and both models, in a few words.
    epochs, batch_size, learning_rate
        As in :class:`kdviz.Distillation`.
    others : tuple of str
        More teachers, who teach together with the first.
    method : str
        What is turned to where the method chosen before does not fit.
    """

    teacher: str
    student: dict[str, Any]
    title: str
    epochs: int = 8
    batch_size: int = 32
    learning_rate: Schedule | float = FALLING
    others: tuple[str, ...] = ()
    method: str = "hint"


PAIRS: dict[str, Pair] = {
    "mnist-convnet": Pair("mnist-convnet", {"name": "convnet", "width": 4}, mark("MNIST: convnet, 32 → 4 filters")),
    "mnist-mlp-1200": Pair(
        "mnist-mlp-1200",
        {"name": "mlp", "hidden": [64, 64]},
        mark("MNIST: MLP, 2×1200 → 2×64 units"),
        epochs=20,
        learning_rate=Cosine(3e-3),
    ),
    "mnist-vit": Pair(
        "mnist-vit",
        {"name": "vit", "width": 16, "depth": 2, "heads": 4},
        mark("MNIST: transformer, 4 → 2 blocks"),
        epochs=6,
        learning_rate=Cosine(5e-3),
    ),
    "fashion-resnet": Pair("fashion-resnet", {"name": "convnet", "width": 4}, mark("Fashion-MNIST: resnet → convnet")),
    "convnet-to-vit": Pair(
        "mnist-convnet",
        {"name": "vit", "width": 16, "depth": 2, "heads": 4, "distilled": True},
        mark("MNIST: convnet → transformer with a distillation token"),
        epochs=6,
        learning_rate=Cosine(5e-3),
        method="distillation_token",
    ),
    "vit-to-convnet": Pair(
        "mnist-vit", {"name": "convnet", "width": 4}, mark("MNIST: transformer → convnet, 4 filters"), method="cosine"
    ),
    "three-teachers": Pair(
        "mnist-convnet",
        {"name": "convnet", "width": 4},
        mark("MNIST: three teachers (convnet, MLP, transformer) → convnet"),
        others=("mnist-mlp-1200", "mnist-vit"),
        method="multi_teacher",
    ),
}


@cache
def offered() -> dict[str, Pair]:
    """Return the pairs whose data are here."""
    here = set(data_sets.available())
    return {name: pair for name, pair in PAIRS.items() if models.card(pair.teacher).data in here}


@dataclass(frozen=True, eq=False)
class Trial:
    """Two models, data and a budget: the same for every method tried on them.

    Attributes
    ----------
    title : str
    teacher : Teacher
        Its answers are kept from one method to the next.
    student : nn.Module
        With the weights that every run begins with; never trained itself.
    data : Splits
        With ``VALIDATION`` and ``TEST`` examples at most.
    sizes : (int, int)
        How many validation and test examples there are in all.
    epochs, batch_size, learning_rate, seed
        As in :class:`kdviz.Distillation`.
    method : str
        What is turned to where the method chosen before does not fit.
    teachers : tuple of str
        The names of shipped teachers who teach together; empty for one.
    """

    title: str
    teacher: Teacher
    student: nn.Module
    data: Splits
    sizes: tuple[int, int]
    epochs: int
    batch_size: int
    learning_rate: Schedule | float
    seed: int = 0
    method: str = "hint"
    teachers: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, *, epochs: int | None = None, seed: int = 0) -> Trial:
        """Return the trial of an offered pair; ``epochs`` in place of its own."""
        pair = offered().get(name)
        if pair is None:
            raise ValueError(f"pair must be one of {', '.join(offered())}, got {name!r}")
        module: nn.Module = models.pretrained(pair.teacher)
        teachers = (pair.teacher, *pair.others) if pair.others else ()
        if teachers:
            module = ensemble(models.pretrained(one) for one in teachers)
        data = data_sets.load(models.card(pair.teacher).data)
        return cls(
            pair.title,
            Teacher(module),
            models.build(pair.student, seed=seed),
            shrunk(data.with_labels(LABELS)),
            (len(data.validation), len(data.test)),
            pair.epochs if epochs is None else epochs,
            pair.batch_size,
            pair.learning_rate,
            seed,
            pair.method,
            teachers,
        )

    @classmethod
    def own(
        cls, teacher: nn.Module, student: nn.Module, data: Any, *, epochs: int | None = None, seed: int = 0
    ) -> Trial:
        """Return the trial of two models of one's own, on all their training examples."""
        splits = data_sets.splits(data)
        teacher = as_module(teacher, "teacher", classes=splits.classes, features=splits.features)
        student = as_module(student, "student")
        if splits.train.labelled == 0:
            raise ValueError("expected data with labels, which the twin beside each method learns from; got none")
        one_answer_each(inference.logits(teacher, splits.validation.take(slice(0, 1)), who="teacher"))
        names = [name_of(m) for m in (teacher, student)]
        sizes = len(splits.validation), len(splits.test)
        rate = Cosine(3e-3)
        own = copy.deepcopy(student)
        return cls(" → ".join(names), Teacher(teacher), own, shrunk(splits), sizes, epochs or 8, 32, rate, seed)

    @cached_property
    def layer_pairs(self) -> LayerPairs:
        """The layers of the two models that correspond."""
        return layer_pairs(self.student, self.teacher.module, self.data.train.inputs(slice(0, 2)))

    def distillation(self, objective: Objective) -> Distillation:
        """Return a run at its start, from the same weights whatever the objective."""
        return Distillation(
            self.teacher,
            copy.deepcopy(self.student),
            self.data,
            objective,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            epochs=self.epochs,
            seed=self.seed,
        )

    @property
    def note(self) -> str:
        """What is learned from and what is counted, in a sentence."""
        validation, test = (
            _share(len(part), whole)
            for part, whole in zip((self.data.validation, self.data.test), self.sizes, strict=True)
        )
        learned = tn(
            "{data}: {labels} labelled examples, {n} epoch.",
            "{data}: {labels} labelled examples, {n} epochs.",
            self.epochs,
            data=self.data.title,
            labels=number(self.data.train.labelled),
        )
        text = mark("Errors are counted on {validation} validation and {test} test examples.")
        return f"{learned} {t(text, validation=validation, test=test)}"


def shrunk(data: Splits) -> Splits:
    """Return the data with the first ``VALIDATION`` and ``TEST`` examples of their splits."""
    parts = {"validation": VALIDATION, "test": TEST}
    return replace(data, **{name: getattr(data, name).take(slice(0, most)) for name, most in parts.items()})


def _share(count: int, of: int) -> str:
    if count == of:
        return t("all {n}", n=number(count))
    return t("the first {n} of {total}", n=number(count), total=number(of))
