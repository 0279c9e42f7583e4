"""Panels: controls and figures around a Distillation or a pair of models, shown by being the last line of a cell."""

from .compare import Compare
from .experiments import Experiments
from .lab.lab import Lab
from .methods.methods import Methods
from .soft_targets import SoftTargets

__all__ = ["Compare", "Experiments", "Lab", "Methods", "SoftTargets"]
