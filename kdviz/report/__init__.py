"""Reports: two models set against each other, as numbers, figures and one file. Needs no Jupyter."""

from .comparison import compare
from .report import Maps, Report

__all__ = ["Maps", "Report", "compare"]
