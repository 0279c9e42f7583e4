"""The engine: objective, teacher, distillation, runner, recipe. Nothing of Jupyter."""

from importlib import import_module
from typing import Any

from . import schedules, schemes
from .adapters import adapter
from .distillation import Distillation
from .history import Edit, Evaluation, History
from .objective import Objective, hinton
from .recipe import Recipe
from .runner import Runner
from .schedules import Schedule
from .settings import NonFiniteLossError, Settings, Step
from .snapshot import Snapshot
from .taps import tapped, taps
from .teacher import Cancelled, Teacher
from .terms import (
    TERMS,
    Adversarial,
    AttentionMatrices,
    AttentionTransfer,
    Contrastive,
    Correlation,
    Cosine,
    DarkReplay,
    Decoupled,
    DemographicParity,
    DistillationToken,
    Embeddings,
    EqualizedOdds,
    FocusedSoftTargets,
    Gram,
    HardLabels,
    HiddenStates,
    Hint,
    JensenShannon,
    LabelSmoothing,
    LogitHuber,
    LogitMSE,
    MultiTeacher,
    Mutual,
    NeuronSelectivity,
    ProbabilisticTransfer,
    RelationalAngle,
    RelationalDistance,
    ReverseKL,
    SelfDistillation,
    SimilarityPreserving,
    SoftCrossEntropy,
    SoftTargets,
    SoftTargetsWithoutT2,
    SolutionFlow,
    StandardizedSoftTargets,
    Term,
    Variational,
    VirtualTeacher,
)
from .threads import available_cpus, leave_room

__all__ = [
    "TERMS",
    "Adversarial",
    "AttentionMatrices",
    "AttentionTransfer",
    "Cancelled",
    "Contrastive",
    "Correlation",
    "Cosine",
    "DarkReplay",
    "Decoupled",
    "DemographicParity",
    "Distillation",
    "DistillationToken",
    "Edit",
    "Embeddings",
    "EqualizedOdds",
    "Evaluation",
    "FocusedSoftTargets",
    "Gram",
    "HardLabels",
    "HiddenStates",
    "Hint",
    "History",
    "JensenShannon",
    "LabelSmoothing",
    "LogitHuber",
    "LogitMSE",
    "MultiTeacher",
    "Mutual",
    "NeuronSelectivity",
    "NonFiniteLossError",
    "Objective",
    "ProbabilisticTransfer",
    "Recipe",
    "RelationalAngle",
    "RelationalDistance",
    "ReverseKL",
    "Runner",
    "Schedule",
    "SelfDistillation",
    "Settings",
    "SimilarityPreserving",
    "Snapshot",
    "SoftCrossEntropy",
    "SoftTargets",
    "SoftTargetsWithoutT2",
    "SolutionFlow",
    "StandardizedSoftTargets",
    "Step",
    "Teacher",
    "Term",
    "Variational",
    "VirtualTeacher",
    "adapter",
    "available_cpus",
    "hinton",
    "leave_room",
    "schedules",
    "schemes",
    "tapped",
    "taps",
]


def __getattr__(name: str) -> Any:
    """Load the catalogue of methods, and those of other packages, the first time it is named."""
    if name == "methods":
        return import_module(f"{__name__}.methods")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
