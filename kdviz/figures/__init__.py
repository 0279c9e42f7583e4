"""Numbers -> plotly figures, for notebooks and reports. What is dragged is drawn by ``kdviz.widgets`` instead."""

from . import (
    attention,
    bias,
    calibration,
    dark_knowledge,
    fidelity,
    landscape,
    privacy,
    representation,
    robustness,
    saliency,
    sequences,
    similarity,
    study,
)
from .learning_curves import learning_curves

__all__ = [
    "attention",
    "bias",
    "calibration",
    "dark_knowledge",
    "fidelity",
    "landscape",
    "learning_curves",
    "privacy",
    "representation",
    "robustness",
    "saliency",
    "sequences",
    "similarity",
    "study",
]
