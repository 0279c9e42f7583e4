"""The public names of kdviz.measure."""

from . import attention, bias, calibration, dark_knowledge, fidelity, groups, privacy, relations, saliency, similarity
from .paired import Paired, PairedErrors, paired, paired_errors
from .several import holm, p_value

__all__ = [
    "Paired",
    "PairedErrors",
    "attention",
    "bias",
    "calibration",
    "dark_knowledge",
    "fidelity",
    "groups",
    "holm",
    "p_value",
    "paired",
    "paired_errors",
    "privacy",
    "relations",
    "saliency",
    "similarity",
]
