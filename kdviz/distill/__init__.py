"""The engine: objective, teacher, distillation, runner, recipe. Nothing of Jupyter."""

from . import schedules
from .distillation import Distillation
from .history import Edit, Evaluation, History
from .objective import (
    DemographicParity,
    EqualizedOdds,
    HardLabels,
    LabelSmoothing,
    Objective,
    ReverseKL,
    SoftTargets,
    SoftTargetsWithoutT2,
    Term,
    hinton,
)
from .recipe import Recipe
from .runner import Runner
from .schedules import Schedule
from .settings import NonFiniteLossError, Settings, Step
from .snapshot import Snapshot
from .teacher import Cancelled, Teacher
from .threads import available_cpus, leave_room

__all__ = [
    "Cancelled",
    "DemographicParity",
    "Distillation",
    "Edit",
    "EqualizedOdds",
    "Evaluation",
    "HardLabels",
    "History",
    "LabelSmoothing",
    "NonFiniteLossError",
    "Objective",
    "Recipe",
    "ReverseKL",
    "Runner",
    "Schedule",
    "Settings",
    "Snapshot",
    "SoftTargets",
    "SoftTargetsWithoutT2",
    "Step",
    "Teacher",
    "Term",
    "available_cpus",
    "hinton",
    "leave_room",
    "schedules",
]
