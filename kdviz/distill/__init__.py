"""The engine: objective, teacher, distillation, runner, recipe. Nothing of Jupyter."""

from . import schedules
from .distillation import Distillation, NonFiniteLoss, Settings, Step
from .history import Edit, Evaluation, History
from .objective import HardLabels, Objective, SoftTargets, Term, hinton
from .recipe import Recipe
from .runner import Runner
from .snapshot import Snapshot
from .teacher import Cancelled, Teacher
from .threads import available_cpus, leave_room

__all__ = [
    "Cancelled",
    "Distillation",
    "Edit",
    "Evaluation",
    "HardLabels",
    "History",
    "NonFiniteLoss",
    "Objective",
    "Recipe",
    "Runner",
    "Settings",
    "SoftTargets",
    "Snapshot",
    "Step",
    "Teacher",
    "Term",
    "available_cpus",
    "leave_room",
    "schedules",
]
