"""Numbers -> plotly figures, for notebooks and reports. What is dragged is drawn by ``kdviz.widgets`` instead."""

from . import calibration, dark_knowledge, fidelity, saliency
from .learning_curves import learning_curves

__all__ = ["calibration", "dark_knowledge", "fidelity", "learning_curves", "saliency"]
