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
from .characters import Characters, bits_a_character
from .exposure import Exposure, exposure
from .paired import Paired, PairedErrors, paired, paired_errors
from .pays import Pays, Use, Work, pays
from .sequence_interval import Interval
from .sequences import Sequences, sequences
from .several import holm, p_value

__all__ = [
    "Characters",
    "Exposure",
    "Interval",
    "Paired",
    "PairedErrors",
    "Pays",
    "Sequences",
    "Use",
    "Work",
    "attention",
    "bias",
    "bits_a_character",
    "calibration",
    "cost",
    "dark_knowledge",
    "exposure",
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
    "sequences",
    "similarity",
]
