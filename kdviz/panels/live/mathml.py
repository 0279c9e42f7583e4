"""Formulas as MathML, which browsers draw themselves."""

from __future__ import annotations

import re

from latex2mathml.converter import convert

BREAK = re.compile(r",?\s*\\quad\s*|\\allowbreak\s*")


def drawn(line: str) -> str:
    """Return one line of LaTeX as a ``<math>`` element; a wide one scrolls, by the keyboard too."""
    # latex2mathml would write the letters of a large double bar, and of arg
    line = line.replace(r"\allowbreak ", "").replace(r"\big\|", r"\|").replace(r"\arg\max", r"\mathrm{arg\,max}")
    return str(convert(line, display="block")).replace("<math ", '<math tabindex="0" ', 1)


def broken(line: str) -> str:
    """Return one line of LaTeX as several ``<math>`` elements where little room is: a line for each part.

    >>> broken(r"a \\quad b \\allowbreak + c").count("<math ")
    3
    """
    return "".join(drawn(part) for part in BREAK.split(line))
