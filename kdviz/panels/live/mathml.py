"""Formulas as MathML, which browsers draw themselves."""

from __future__ import annotations

from latex2mathml.converter import convert


def drawn(line: str) -> str:
    """Return one line of LaTeX as a ``<math>`` element; a wide one scrolls, by the keyboard too."""
    # latex2mathml would write the letters of a large double bar, and of arg
    line = line.replace(r"\big\|", r"\|").replace(r"\arg\max", r"\mathrm{arg\,max}")
    return str(convert(line, display="block")).replace("<math ", '<math tabindex="0" ', 1)
