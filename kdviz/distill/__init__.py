"""The engine: objective, teacher, distillation, runner, recipe. Independent of Jupyter."""

from importlib import import_module
from typing import TYPE_CHECKING

from . import schedules, schemes, terms, transfer_sets
from .adapters import adapter
from .difference_sampling import difference_sampled
from .distillation import Distillation
from .history import Edit, Evaluation, History
from .objective import Objective
from .recipe import Recipe
from .run import RunName
from .runner import Runner
from .schedules import Schedule
from .settings import NonFiniteLossError, Settings, Step
from .snapshot import Snapshot
from .taps import tapped, taps
from .teacher import Cancelled, Teacher
from .terms import *
from .terms import TERMS, Term, hinton
from .threads import available_cpus, leave_room
from .top_answers import TopAnswers, top_answers

__all__ = [
    "TERMS",
    "Cancelled",
    "Distillation",
    "Edit",
    "Evaluation",
    "History",
    "NonFiniteLossError",
    "Objective",
    "Recipe",
    "RunName",
    "Runner",
    "Schedule",
    "Settings",
    "Snapshot",
    "Step",
    "Teacher",
    "Term",
    "TopAnswers",
    "adapter",
    "available_cpus",
    "difference_sampled",
    "hinton",
    "leave_room",
    "schedules",
    "schemes",
    "tapped",
    "taps",
    "top_answers",
    "transfer_sets",
]

if TYPE_CHECKING:
    from . import methods as methods
else:
    __all__ += terms.__all__

    def __getattr__(name):
        """Load the catalogue of methods, and those of other packages, on first access."""
        if name == "methods":
            return import_module(f"{__name__}.methods")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
