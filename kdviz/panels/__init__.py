"""Panels: controls and figures around a Distillation or a pair of models, shown by being the last line of a cell."""

from .compare import Compare
from .compress.page import Compress
from .experiments import Experiments
from .lab.lab import Lab
from .methods.methods import Methods
from .pays import Pays
from .schemes.schemes import Schemes
from .soft_targets import SoftTargets
from .study.page import StudyPage
from .writing.page import Words

__all__ = [
    "Compare",
    "Compress",
    "Experiments",
    "Lab",
    "Methods",
    "Pays",
    "Schemes",
    "SoftTargets",
    "StudyPage",
    "Words",
]
