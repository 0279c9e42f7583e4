"""Formulas of Markdown cells as MathML, which browsers draw themselves: no MathJax, no request to a CDN."""

from __future__ import annotations

import re
from html import escape

from latex2mathml.converter import convert
from latex2mathml.symbols_parser import convert_symbol
from voila.exporter import VoilaMarkdownRenderer

LEFT_OVER = re.compile(r">(\\(?:[A-Za-z]+|[|{}]))</mo>")  # after \big the converter leaves a delimiter's name as it is


def mathml(latex: str, *, block: bool = False) -> str:
    """MathML of one formula.

    Parameters
    ----------
    latex : str
        The formula without its dollar signs.
    block : bool
        Whether it stands on a line of its own.

    Returns
    -------
    str
        A ``<math>`` element; the LaTeX itself, as code, where it cannot be read.

    Examples
    --------
    >>> print(mathml("T"))
    <math xmlns="http://www.w3.org/1998/Math/MathML" display="inline"><mrow><mi>T</mi></mrow></math>
    """
    try:
        drawn = str(convert(latex.strip(), display="block" if block else "inline"))
    except Exception:  # whatever a half-written formula makes the converter raise, the page is shown
        return f"<code>{escape(latex)}</code>"
    drawn = LEFT_OVER.sub(_symbol, drawn)
    # An alignment mark outside a table would be read as the start of an entity.
    drawn = re.sub(r"&(?!#?\w+;)", "&amp;", drawn)
    # A wide formula scrolls in its line; whoever has no mouse gets there by the Tab key.
    return drawn.replace("<math ", '<math tabindex="0" ', 1) if block else drawn


def _symbol(found: re.Match[str]) -> str:
    name = found[1]
    if name in ("\\{", "\\}"):
        return f">{name[1]}</mo>"
    number = convert_symbol(name)
    return f">&#x{number};</mo>" if number else found[0]


class MathRenderer(VoilaMarkdownRenderer):
    """Voila's Markdown, with formulas as MathML."""

    def block_math(self, body: str) -> str:
        return mathml(body, block=True)

    def inline_math(self, body: str) -> str:
        return mathml(body)

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", block=True)
