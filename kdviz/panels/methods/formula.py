"""The formula of a method as MathML, which browsers draw themselves."""

from __future__ import annotations

import re

from ...distill.methods import Method
from ..live.mathml import drawn
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
    first, *others = _objective(chosen, added)
    more = [drawn(rf"\quad {part}").replace("<math ", '<math class="kd-formula-more" ', 1) for part in others]
    return [drawn(first), *more, *map(drawn, _meanings(chosen, added))]


def latex(chosen: Method, added: Method | None = None) -> list[str]:
    """Return the same as LaTeX.

    >>> from kdviz.distill.methods import method
    >>> print(latex(method("cosine"))[0])
    \\mathcal{L} = \\mathrm{CE}(s, y) + \\lambda\\,\\big(1 - \\cos\\big(r(h_s), h_t\\big)\\big)
    """
    return [" ".join(_objective(chosen, added)), *_meanings(chosen, added)]


def _objective(chosen: Method, added: Method | None) -> list[str]:
    """Return an objective, and what a second method adds to it, which stands on a line of its own."""
    term = _parts(chosen)[0]
    alone = {"labels": term, "response": _shared(term)}
    whole = alone.get(chosen.family, rf"\mathrm{{CE}}(s, y) + \lambda\,{term}")
    if added is None:
        return [rf"\mathcal{{L}} = {whole}"]
    other = _with_heat(_parts(added)[0], heat_symbol(added, chosen))
    if shares_alpha(chosen, added):
        return [rf"\mathcal{{L}} = {_shared(other)}", rf"+ \lambda\,{term}"]
    return [rf"\mathcal{{L}} = {whole}", rf"+ {LETTERS[second_symbol(chosen, added)]}\,{other}"]


def _meanings(chosen: Method, added: Method | None) -> list[str]:
    """Return what the letters mean."""
    said = [_parts(chosen)[1]]
    if added is not None:
        said.append(_with_heat(_parts(added)[1], heat_symbol(added, chosen)))
    return list(dict.fromkeys(filter(None, said)))


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
