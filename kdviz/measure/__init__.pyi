"""The public names of kdviz.measure."""

from . import (
    attention,
    bias,
    calibration,
    dark_knowledge,
    fidelity,
    groups,
    landscape,
    privacy,
    relations,
    representation,
    saliency,
    similarity,
)
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
    "landscape",
    "p_value",
    "paired",
    "paired_errors",
    "privacy",
    "relations",
    "representation",
    "saliency",
    "similarity",
]
