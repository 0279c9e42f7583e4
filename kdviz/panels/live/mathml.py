"""Formulas as MathML, which browsers draw themselves."""

from __future__ import annotations

from latex2mathml.converter import convert


def drawn(line: str) -> str:
    """Return one line of LaTeX as a ``<math>`` element; a wide one scrolls, by the keyboard too."""
    line = line.replace(r"\big\|", r"\|")  # latex2mathml would write the letters of a large double bar
    return str(convert(line, display="block")).replace("<math ", '<math tabindex="0" ', 1)
