"""The plan of a run: its parts, normalized and then checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from torch import nn

from .. import data as data_sets
from ..data import Splits
from ..models.sequences import check_vocabularies
from ..models.wrap import as_module
from . import checks
from .grouping import Grouping, grouping
from .objective import Objective, Term
from .optimizer import usual_rate
from .settings import Settings
from .state import Replay
from .teacher import Teacher
from .terms import hinton


@dataclass(frozen=True)
class Plan:
    """The parts of a run. It never changes: edits belong to the history.

    Attributes
    ----------
    teacher : Teacher or None
    student : nn.Module
        Trained in place.
    data : Splits
    settings : Settings
    grouping : Grouping or None
        Of the transfer set, where a term needs groups.
    modes : mapping of str to bool
        The mode of each module of the student during training: True for training mode.
    teacher_mark : str
        The teacher's fingerprint at the start; empty without a teacher.
    replay : Replay
        Whether the student's past can be replayed.
    """

    teacher: Teacher | None
    student: nn.Module
    data: Splits
    settings: Settings
    grouping: Grouping | None
    modes: Mapping[str, bool]
    teacher_mark: str
    replay: Replay = field(default_factory=Replay)

    def checked(self, *, allow_weaker_teacher: bool) -> Plan:
        """Run the models on some of the data and return the plan; raise in one sentence, or warn.

        Raises
        ------
        ValueError, TypeError
            In one sentence, when the parts do not fit together.
        """
        teacher, student, data, objective = self.teacher, self.student, self.data, self.settings.objective
        checks.check_answers(teacher, student, data, objective)
        checks.check_batches(student, data, self.settings.batch_size)
        if teacher is not None and not allow_weaker_teacher:
            checks.check_not_swapped(teacher, student, data)
            checks.check_teacher(teacher, data)
        return replace(self, replay=checks.check_replay(student, data, self.modes))


def make_plan(
    teacher: Any, student: Any, data: Any, objective: Objective | Term | None, *, batch_size: int | None, **numbers: Any
) -> Plan:
    """Return the plan of a run; arguments and errors as for :class:`kdviz.Distillation`."""
    data = data_sets.splits(data)
    objective = hinton() if objective is None else objective
    objective = 1.0 * objective if isinstance(objective, Term) else objective
    student = as_module(student, "student", classes=data.classes, features=data.features)
    if not isinstance(teacher, Teacher | None):
        teacher = as_module(teacher, "teacher", classes=data.classes, features=data.features)
    learned_from = teacher.module if isinstance(teacher, Teacher) else teacher
    check_vocabularies({"teacher": learned_from, "student": student}, data.vocabulary)
    checks.check_kinds(teacher, student, objective)
    if numbers["learning_rate"] is None:
        numbers["learning_rate"] = usual_rate(numbers["optimizer"], student)
    settings = Settings(objective, batch_size=data.batch_size or 128 if batch_size is None else batch_size, **numbers)
    checks.check_data(data, objective)
    if objective.needs_teacher and teacher is None:
        raise ValueError(f"the objective {objective} needs a teacher, got None")
    column = objective.group_column
    groups = None if column is None else grouping(data.train, column, data.title)
    checks.check_roles(learned_from, student)
    teacher = Teacher(teacher) if isinstance(teacher, nn.Module) else teacher
    mark = teacher.fingerprint() if teacher is not None else ""
    return Plan(teacher, student, data, settings, groups, checks.modes_to_learn_in(student), mark)
