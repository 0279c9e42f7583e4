"""Terms: what an objective can be made of, one family a file."""

from .adversarial import Adversarial
from .fairness import DemographicParity, EqualizedOdds, Fairness
from .feature import AttentionTransfer, Contrastive, Cosine, Gram, Hint, NeuronSelectivity, Variational
from .labels import HardLabels, LabelSmoothing, VirtualTeacher
from .layered import Layered
from .multi_teacher import MultiTeacher
from .mutual import Mutual
from .relation import (
    ProbabilisticTransfer,
    RelationalAngle,
    RelationalDistance,
    SimilarityPreserving,
    SolutionFlow,
)
from .replay import DarkReplay
from .response import (
    Correlation,
    Decoupled,
    FocusedSoftTargets,
    JensenShannon,
    LogitHuber,
    LogitMSE,
    ReverseKL,
    SoftTargets,
    SoftTargetsWithoutT2,
    StandardizedSoftTargets,
)
from .self_distillation import SelfDistillation
from .term import Outputs, Seen, Taps, Term
from .transformer import AttentionMatrices, DistillationToken, Embeddings, HiddenStates, SoftCrossEntropy

TERMS: dict[str, type[Term]] = {
    kind.__name__: kind
    for kind in (
        SoftTargets,
        ReverseKL,
        JensenShannon,
        SoftTargetsWithoutT2,
        SoftCrossEntropy,
        StandardizedSoftTargets,
        Decoupled,
        Correlation,
        FocusedSoftTargets,
        LogitMSE,
        LogitHuber,
        HardLabels,
        LabelSmoothing,
        VirtualTeacher,
        Hint,
        AttentionTransfer,
        Gram,
        NeuronSelectivity,
        Cosine,
        Contrastive,
        Variational,
        RelationalDistance,
        RelationalAngle,
        SimilarityPreserving,
        ProbabilisticTransfer,
        SolutionFlow,
        Adversarial,
        AttentionMatrices,
        HiddenStates,
        Embeddings,
        DistillationToken,
        DarkReplay,
        MultiTeacher,
        Mutual,
        SelfDistillation,
        DemographicParity,
        EqualizedOdds,
    )
}
"""Every term that can be written to a recipe and read back, by its name."""

_OWN = frozenset(TERMS)


def register(kind: type[Term]) -> type[Term]:
    """Have recipes and saves know a term of your own, by the name of its class; one of yours is replaced.

    Raises
    ------
    ValueError
        If kdviz has a term of that name.
    """
    if kind.__name__ in _OWN and TERMS[kind.__name__] is not kind:
        raise ValueError(f"the term {kind.__name__} is kdviz's own; choose another name for the class")
    TERMS[kind.__name__] = kind
    return kind


__all__ = [
    "TERMS",
    "Adversarial",
    "AttentionMatrices",
    "AttentionTransfer",
    "Contrastive",
    "Correlation",
    "Cosine",
    "DarkReplay",
    "Decoupled",
    "DemographicParity",
    "DistillationToken",
    "Embeddings",
    "EqualizedOdds",
    "Fairness",
    "FocusedSoftTargets",
    "Gram",
    "HardLabels",
    "HiddenStates",
    "Hint",
    "JensenShannon",
    "LabelSmoothing",
    "Layered",
    "LogitHuber",
    "LogitMSE",
    "MultiTeacher",
    "Mutual",
    "NeuronSelectivity",
    "Outputs",
    "ProbabilisticTransfer",
    "RelationalAngle",
    "RelationalDistance",
    "ReverseKL",
    "Seen",
    "SelfDistillation",
    "SimilarityPreserving",
    "SoftCrossEntropy",
    "SoftTargets",
    "SoftTargetsWithoutT2",
    "SolutionFlow",
    "StandardizedSoftTargets",
    "Taps",
    "Term",
    "Variational",
    "VirtualTeacher",
    "register",
]
