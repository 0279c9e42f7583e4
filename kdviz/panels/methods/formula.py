"""The formula of a method as MathML, which browsers draw themselves."""

from __future__ import annotations

from latex2mathml.converter import convert

from ...distill.methods import Method

SYMBOLS = {"response": "α", "labels": ""}  # of the weight; λ for all others
WITH = r",\quad"  # between a term and what its letters mean


def weight_symbol(chosen: Method) -> str:
    """Return the letter that stands for the weight in the formula; empty where there is none."""
    return SYMBOLS.get(chosen.family, "λ")


def formulas(chosen: Method) -> list[str]:
    """Return the objective of a method, and on a second line what its letters mean, as MathML.

    >>> from kdviz.distill.methods import method
    >>> len(formulas(method("cosine"))), len(formulas(method("gram")))
    (1, 2)
    """
    return [drawn(line) for line in latex(chosen)]


def latex(chosen: Method) -> list[str]:
    """Return the same as LaTeX.

    >>> from kdviz.distill.methods import method
    >>> print(latex(method("cosine"))[0])
    \\mathcal{L} = \\mathrm{CE}(s, y) + \\lambda\\,\\big(1 - \\cos\\big(r(h_s), h_t\\big)\\big)
    """
    term, _, meaning = chosen.formula.partition(WITH)
    if term.startswith(("-", "1 -")):  # a weight before it would weigh its beginning alone
        term = rf"\big({term}\big)"
    whole = {
        "labels": term,
        "response": rf"\alpha\,{term} + (1-\alpha)\,\mathrm{{CE}}(s, y)",
    }.get(chosen.family, rf"\mathrm{{CE}}(s, y) + \lambda\,{term}")
    return [rf"\mathcal{{L}} = {whole}", *([meaning.strip()] if meaning else [])]


def drawn(line: str) -> str:
    """Return one line of LaTeX as a ``<math>`` element; a wide one scrolls, by the keyboard too."""
    line = line.replace(r"\big\|", r"\|")  # latex2mathml would write the letters of a large double bar
    return str(convert(line, display="block")).replace("<math ", '<math tabindex="0" ', 1)
