"""What can be chosen in the Lab: data sets that are here, their teachers, students from tiny to large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

from torch import nn

from ... import data as data_sets
from ... import models
from ...data import Splits
from ...data.faults import FAULTS, FEW, HALF, NONE, faults_of
from ...distill import (
    Distillation,
    Objective,
    Teacher,
    checks,
    hinton,
    symbols,
    transfer_sets,
)
from ...distill.batches import batch_sizes
from ...distill.courses import CONSTANT, RATE_COURSES, TEMPERATURE_COURSES
from ...distill.grouping import MOST_GROUPS
from ...distill.live import LIVE, LiveNumbers
from ...distill.optimizer import BY_NAME
from ...distill.schedules import Hyperparameter
from ...distill.terms import HardLabels, TokenSoftTargets
from ...distill.variants import PENALTIES, SOFT_LOSSES
from ...models.kinds import KINDS, suited
from ...words import mark, t
from ..live.checks import one_of, shown

LABEL_CHOICES = (100, 300, 1000, 4000, 10_000, 30_000)
SMALLER = 4  # a student proposed by the page has at most this fraction of its teacher's parameters
STUDENT_UNITS = KINDS["mlp"].widths
SIZE = ("units", "layers")
NONE_OMITTED = -1
OPTIMIZERS = tuple(BY_NAME)
LEFT_OUT = mark("Adult, without race and sex")  # what kd.data.adult(without=...) calls these data
WEIGHT_DECAYS = (0.0, 1e-4, 1e-3, 1e-2, 1e-1)
CONVOLVES = ("convnet", "resnet")  # architectures whose teachers look at a picture as these students do
OF_TOKEN = {"soft_targets": "soft", "first_choice": "hard"}  # the forms that a distillation token can learn in
WITHOUT_LABELS = {"keep_unlabelled": True, "alpha": 1.0, "penalty": "demographic_parity"}  # nothing else can be


@dataclass(frozen=True, kw_only=True)
class Choices(LiveNumbers):
    """The Lab's settings, checked against what there is; the field names are the Lab's keyword arguments.

    The default run is one where the teacher's help is real, large and quick (``benchmarks/lab.py`` prints it): few
    labels and a student with room.

    Parameters
    ----------
    data : str
    labels : int
        How many examples of the training data have a label for the student. 0: none; then all of them are learned from
        without labels, so ``keep_unlabelled`` becomes True and ``alpha`` 1, whatever was given.
    keep_unlabelled : bool
        Learn from the other examples too, by the teacher's answers alone.
    teacher : str
    kind : str
        Of the student, one of ``kdviz.models.kinds.KINDS`` that suits the data.
    units, layers : int
        Its width and its depth, as its kind counts them: of a perceptron 1 or 2 hidden layers of so many units each.
    epochs, learning_rate, batch_size, seed, optimizer, weight_decay
        As in :class:`kdviz.Distillation`.
    rate_course, temperature_course : str
        How the learning rate and T go from the numbers chosen: names in ``kdviz.distill.courses``.
    temperature, alpha : float
    loss : {"soft_targets", "without_t2", "reverse_kl", "first_choice"}
        The soft term: Hinton's, the same with its T² forgotten, with the KL turned round, or the teacher's first choice
        as a label. A distillation token has the first and the last.
    omit : int
        A class, by index, that is left out of the training data; ``labels`` beyond what remains mean all that remains.
        -1: none.
    smoothing : bool
        Whether a second twin learns beside them from smoothed labels.
    fairness : float
        Weight of a penalty on unequal treatment, on top of the loss. Where the data name no groups it does nothing.
    penalty : {"demographic_parity", "equalized_odds"}
        What that penalty compares; without labels it is demographic parity, whatever was given.
    group : str
        Whom it compares: a column of the data's groups.
    extra : str
        What is learned from besides, without labels: a name in ``kdviz.distill.transfer_sets.TRANSFER_SETS``.
    fault : str
        What is wrong with the training data: a name in ``kdviz.data.faults.FAULTS``.

    Raises
    ------
    ValueError, TypeError
        In one sentence, when a value is not among what there is.

    Examples
    --------
    >>> Choices(labels=300, alpha=0.5).objective()
    0.5 * SoftTargets(temperature=4.0) + 0.5 * HardLabels()
    >>> without = Choices(labels=0)
    >>> without.alpha, without.keep_unlabelled, without.examples
    (1.0, True, 55000)
    """

    data: str = "mnist"
    labels: int = 4000
    keep_unlabelled: bool = False
    teacher: str = "mnist-mlp-1200"
    kind: str = "mlp"
    units: int = 128
    layers: int = 1
    epochs: int = 60
    optimizer: str = "adam"
    weight_decay: float = 0.0
    rate_course: str = CONSTANT
    temperature_course: str = CONSTANT
    batch_size: int = 128
    seed: int = 0
    loss: str = "soft_targets"
    omit: int = NONE_OMITTED
    smoothing: bool = True
    penalty: str = "demographic_parity"
    group: str = "sex"
    extra: str = NONE
    fault: str = NONE

    def __post_init__(self) -> None:
        one_of("data", self.data, data_names())
        one_of("teacher", self.teacher, teacher_names(self.data))
        one_of("kind", self.kind, student_kinds(self.data))
        one_of("units", self.units, KINDS[self.kind].widths)
        one_of("layers", self.layers, KINDS[self.kind].depths)
        one_of("loss", self.loss, losses_of(self.kind))
        one_of("temperature_course", self.temperature_course, tuple(TEMPERATURE_COURSES))
        one_of("rate_course", self.rate_course, tuple(RATE_COURSES))
        one_of("optimizer", self.optimizer, OPTIMIZERS)
        one_of("weight_decay", checks.number("weight_decay", self.weight_decay), WEIGHT_DECAYS)
        one_of("penalty", self.penalty, tuple(PENALTIES))
        one_of("group", self.group, group_columns(self.data) or (self.group,))
        one_of("extra", self.extra, transfer_sets.extras_of(data_sets.load(self.data)))
        one_of("fault", self.fault, faults_of(data_sets.load(self.data)))
        self._check_labels()
        for name in ("labels", "units", "layers", "epochs", "batch_size", "seed"):
            checks.whole(name, getattr(self, name))
        for name, live in LIVE.items():
            live.check(checks.number(name, getattr(self, name)))
        for name in ("keep_unlabelled", "smoothing"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} must be one of True, False, got {shown(getattr(self, name))}")
        checks.check_numbers(learning_rate=self.learning_rate, batch_size=self.batch_size, epochs=self.epochs)
        if self.labels == 0:
            for name, value in WITHOUT_LABELS.items():
                object.__setattr__(self, name, value)

    def _check_labels(self) -> None:
        offered = label_choices(self.data)
        if self.labels != 0 and self.labels not in offered:
            names = ", ".join(map(str, offered))
            wanted = {"name": "labels", "names": names, "value": repr(self.labels)}
            raise ValueError(t("{name} must be one of {names}, or 0 for none, got {value}", **wanted))
        classes = data_sets.load(self.data).classes
        if checks.whole("omit", self.omit) not in range(NONE_OMITTED, len(classes)):
            ends: dict[str, object] = {"last": len(classes) - 1, "none": NONE_OMITTED, "value": repr(self.omit)}
            raise ValueError(t("omit must be a class from 0 to {last}, or {none} for none, got {value}", **ends))

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Choices:
        """Return these choices; of what is not given, what suits the data set.

        >>> Choices.of({"data": "adult", "epochs": 3}).teacher
        'adult-mlp'
        """
        symbols.check("Lab", given, cls.__dataclass_fields__)
        data, kind, start = given.get("data", cls.data), given.get("kind", cls.kind), cls()
        if data in data_names() and "teacher" not in given:
            start = cls().with_data(data)
        if data in data_names() and kind in student_kinds(data) and kind != cls.kind:
            return cls(**{**start.to_dict(), **usual_of(kind, data), **given})
        return replace(start, **given)

    def with_kind(self, kind: str) -> Choices:
        """Return the choices with another kind of student, in its usual size; of how the one before was usually trained
        what the reader has not changed becomes what is usual for this one."""
        loss = self.loss if self.loss in losses_of(kind) else "soft_targets"
        size = {name: value for name, value in usual_of(kind, self.data).items() if name in SIZE}
        return replace(self, kind=kind, loss=loss, **{**self._usual_at(kind, self.data), **size})

    def _usual_at(self, kind: str, data: str) -> dict[str, Any]:
        """Return what is usual for a kind of student on a data set, without what the reader has changed of what was
        usual before."""
        before, after = usual_of(self.kind, self.data), usual_of(kind, data)
        usual = {name: getattr(Choices, name) for name in (*before, *after)}  # where one of them says nothing
        kept = {name for name, value in {**usual, **before}.items() if getattr(self, name) != value}
        if self.labels == 0:
            kept.add("labels")
        return {name: value for name, value in {**usual, **after}.items() if name not in kept}

    def with_data(self, name: str) -> Choices:
        """Return the choices for another data set: its first teacher, labels it has, a student well below it; of the
        training what the reader has not changed becomes what is usual there."""
        start = self if self.kind in student_kinds(name) else self.with_kind("mlp")
        usual = start._usual_at(start.kind, name)
        teacher = start.teacher if start.teacher in teacher_names(name) else teacher_names(name)[0]
        teacher = usual.get("teacher", teacher)
        labels = min(label_choices(name), key=lambda n: abs(n - self.labels)) if self.labels else 0
        room = models.card(teacher).parameters / SMALLER
        rows = student_rows(name, start.layers, start.kind)
        smaller = [row["units"] for row in rows if row["parameters"] <= room] or [rows[0]["units"]]
        units = min(start.units, smaller[-1])
        columns = group_columns(name)
        group = self.group if self.group in columns or not columns else columns[0]
        fault = self.fault if self.fault in faults_of(data_sets.load(name)) else NONE
        extra = self.extra if self.extra in transfer_sets.extras_of(data_sets.load(name)) else NONE
        kept: dict[str, Any] = {"group": group, "fault": fault, "extra": extra, "layers": start.layers}
        own: dict[str, Any] = {"data": name, "teacher": teacher, "labels": labels, "units": units}
        return replace(start, omit=NONE_OMITTED, **{**usual, **kept, **own})

    def splits(self) -> Splits:
        """Return the data with as many labels as chosen, without the omitted class, with a fault and more to learn
        from where they are chosen."""
        whole = data_sets.load(self.data)
        omit = (self.omit,) if self.omit != NONE_OMITTED else ()
        if FAULTS[self.fault].made is not None or self.extra != NONE:
            drawn: dict[str, Any] = {"count": min(self.labels, self._there), "omit": omit}
            more: dict[str, Any] = {"fault": self.fault, "extra": self.extra, "keep_unlabelled": self.keep_unlabelled}
            return transfer_sets.prepared(whole, **drawn, **more)
        if self.labels == len(whole.train) and not omit:
            return whole
        count = min(self.labels, self._there)
        return whole.with_labels(count, keep_unlabelled=self.keep_unlabelled, seed=0, omit=omit)

    @property
    def _there(self) -> int:
        """How many training examples there are without the omitted class."""
        counts = list(class_counts(self.data))
        if self.fault == "rare_class":
            counts[-1] = min(counts[-1], FEW)
        return sum(counts) - (counts[self.omit] if self.omit != NONE_OMITTED else 0)

    @property
    def examples(self) -> int:
        """How many examples the transfer set has."""
        drawn = self._there if self.keep_unlabelled else min(self.labels, self._there)
        return drawn + transfer_sets.extra_count(self.extra, min(self.labels, self._there), drawn)

    def objective(self) -> Objective:
        """Return the objective: alpha times the soft term of ``loss``, and the labels for the rest.

        For data with groups the penalty comes on top, at weight 0 too, so that its weight can be edited.
        """
        course = TEMPERATURE_COURSES[self.temperature_course]
        temperature, head = course.made(self.temperature, self.steps_per_epoch), KINDS[self.kind].teacher_head
        if head:
            soft = TokenSoftTargets(temperature, OF_TOKEN[self.loss], head)
            taught = float(self.alpha) * soft + (1.0 - float(self.alpha)) * HardLabels()
        else:
            taught = hinton(self.alpha, temperature, term=SOFT_LOSSES[self.loss].term)
        if not group_columns(self.data):
            return taught
        return taught + float(self.fairness) * PENALTIES[self.penalty].term(self.group)

    @property
    def rate(self) -> Hyperparameter:
        """The learning rate, as a number or as the schedule of its course."""
        return RATE_COURSES[self.rate_course].made(self.learning_rate, self.steps_per_epoch)

    @property
    def steps_per_epoch(self) -> int:
        return len(batch_sizes(self.examples, self.batch_size))

    @property
    def steps(self) -> int:
        """How many optimiser steps a run takes."""
        return self.steps_per_epoch * self.epochs

    def distillation(self, teacher: Teacher, data: Splits | None = None) -> Distillation:
        """Return the run, at its start; ``data`` are those of an earlier run with the same ones, to be shared."""
        return Distillation(
            teacher,
            self.student(),
            data if data is not None else self.splits(),
            self.objective(),
            optimizer=self.optimizer,
            weight_decay=self.weight_decay if self.weight_decay or self.optimizer == "adamw" else None,
            learning_rate=self.rate,
            batch_size=self.batch_size,
            epochs=self.epochs,
            seed=self.seed,
        )

    def student(self) -> nn.Module:
        """Return a fresh student."""
        student = build_student(self.data, self.units, self.seed, self.layers, self.kind)
        return models.seeing_half(student) if self.fault == HALF else student  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def build_student(data: str, units: int, seed: int = 0, layers: int = 1, kind: str = "mlp") -> nn.Module:
    """Return an untrained student for a data set: of a kind, so wide and so deep."""
    splits = data_sets.load(data)
    return KINDS[kind].build(splits.shape, len(splits.classes), width=units, depth=layers, seed=seed)


def student_kinds(data: str) -> tuple[str, ...]:
    """Names of the kinds of student that a data set suits."""
    return suited(data_sets.load(data).shape)


def usual_of(kind: str, data: str) -> dict[str, Any]:
    """Return the choices that come with a kind of student: its size, its training, and a teacher that looks as it does.

    >>> usual_of("mlp", "mnist")["units"], usual_of("vit", "mnist")["teacher"]
    (128, 'mnist-convnet')
    """
    usual = KINDS[kind].usual_for(data_sets.load(data).shape, data)
    renamed = {{"width": "units", "depth": "layers"}.get(name, name): value for name, value in usual.items()}
    named = teacher_names(data)
    looking = [name for name in named if kind != "mlp" and models.card(name).architecture["name"] in CONVOLVES]
    default = Choices.teacher if Choices.teacher in named else named[0]
    return {**renamed, "teacher": looking[0] if looking else default}


def losses_of(kind: str) -> tuple[str, ...]:
    """Names of the soft terms that a kind of student can learn from."""
    return tuple(OF_TOKEN if KINDS[kind].teacher_head else SOFT_LOSSES)


def data_names() -> tuple[str, ...]:
    """Names of the data sets that are here and have a shipped teacher."""
    return tuple(name for name in data_sets.available() if teacher_names(name))


def teacher_names(data: str) -> tuple[str, ...]:
    """Names of the shipped teachers of a data set, the largest first."""
    cards = [models.card(name) for name in models.names()]
    fitting = sorted((c for c in cards if c.data == data), key=lambda c: -c.parameters)
    return tuple(c.name for c in fitting)


def label_choices(data: str) -> tuple[int, ...]:
    """How many labels the student may be given, up to all of them."""
    size = len(data_sets.load(data).train)
    return (*(n for n in LABEL_CHOICES if n < size), size)


def group_columns(data: str) -> tuple[str, ...]:
    """Names of the columns whose groups a penalty can compare; empty where the data name no groups."""
    groups = data_sets.load(data).train.groups
    return tuple(name for name, column in groups.items() if 2 <= len(set(column.tolist())) <= MOST_GROUPS)


def class_counts(data: str) -> tuple[int, ...]:
    """How many training examples each class has."""
    splits = data_sets.load(data)
    return tuple(splits.train.y.bincount(minlength=len(splits.classes)).tolist())


def student_rows(data: str, layers: int = 1, kind: str = "mlp") -> tuple[dict[str, int], ...]:
    """Width, parameters and multiply-accumulates of each student of a kind and a depth."""
    splits = data_sets.load(data)
    return _student_rows(splits.shape, len(splits.classes), layers, kind)


@cache
def _student_rows(shape: tuple[int, ...], classes: int, layers: int, kind: str) -> tuple[dict[str, int], ...]:
    made = KINDS[kind]
    students = [(width, made.build(shape, classes, width=width, depth=layers)) for width in made.widths]
    return tuple(
        {"units": units, "parameters": models.parameter_count(student), "macs": models.mac_count(student, shape)}
        for units, student in students
    )


def teacher_rows(data: str) -> list[dict[str, Any]]:
    """What the Setup widget says of each teacher."""
    cards = [models.card(name) for name in teacher_names(data)]
    return [
        {
            "name": c.name,
            "title": t(c.title),
            "parameters": c.parameters,
            "macs": c.macs,
            "errors": c.test_errors,
            "examples": c.test_examples,
        }
        for c in cards
    ]


def data_rows() -> list[dict[str, Any]]:
    """What the Setup widget says of each data set."""
    return [{"name": n, "title": t(data_sets.title(n)), "available": True} for n in data_names()]
