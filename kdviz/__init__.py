"""kdviz: see, teach and analyse knowledge distillation.

>>> import kdviz as kd
>>> objective = 0.9 * kd.SoftTargets(temperature=4) + 0.1 * kd.HardLabels()
>>> print(objective)
0.9 * SoftTargets(temperature=4.0) + 0.1 * HardLabels()

Importing the package loads nothing heavy: torch, plotly and the widgets come with the first name that needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from . import data, diagnosis, distill, figures, losses, measure, models, panels, report, study, widgets
    from .diagnosis import Diagnosis, diagnose
    from .distill import (
        Adversarial,
        AttentionMatrices,
        AttentionTransfer,
        Contrastive,
        Correlation,
        Cosine,
        DarkReplay,
        Decoupled,
        DemographicParity,
        Distillation,
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
        Objective,
        OwnTeacher,
        ProbabilisticTransfer,
        Recipe,
        RelationalAngle,
        RelationalDistance,
        ReverseKL,
        SimilarityPreserving,
        SoftCrossEntropy,
        SoftTargets,
        SoftTargetsWithoutT2,
        SolutionFlow,
        StandardizedSoftTargets,
        Variational,
        VirtualTeacher,
        hinton,
        schedules,
        schemes,
    )
    from .models import wrap
    from .report import compare
    from .study import Study

_SUBPACKAGES = (
    "data",
    "diagnosis",
    "distill",
    "figures",
    "losses",
    "measure",
    "models",
    "panels",
    "report",
    "study",
    "widgets",
)
_FROM_DISTILL = (
    "Adversarial",
    "AttentionMatrices",
    "AttentionTransfer",
    "Contrastive",
    "Correlation",
    "Cosine",
    "DarkReplay",
    "Decoupled",
    "DemographicParity",
    "Distillation",
    "DistillationToken",
    "Embeddings",
    "EqualizedOdds",
    "FocusedSoftTargets",
    "Gram",
    "HardLabels",
    "HiddenStates",
    "Hint",
    "JensenShannon",
    "LabelSmoothing",
    "LogitHuber",
    "LogitMSE",
    "MultiTeacher",
    "Mutual",
    "NeuronSelectivity",
    "Objective",
    "OwnTeacher",
    "ProbabilisticTransfer",
    "Recipe",
    "RelationalAngle",
    "RelationalDistance",
    "ReverseKL",
    "SimilarityPreserving",
    "SoftCrossEntropy",
    "SoftTargets",
    "SoftTargetsWithoutT2",
    "SolutionFlow",
    "StandardizedSoftTargets",
    "Variational",
    "VirtualTeacher",
    "hinton",
    "schedules",
    "schemes",
)

__all__ = [
    "Adversarial",
    "AttentionMatrices",
    "AttentionTransfer",
    "Contrastive",
    "Correlation",
    "Cosine",
    "DarkReplay",
    "Decoupled",
    "DemographicParity",
    "Diagnosis",
    "Distillation",
    "DistillationToken",
    "Embeddings",
    "EqualizedOdds",
    "FocusedSoftTargets",
    "Gram",
    "HardLabels",
    "HiddenStates",
    "Hint",
    "JensenShannon",
    "LabelSmoothing",
    "LogitHuber",
    "LogitMSE",
    "MultiTeacher",
    "Mutual",
    "NeuronSelectivity",
    "Objective",
    "OwnTeacher",
    "ProbabilisticTransfer",
    "Recipe",
    "RelationalAngle",
    "RelationalDistance",
    "ReverseKL",
    "SimilarityPreserving",
    "SoftCrossEntropy",
    "SoftTargets",
    "SoftTargetsWithoutT2",
    "SolutionFlow",
    "StandardizedSoftTargets",
    "Study",
    "Variational",
    "VirtualTeacher",
    "__version__",
    "compare",
    "data",
    "diagnose",
    "diagnosis",
    "distill",
    "figures",
    "hinton",
    "losses",
    "measure",
    "models",
    "panels",
    "report",
    "schedules",
    "schemes",
    "study",
    "widgets",
    "wrap",
]


def __getattr__(name: str) -> Any:
    """Load a subpackage or a public name the first time it is used (PEP 562)."""
    if name in _SUBPACKAGES:
        return import_module(f"{__name__}.{name}")
    if name in _FROM_DISTILL:
        return getattr(import_module(f"{__name__}.distill"), name)
    if name == "compare":
        return import_module(f"{__name__}.report").compare
    if name == "wrap":
        return import_module(f"{__name__}.models").wrap
    if name in ("Diagnosis", "diagnose"):
        return getattr(import_module(f"{__name__}.diagnosis"), name)
    if name == "Study":
        return import_module(f"{__name__}.study").Study
    raise AttributeError(f"module 'kdviz' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
