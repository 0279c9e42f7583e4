"""Formulas of methods as MathML."""

from __future__ import annotations

import re

from kdviz.distill.methods import METHODS
from kdviz.panels.methods.formula import formulas


def test_formulas_are_read_whole():
    for chosen in METHODS.values():
        for line in formulas(chosen):
            assert line.startswith("<math ") and "\\" not in re.sub(r"<[^>]*>", "", line), chosen.name
