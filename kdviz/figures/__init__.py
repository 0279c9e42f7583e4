"""Numbers -> plotly figures, for notebooks and reports. What is dragged is drawn by ``kdviz.widgets`` instead."""

from .learning_curves import learning_curves

__all__ = ["learning_curves"]
