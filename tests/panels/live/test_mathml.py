"""Formulas as MathML."""

from __future__ import annotations

import re

from kdviz.panels.live.mathml import drawn
from kdviz.panels.schemes.catalogue import schemes


def test_the_formulas_of_schemes_are_read_whole_and_scroll_by_the_keyboard():
    formulas = {name: scheme.latex for name, scheme in schemes().items() if scheme.latex}
    assert {"on_policy", "tinybert", "distilbert"} <= set(formulas)
    for name, latex in formulas.items():
        found = drawn(latex)
        assert found.startswith('<math tabindex="0" ') and "\\" not in re.sub(r"<[^>]*>", "", found), name
