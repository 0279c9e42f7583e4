"""Reports: two models compared, as numbers, figures and one file. Needs no Jupyter."""

from .comparison import compare
from .looks import Layers, Maps
from .privacy import Privacy
from .report import Report

__all__ = ["Layers", "Maps", "Privacy", "Report", "compare"]
