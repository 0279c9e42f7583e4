"""Recipe: all that is needed to repeat a distillation, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from .. import data as data_sets
from .. import models
from ..data.faults import FAULTS
from ..models.architecture import rebuildable
from . import checks, schedules, schema
from .history import EDIT, Edit
from .objective import Objective
from .objective_schema import ARCHITECTURE, SCHEMES, SEED
from .optimizer import BY_NAME
from .plan import Plan
from .schedules import Hyperparameter, Schedule
from .schema import AnyOf, Flag, ListOf, Number, OneOf, Record, Switch, Text, Whole, or_null
from .settings import AUGMENTS
from .snapshot import Snapshot
from .teacher import weight_hash
from .terms import hinton
from .transfer_sets import TRANSFER_SETS, prepared

VERSION = 1


class RecipeParts(NamedTuple):
    """The parts of a run that are not numbers."""

    teacher: Any  # a module in eval mode, a Teacher, or None
    student: nn.Module
    data: Any


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A description of a run: data, teacher, student, objective and numbers.

    Parameters
    ----------
    data : str
        A name for :func:`kdviz.data.load`, or the name of another data set (then pass the data).
    draw : dict, optional
        Arguments of ``Splits.with_labels``: which labels the student may use; and the ``fault`` and the ``extra``
        examples of :func:`kdviz.distill.transfer_sets.prepared`.
    teacher : str or None
        A name for :func:`kdviz.models.pretrained`; None if the run has no teacher or its own (then pass it).
    student : dict or None
        An architecture for :func:`kdviz.models.build`; None for a module of your own (then pass it).
    student_seed : int
        For the initial weights of a built student.
    objective : Objective
    optimizer, weight_decay, learning_rate, batch_size, epochs, seed, augment
        As in :class:`kdviz.Distillation`.
    edits : tuple of dict
        Edits made during the run: step, name, value.
    scheme : dict or None
        For a recipe of more than one run: the name of a scheme and its arguments, for
        :func:`kdviz.distill.schemes.stages`.

    Examples
    --------
    >>> recipe = Recipe(data="mnist", draw={"count": 4000}, teacher="mnist-mlp-1200",
    ...                 student={"name": "mlp", "hidden": [64]}, epochs=60)
    >>> Recipe.from_json(recipe.to_json()) == recipe
    True
    """

    data: str
    draw: dict[str, Any] | None = None
    teacher: str | None = None
    student: dict[str, Any] | None = None
    student_seed: int = 0
    objective: Objective = field(default_factory=hinton)
    optimizer: str = "adam"
    weight_decay: float | None = None
    learning_rate: Hyperparameter = 1e-3
    batch_size: int = 128
    epochs: int = 10
    seed: int = 0
    augment: str | None = None
    edits: tuple[dict[str, Any], ...] = ()
    scheme: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Raise in one sentence on numbers and edits that no run could use."""
        for name in ("batch_size", "epochs", "seed", "student_seed"):
            object.__setattr__(self, name, checks.whole(name, getattr(self, name)))
        object.__setattr__(self, "learning_rate", checks.number("learning_rate", self.learning_rate))
        checks.check_numbers(learning_rate=self.learning_rate, batch_size=self.batch_size, epochs=self.epochs)
        checks.check_decay(self.weight_decay, self.optimizer)
        _EDITS.check(self.edits, "edits")
        for i, edit in enumerate(self.edits):
            try:
                _check_edit(self.objective, edit["name"], schedules.from_json(edit["value"]))
            except ValueError as error:
                raise ValueError(f"edits[{i}] cannot be made: {error}") from None

    @classmethod
    def of(cls, plan: Plan, began: Snapshot, edits: Iterable[Edit] = ()) -> Recipe:
        """Return the recipe of a run from its first snapshot; parts without a name are omitted and must be passed
        again."""
        settings = plan.settings
        student = rebuildable(plan.student)
        student_seed = getattr(plan.student, "seed", 0)
        if student is not None and not _begins_as(began, models.build(student, seed=student_seed)):
            student = None  # it was trained before
        return cls(
            data=plan.data.name,
            draw=dict(plan.data.draw) if plan.data.draw else None,
            teacher=_shipped_name(plan.teacher.module) if plan.teacher is not None else None,
            student=student,
            student_seed=student_seed,
            objective=settings.objective,
            optimizer=settings.optimizer if isinstance(settings.optimizer, str) else "custom",
            weight_decay=settings.weight_decay,
            learning_rate=settings.learning_rate,
            batch_size=settings.batch_size,
            epochs=settings.epochs,
            seed=settings.seed,
            augment=settings.augment if isinstance(settings.augment, str | None) else "custom",
            edits=tuple(e.to_dict() for e in edits),
        )

    def with_seed(self, seed: int) -> Recipe:
        """Return the same recipe with other batches and other initial weights."""
        return replace(self, seed=seed, student_seed=seed)

    def without_scheme(self) -> Recipe:
        """Return the recipe of one plain run with the same parts and numbers."""
        return replace(self, scheme=None)

    def parts(self, *, teacher: Any = None, student: nn.Module | None = None, data: Any = None) -> RecipeParts:
        """Return teacher, student and data: those passed, the others loaded by name.

        Raises
        ------
        ValueError
            If a part has no name to load it by and was not passed.
        """
        if data is None:
            data = self.load_data()
        if teacher is None and self.teacher is not None:
            teacher = models.pretrained(self.teacher) if self.objective.needs_teacher else None
        elif teacher is None and self.objective.needs_teacher and self.scheme is None:
            raise ValueError("this recipe's teacher is a model of your own; pass it as teacher=")
        if student is None:
            if self.student is None:
                raise ValueError(
                    "this recipe's student is a model of your own; pass it, in its initial state, as student="
                )
            student = models.build(self.student, seed=self.student_seed)
        return RecipeParts(teacher, student, data)

    def load_data(self) -> Any:
        """Load the data by name, with the same labels drawn."""
        data = data_sets.load(self.data)
        return prepared(data, **self.draw) if self.draw else data

    def numbers(self) -> dict[str, Any]:
        """Return the keyword arguments of ``Distillation`` that are plain numbers and names."""
        names = ("optimizer", "weight_decay", "learning_rate", "batch_size", "epochs", "seed", "augment")
        return {n: getattr(self, n) for n in names}

    def to_dict(self) -> dict[str, Any]:
        plain = {k: v for k, v in asdict(self).items() if k not in ("objective", "learning_rate", "edits")}
        if self.weight_decay is None:  # an older kdviz reads it too
            del plain["weight_decay"]
        return {
            "version": VERSION,
            **plain,
            "objective": self.objective.to_dict(),
            "learning_rate": schedules.to_json(self.learning_rate),
            "edits": list(self.edits),
        }

    def to_json(self) -> str:
        """Return the recipe as JSON text."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    @classmethod
    def from_dict(cls, saved: dict[str, Any], path: str = "recipe") -> Recipe:
        """Return the recipe that ``to_dict`` wrote.

        Raises
        ------
        ValueError
            In one sentence that names the field, with its path from ``path`` on, if it is not a recipe.
        """
        if not isinstance(saved, dict) or not {"version", "data", "objective"} <= set(saved):
            raise ValueError(
                f"expected a recipe of version {VERSION} with data and objective, got {schema.shown(saved)}"
            )
        arguments = {k: v for k, v in saved.items() if k != "version"}
        unknown = sorted(map(str, set(arguments) - set(cls.__dataclass_fields__)))
        if unknown:
            raise ValueError(
                f"a recipe has no {', '.join(unknown)[:100]}; it has {', '.join(cls.__dataclass_fields__)}"
            )
        WRITTEN.check(saved, path)
        arguments["objective"] = Objective.from_dict(arguments["objective"], f"{path}.objective")
        arguments["learning_rate"] = schedules.from_json(arguments.get("learning_rate", 1e-3), f"{path}.learning_rate")
        arguments["edits"] = tuple(arguments.get("edits", ()))
        try:
            return cls(**arguments)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path} cannot be run: {error}") from None

    @classmethod
    def from_json(cls, text: str | Path) -> Recipe:
        """Return the recipe in a JSON text, or in a file given as a ``Path``.

        Raises
        ------
        FileNotFoundError, ValueError
            In one sentence, as in :meth:`from_dict`.
        """
        if isinstance(text, Path):
            return cls.from_dict(schema.read(text, "a recipe"))
        if not isinstance(text, str | bytes):
            raise TypeError(f"a recipe must be JSON text or a Path to it, got {type(text).__name__}")
        return cls.from_dict(schema.parse(text, "a recipe"))


def _check_edit(objective: Objective, name: str, value: Hyperparameter) -> None:
    """Raise in one sentence unless a run with this objective accepts the edit."""
    if name == "learning_rate":
        checks.check_numbers(learning_rate=value, batch_size=1, epochs=1)
    elif name == "total_steps":
        if isinstance(value, Schedule) or value != int(value) or not 1 <= value <= schema.MOST:
            raise ValueError(f"total_steps must be a whole number from 1 to {schema.MOST:,}, got {value}")
    elif name in objective.editable:
        objective.edited(**{name: value})
    else:
        names = ", ".join((*objective.editable, "learning_rate", "total_steps"))
        raise ValueError(f"name must be one of {names}, got {name!r}")


_EDITS = ListOf(EDIT, longest=schema.MOST)
WRITTEN = Record(
    {"version": OneOf((VERSION,)), "data": Text(longest=1000), "objective": schema.Anything()},
    {
        "draw": or_null(
            Record(
                {"count": Whole()},
                {
                    **{"keep_unlabelled": Flag(), "seed": SEED},
                    "omit": ListOf(AnyOf((Whole(), Text(longest=1000)))),
                    **{"fault": OneOf(tuple(FAULTS)), "extra": OneOf(tuple(TRANSFER_SETS))},
                },
            )
        ),
        "teacher": or_null(Text(longest=1000)),
        "student": or_null(ARCHITECTURE),
        "student_seed": SEED,
        "optimizer": OneOf((*BY_NAME, "custom")),
        "weight_decay": or_null(Number(least=0)),
        "learning_rate": AnyOf((Number(above=0), schedules.SCHEDULE)),
        "batch_size": Whole(least=1),
        "epochs": Whole(least=1),
        "seed": SEED,
        "augment": or_null(OneOf((*AUGMENTS, "custom"))),
        "edits": _EDITS,
        "scheme": or_null(Switch("name", lambda: SCHEMES, "a scheme")),
    },
)


def _begins_as(began: Snapshot, fresh: nn.Module) -> bool:
    """Whether the student in the first snapshot had the weights of ``fresh``."""
    new = fresh.state_dict()
    return began.student.keys() == new.keys() and all(torch.equal(began.student[k].cpu(), new[k]) for k in new)


def _shipped_name(teacher: nn.Module) -> str | None:
    """The name of a shipped teacher, if its weights are unchanged."""
    card = getattr(teacher, "card", None)
    if (
        card is None
        or hasattr(teacher, "kdviz_wraps")
        or weight_hash(models.pretrained(card.name)) != weight_hash(teacher)
    ):
        return None
    return str(card.name)
