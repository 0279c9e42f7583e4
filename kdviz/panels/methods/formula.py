"""The formula of a method as MathML, which browsers draw themselves."""

from __future__ import annotations

import re

from latex2mathml.converter import convert

from ...distill.methods import Method
from .hybrid import second_symbol, shares_alpha

LETTERS = {"α": r"\alpha", "λ": r"\lambda", "μ": r"\mu"}
SYMBOLS = {"response": "α", "labels": ""}  # of the weight; λ for all others
WITH = r",\quad"  # between a term and what its letters mean
HEATS = {"T": r"(?<![A-Za-z{])T(?![A-Za-z])", "τ": r"\\tau(?![A-Za-z])"}  # a temperature's letter, and where it stands


def weight_symbol(chosen: Method) -> str:
    """Return the letter that stands for the weight in the formula; empty where there is none."""
    return SYMBOLS.get(chosen.family, "λ")


def heat_symbol(chosen: Method, beside: Method | None = None) -> str:
    """Return the letter of a method's temperature; with another method before it, which may have the same: "T₂".

    >>> from kdviz.distill.methods import method
    >>> heat_symbol(method("contrastive")), heat_symbol(method("soft_targets"), method("decoupled"))
    ('τ', 'T₂')
    """
    letters = [letter for letter, where in HEATS.items() if re.search(where, chosen.formula)]
    letter = letters[0] if letters else "T"
    return f"{letter}₂" if beside is not None and re.search(HEATS[letter], beside.formula) else letter


def formulas(chosen: Method, added: Method | None = None) -> list[str]:
    """Return the objective of a method, or of two, and on further lines what the letters mean, as MathML.

    >>> from kdviz.distill.methods import method
    >>> len(formulas(method("cosine"))), len(formulas(method("gram")))
    (1, 2)
    """
    return [drawn(line) for line in latex(chosen, added)]


def latex(chosen: Method, added: Method | None = None) -> list[str]:
    """Return the same as LaTeX.

    >>> from kdviz.distill.methods import method
    >>> print(latex(method("cosine"))[0])
    \\mathcal{L} = \\mathrm{CE}(s, y) + \\lambda\\,\\big(1 - \\cos\\big(r(h_s), h_t\\big)\\big)
    """
    term, meaning = _parts(chosen)
    alone = {"labels": term, "response": _shared(term)}
    whole = alone.get(chosen.family, rf"\mathrm{{CE}}(s, y) + \lambda\,{term}")
    meanings = [meaning]
    if added is not None:
        other, its_meaning = (_with_heat(part, heat_symbol(added, chosen)) for part in _parts(added))
        meanings.append(its_meaning)
        if shares_alpha(chosen, added):
            whole = rf"{_shared(other)} + \lambda\,{term}"
        else:
            whole += rf" + {LETTERS[second_symbol(chosen, added)]}\,{other}"
    return [rf"\mathcal{{L}} = {whole}", *dict.fromkeys(filter(None, meanings))]


def _parts(chosen: Method) -> tuple[str, str]:
    """Return a method's term so that a weight can stand before it, and what its letters mean."""
    term, _, meaning = chosen.formula.partition(WITH)
    if term.startswith(("-", "1 -")):  # a weight before it would weigh its beginning alone
        term = rf"\big({term}\big)"
    return term, meaning.strip()


def _with_heat(latex: str, symbol: str) -> str:
    """Return the LaTeX of a second method with the letter of its own temperature."""
    if not symbol.endswith("₂"):
        return latex
    letter = symbol.removesuffix("₂")
    written = {"T": "{T_2}", "τ": r"{\tau_2}"}[letter]
    return re.sub(HEATS[letter], lambda _: written, latex)


def _shared(term: str) -> str:
    return rf"\alpha\,{term} + (1-\alpha)\,\mathrm{{CE}}(s, y)"


def drawn(line: str) -> str:
    """Return one line of LaTeX as a ``<math>`` element; a wide one scrolls, by the keyboard too."""
    line = line.replace(r"\big\|", r"\|")  # latex2mathml would write the letters of a large double bar
    return str(convert(line, display="block")).replace("<math ", '<math tabindex="0" ', 1)
