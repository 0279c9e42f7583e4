"""The parts of a run that have no name: a teacher, a student or data of your own, handed to every worker."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from torch import nn

from .. import data as data_sets
from .. import models
from ..data import Splits
from ..distill import Distillation, Recipe, Teacher, transfer_sets
from ..distill.grouping import grouping
from ..distill.schemes.by_name import Stage, stages
from ..distill.teacher import weight_hash
from ..models.architecture import seeded
from .shipping import Packed, pack, size, unpack

StudentFactory = Callable[[int], nn.Module]
MOST_TEACHERS = 4  # held by a process, with their answers


@dataclass(frozen=True, eq=False)
class Parts:
    """What stands in for the parts of a recipe that have no name.

    Attributes
    ----------
    teacher : nn.Module or None
        For recipes that name no teacher.
    student : nn.Module, callable or None
        For recipes that describe no student: a function from a seed to an untrained module, or a module that each run
        has a copy of.
    data : Splits or None
        For all recipes.
    """

    teacher: nn.Module | None = None
    student: nn.Module | StudentFactory | None = None
    data: Splits | None = None
    _student_marks: dict[int, str] = field(default_factory=dict, init=False, repr=False)  # by seed

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (self.teacher, self.student, self._packed)

    def __sizeof__(self) -> int:
        """Return the bytes to be sent: by these dask sees that it should send them once, not with each task."""
        held = 0 if self._packed is None else size(self._packed)
        weights = () if self.teacher is None else self.teacher.state_dict().values()
        return object.__sizeof__(self) + held + sum(tensor.nbytes for tensor in weights)

    @cached_property
    def _own_teacher(self) -> Teacher | None:
        return None if self.teacher is None else Teacher(self.teacher)

    @cached_property
    def _packed(self) -> Packed | None:
        return None if self.data is None else pack(self.data)

    def check(self, recipes: Iterable[Recipe]) -> None:
        """Raise in one sentence if a recipe cannot be run with these parts."""
        _ = self._own_teacher  # says what is wrong with it
        if self.student is not None and not callable(self.student):
            raise TypeError(f"student must be a function of a seed, or a module, got {type(self.student).__name__}")
        drawn = []
        for recipe in recipes:
            recipe.to_dict()  # a term of your own has no name to be told to the workers
            custom = next((name for name in ("optimizer", "augment") if getattr(recipe, name) == "custom"), None)
            if custom is not None:
                raise ValueError(f"a study needs recipes that can be written down, and {custom} is a function of yours")
            if _lacks_teacher(recipe) and self.teacher is None:
                raise ValueError("the recipe's teacher is a model of your own; pass it as teacher=")
            if recipe.student is None and self.student is None:
                raise ValueError("the recipe's student is a model of your own; pass student=, a function of the seed")
            if self.data is None and recipe.data not in data_sets.names("any"):
                raise ValueError(f"the recipe learned from data of your own ({recipe.data!r}); pass them as data=")
            if (recipe.data, recipe.draw) not in drawn:
                drawn.append((recipe.data, recipe.draw))
        if self.data is not None and len(drawn) > 1:
            raise ValueError(
                "data= stands in for the data of every arm, and the arms name different data; leave it out"
            )

    @property
    def own(self) -> dict[str, str | None]:
        """Which of teacher and student are given, and the name of a shipped teacher, which recipes know."""
        given = {"teacher": self.teacher, "student": self.student}
        return {
            name: getattr(getattr(one, "card", None), "name", None) for name, one in given.items() if one is not None
        }

    def data_of(self, recipe: Recipe) -> Splits:
        """Return the data of a recipe, as it was drawn."""
        if self.data is not None:
            return self.data
        draw = tuple(sorted((k, tuple(v) if isinstance(v, list) else v) for k, v in (recipe.draw or {}).items()))
        return _drawn(recipe.data, draw)

    def teacher_of(self, recipe: Recipe, role: str) -> Teacher | None:
        """Return the teacher of a recipe: also where no term asks it, so that the student can be compared with it."""
        if role != "student":
            return None
        if recipe.teacher is not None:
            return _known_teacher(_shipped_mark(recipe.teacher), lambda: models.pretrained(str(recipe.teacher)))
        own = self._own_teacher
        return None if own is None else _known_teacher(own.fingerprint(), lambda: own.module)

    def student_of(self, recipe: Recipe) -> nn.Module:
        """Return a student of its own, untrained."""
        if recipe.student is not None:
            return models.build(recipe.student, seed=recipe.student_seed)
        if isinstance(self.student, nn.Module):
            return copy.deepcopy(self.student)
        assert self.student is not None, "check() has seen to it"
        with seeded(recipe.student_seed):
            return self.student(recipe.student_seed)

    def distillation(self, recipe: Recipe, role: str) -> Distillation:
        """Return a run at its start."""
        return Distillation.from_recipe(
            recipe, teacher=self.teacher_of(recipe, role), student=self.student_of(recipe), data=self.data_of(recipe)
        )

    def stages(self, recipe: Recipe, role: str) -> Iterator[Stage]:
        """Give the stages of a recipe: its run, or those of its scheme."""
        return stages(
            recipe, teacher=self.teacher_of(recipe, role), student=self.student_of(recipe), data=self.data_of(recipe)
        )

    def marks(self, recipe: Recipe, role: str) -> dict[str, str]:
        """Return what the recipe does not say of its parts: fingerprints of data, teacher and a student of your own."""
        data = self.data_of(recipe)
        seen = [part.fingerprint() for part in (data.train, data.validation, data.test)]
        if recipe.objective.group_column is not None:
            seen.append(grouping(data.train, recipe.objective.group_column, data.title).fingerprint())
        marks = {"data": hashlib.sha256("".join(seen).encode()).hexdigest()}
        teacher = self.teacher_of(recipe, role)
        if teacher is not None:
            marks["teacher"] = teacher.fingerprint()
        if recipe.student is None:
            marks["student"] = self._student_mark(recipe)
        return marks

    def _student_mark(self, recipe: Recipe) -> str:
        """Return the fingerprint of a student of your own; all arms and twins of a seed have the same."""
        if recipe.student_seed not in self._student_marks:
            self._student_marks[recipe.student_seed] = weight_hash(self.student_of(recipe))
        return self._student_marks[recipe.student_seed]


def _received(teacher: nn.Module | None, student: Any, packed: Packed | None) -> Parts:
    """Return the parts that were sent to this worker."""
    return Parts(teacher, student, None if packed is None else unpack(packed))


def _lacks_teacher(recipe: Recipe) -> bool:
    """Whether a recipe asks for a teacher and names none; in a scheme, students may teach one another."""
    return recipe.teacher is None and recipe.scheme is None and recipe.objective.needs_teacher


@lru_cache(maxsize=8)
def _drawn(name: str, draw: tuple) -> Splits:
    data = data_sets.load(name)
    return transfer_sets.prepared(data, **dict(draw)) if draw else data


@lru_cache
def _shipped_mark(name: str) -> str:
    return weight_hash(models.pretrained(name))


_TEACHERS: dict[str, Teacher] = {}  # by the hash of their weights, newest last
_TEACHERS_LOCK = threading.Lock()


def _known_teacher(mark: str, load: Callable[[], nn.Module]) -> Teacher:
    """Return the teacher with these weights, the same for all runs of this process: it is asked everything once."""
    with _TEACHERS_LOCK:
        known = _TEACHERS.pop(mark, None)
        if known is None or known.fingerprint() != mark:  # it was written to since
            known = Teacher(load())
        _TEACHERS[mark] = known
        while len(_TEACHERS) > MOST_TEACHERS:
            del _TEACHERS[next(iter(_TEACHERS))]
        return known
