"""The public names of kdviz.measure."""

from . import (
    attention,
    bias,
    calibration,
    cost,
    dark_knowledge,
    fidelity,
    groups,
    landscape,
    privacy,
    relations,
    representation,
    robustness,
    saliency,
    similarity,
)
from .paired import Paired, PairedErrors, paired, paired_errors
from .pays import Pays, Use, Work, pays
from .several import holm, p_value

__all__ = [
    "Paired",
    "PairedErrors",
    "Pays",
    "Use",
    "Work",
    "attention",
    "bias",
    "calibration",
    "cost",
    "dark_knowledge",
    "fidelity",
    "groups",
    "holm",
    "landscape",
    "p_value",
    "paired",
    "paired_errors",
    "pays",
    "privacy",
    "relations",
    "representation",
    "robustness",
    "saliency",
    "similarity",
]
