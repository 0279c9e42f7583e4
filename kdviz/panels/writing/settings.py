"""What the Words page is tried on: data with a teacher, sizes of students, and a budget for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import torch
from torch import nn

from ... import data as data_sets
from ... import models
from ...data import Examples, Splits, Vocabulary
from ...distill import Distillation, HardLabels, Schedule, Teacher, schemes
from ...distill.runner import KeepGoing
from ...distill.schedules import Cosine, WarmupCosine
from ...measure import sequences
from ...measure.latency import shortest
from ...measure.sequences import Sequences
from ...words import mark, number, t
from ..schemes.text_setting import least_prompt
from .measured import mean_bits, surprises
from .methods import METHODS, objective
from .texts import Passage

VALIDATION, TEST = 150, 500  # rows of each split that are looked at, at most
FALLING = Cosine(1e-2)  # down to 0, so that the last step is no accident of a large one
TIMED_ROWS = 32
WATCHED = 1.4  # a step of the page takes so many times a plain one: evaluations, what is written, the page itself
WRITING = 3.0  # a row takes so many times as long to be written as to be read
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
    "gru-64": Size(mark("GRU, 64 units"), "gru", {"width": 64}),
    "gru-96": Size(mark("GRU, 96 units"), "gru", {"width": 96}),
    "gru-32": Size(mark("GRU, 32 units"), "gru", {"width": 32}),
    "decoder-32": Size(mark("Transformer, 2 blocks of 32"), "decoder", {"width": 32, "blocks": 2, "heads": 2}),
    "decoder-64": Size(mark("Transformer, 2 blocks of 64"), "decoder", {"width": 64, "blocks": 2, "heads": 4}),
}


@dataclass(frozen=True)
class Offer:
    """Data that are offered, with the teacher, the student and the budget that suit them.

    What was chosen on validation data, all with forward KL, one seed and ``python benchmarks/words_choose.py``: of
    spelling α and T (by bits a token), of additions and additions-steps the learning rate. Moby-Dick has an earlier
    choice on validation text, with 16 epochs in place of 20 for time. Other methods have the same, but for the epochs.

    Attributes
    ----------
    teacher, student : str
    rows : int
        To learn from.
    epochs, batch_size, learning_rate
        As in :class:`kdviz.Distillation`.
    prompt : str
    alpha, temperature : float
        Of all methods that have no other.
    methods : mapping of str to mapping
        What differs by method, of alpha, temperature, epochs and cost (:class:`kdviz.panels.writing.methods.Method`):
        writing takes time, so that such a method has fewer epochs.
    """

    teacher: str
    rows: int
    epochs: int
    prompt: str
    student: str = "gru-64"
    batch_size: int = 32
    learning_rate: Schedule | float = FALLING
    alpha: float = 0.9
    temperature: float = 1.0
    methods: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


OFFERS = {
    "moby-dick": Offer(
        "moby-dick-decoder",
        rows=800,
        epochs=16,
        prompt="The whale ",
        methods={"on_policy": {"epochs": 8, "cost": 4.9}, "minillm": {"epochs": 6, "cost": 5.9}},
    ),
    "spelling": Offer(
        "spelling-decoder",
        rows=1000,
        epochs=28,
        prompt="whale=",
        student="decoder-32",
        learning_rate=WarmupCosine(1e-2, 0.1),
        methods={"on_policy": {"epochs": 16, "cost": 3.3}, "minillm": {"epochs": 12, "cost": 4.9}},
    ),
    "additions": Offer(
        "additions-decoder",
        rows=4000,
        epochs=13,
        prompt="127+385=",
        student="decoder-32",
        learning_rate=WarmupCosine(2.5e-3, 0.1),
        methods={"on_policy": {"epochs": 11, "cost": 2.2}, "minillm": {"epochs": 10, "cost": 2.6}},
    ),
    "additions-steps": Offer(
        "additions-steps-decoder",
        rows=2000,
        epochs=12,
        prompt="127+385=",
        student="decoder-32",
        learning_rate=WarmupCosine(1e-2, 0.1),
        methods={"on_policy": {"epochs": 8, "cost": 2.4}, "minillm": {"epochs": 7, "cost": 2.9}},
    ),
}
OWN = "own"  # the data of a page with a setting of one's own


def usual_of(data: str, method: str) -> dict[str, Any]:
    """Return the student, alpha, T and epochs that suit data and a method; epochs None for a setting of one's own.

    >>> usual_of("own", "forward")
    {'student': 'own', 'alpha': 0.9, 'temperature': 1.0, 'epochs': None}
    """
    if data == OWN:
        return {"student": OWN, "alpha": Offer.alpha, "temperature": Offer.temperature, "epochs": None}
    offer = OFFERS[data]
    whole = {name: getattr(offer, name) for name in ("student", "alpha", "temperature", "epochs")}
    return {**whole, **offer.methods.get(method, {})}


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
    passage : Passage, optional
        What is read with a cursor; default the beginning of the validation text.
    costs : mapping of str to float
        How many times as long as a plain step one of a method takes, where that is not the method's own ``cost``.
    """

    data: Splits
    teacher: Teacher
    make: Callable[[str, int], nn.Module]
    prompt: str
    epochs: int
    batch_size: int = 32
    learning_rate: Schedule | float = FALLING
    seed: int = 0
    passage: Passage | None = None
    costs: Mapping[str, float] = field(default_factory=dict)
    _known: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, method: str = "forward", *, epochs: int | None = None, seed: int = 0) -> Setting:
        """Return a setting of the page by the names of its data and of the method, whose epochs it has by default."""
        usual = int(usual_of(name, method)["epochs"])
        return replace(_setting(name), seed=seed, epochs=usual if epochs is None else epochs)

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
    def end(self) -> int | None:
        """The token that ends an answer; None in running text."""
        return self.vocabulary.end if self.is_task else None

    @property
    def steps(self) -> int:
        return self.epochs * -(-len(self.data.train) // self.batch_size)

    def numbers(self) -> dict[str, Any]:
        """Return arguments of :class:`kdviz.Distillation`."""
        numbers = {"learning_rate": self.learning_rate, "batch_size": self.batch_size}
        return {**numbers, "epochs": self.epochs, "seed": self.seed}

    def writing(self) -> dict[str, Any]:
        """Return how the teacher writes text to learn from: arguments of :func:`kdviz.schemes.as_written`."""
        return {"greedy": self.is_task, "prompt": least_prompt(self.end), "end": self.end}

    def run(
        self, size: str, method: str, alpha: float, temperature: float, progress: KeepGoing | None = None
    ) -> Distillation:
        """Return a run at its start; the teacher's text is written first where it is learned from."""
        taught = objective(method, alpha, temperature, self.end)
        data = self.learned(method, progress)
        return Distillation(self.teacher, self.make(size, self.seed), data, taught, **self.numbers())

    def learned(self, method: str, progress: KeepGoing | None = None) -> Splits:
        """Return what is learned from: the data, or the text that the teacher wrote from their beginnings."""
        if not METHODS[method].of_teacher:
            return self.data
        if "written" not in self._known:
            self._known["written"] = schemes.as_written(self.teacher, self.data, **self.writing(), progress=progress)
        written: Splits = self._known["written"]
        return written

    def twin(self, size: str) -> Distillation:
        """Return the twin: the same student, start and batches, on the given text without a teacher."""
        return Distillation(None, self.make(size, self.seed), self.data, HardLabels(), **self.numbers())

    def of_teacher(self, split: str) -> Sequences:
        """Return how well the teacher does on a split; counted once."""
        if split not in self._known:
            self._known[split] = sequences(self.teacher.module, getattr(self.data, split))
        found: Sequences = self._known[split]
        return found

    def bits_of_teacher(self, split: str) -> float:
        """Return the teacher's bits a token on a split; counted once."""
        key = f"bits/{split}"
        if key not in self._known:
            self._known[key] = mean_bits(self.teacher.module, getattr(self.data, split))
        found: float = self._known[key]
        return found

    def note(self, student: nn.Module) -> str:
        """What is learned from and what is counted, in sentences."""
        data, weights = self.data, [sum(p.numel() for p in m.parameters()) for m in (student, self.teacher.module)]
        sizes = {"validation": len(data.validation), "test": len(data.test), "rows": len(data.train)}
        counts = {**sizes, "student": weights[0], "teacher": weights[1]}
        return t(NOTE, data=data.title, **{name: number(count) for name, count in counts.items()})

    def seconds(self, size: str, method: str) -> float:
        """Return how long a run takes here, roughly: a few steps and a few of the teacher's answers are tried."""
        key = f"{size}/{self.batch_size}/{torch.get_num_threads()}"
        few = self.data.validation.take(slice(0, TIMED_ROWS))
        if key not in self._known:
            run = self.twin(size)
            self._known[key] = shortest(run.step), shortest(lambda: surprises(self.teacher.module, few)) / len(few)
        step, answer = self._known[key]
        asked = sum(len(part) for part in (self.data.train, self.data.validation, self.data.test))
        written = WRITING * len(self.data.train) * answer if METHODS[method].of_teacher else 0.0
        taught = self.costs.get(method, METHODS[method].cost)
        return self.steps * step * (1 + taught) * WATCHED + asked * answer + written


@cache
def _setting(name: str) -> Setting:
    return built(name, OFFERS[name])


def built(name: str, offer: Offer) -> Setting:
    """Return data as they are offered, with their teacher."""
    whole = data_sets.load(name)
    data = shrunk(whole.with_labels(offer.rows))
    teacher = Teacher(models.pretrained(offer.teacher))

    def make(size: str, seed: int) -> nn.Module:
        chosen = STUDENTS[size]
        more = {"context": data.train.shape[0]} if chosen.maker == "decoder" else {}
        student: nn.Module = getattr(models, chosen.maker)(whole.vocabulary, **chosen.arguments, **more, seed=seed)
        return student

    rest: dict[str, Any] = {
        "batch_size": offer.batch_size,
        "learning_rate": offer.learning_rate,
        "passage": Passage.of(whole),
        "costs": {method: own["cost"] for method, own in offer.methods.items() if "cost" in own},
    }
    return Setting(data, teacher, make, offer.prompt, offer.epochs, **rest)


def shrunk(data: Splits) -> Splits:
    """Return the data with ``VALIDATION`` and ``TEST`` rows of their splits at most, as far apart as can be."""
    return replace(data, validation=_some(data.validation, VALIDATION), test=_some(data.test, TEST))


def _some(part: Examples, most: int) -> Examples:
    return part.take(slice(0, len(part), max(1, len(part) // most))).take(slice(0, most))
