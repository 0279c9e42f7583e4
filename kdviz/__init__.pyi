"""The public names of kdviz: this list is what `lazy_loader`, completion and type checkers read."""
# ruff: noqa: I001  # one name, one line

from . import (
    data as data,
    diagnosis as diagnosis,
    distill as distill,
    figures as figures,
    lessons as lessons,
    losses as losses,
    measure as measure,
    models as models,
    panels as panels,
    report as report,
    study as study,
    widgets as widgets,
)
from .diagnosis import Diagnosis as Diagnosis, diagnose as diagnose
from .distill import (
    Adversarial as Adversarial,
    AttentionMatrices as AttentionMatrices,
    AttentionTransfer as AttentionTransfer,
    ChannelAttention as ChannelAttention,
    Contrastive as Contrastive,
    Correlation as Correlation,
    Cosine as Cosine,
    DarkReplay as DarkReplay,
    Decoupled as Decoupled,
    DemographicParity as DemographicParity,
    Distillation as Distillation,
    DistillationToken as DistillationToken,
    Embeddings as Embeddings,
    EqualizedOdds as EqualizedOdds,
    FirstChoice as FirstChoice,
    FocusedSoftTargets as FocusedSoftTargets,
    Gram as Gram,
    HardLabels as HardLabels,
    HiddenStates as HiddenStates,
    Hint as Hint,
    JensenShannon as JensenShannon,
    LabelSmoothing as LabelSmoothing,
    LogitHuber as LogitHuber,
    LogitMSE as LogitMSE,
    MultiTeacher as MultiTeacher,
    Mutual as Mutual,
    NeuronSelectivity as NeuronSelectivity,
    Objective as Objective,
    ProbabilisticTransfer as ProbabilisticTransfer,
    Recipe as Recipe,
    RelationalAngle as RelationalAngle,
    RelationalDistance as RelationalDistance,
    ReverseKL as ReverseKL,
    SelfDistillation as SelfDistillation,
    SimilarityPreserving as SimilarityPreserving,
    SoftCrossEntropy as SoftCrossEntropy,
    SoftTargets as SoftTargets,
    SoftTargetsWithoutT2 as SoftTargetsWithoutT2,
    SolutionFlow as SolutionFlow,
    StandardizedSoftTargets as StandardizedSoftTargets,
    TokenLabels as TokenLabels,
    TokenSoftTargets as TokenSoftTargets,
    Variational as Variational,
    VirtualTeacher as VirtualTeacher,
    hinton as hinton,
    methods as methods,
    schedules as schedules,
    schemes as schemes,
)
from .models import Tempered as Tempered, wrap as wrap
from .report import compare as compare
from .study import Study as Study
from .words import language as language

__version__: str
