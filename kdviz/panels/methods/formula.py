"""The formula of a method as MathML, which browsers draw themselves."""

from __future__ import annotations

from latex2mathml.converter import convert

from ...distill.methods import Method
from .hybrid import second_symbol, shares_alpha

LETTERS = {"α": r"\alpha", "λ": r"\lambda", "μ": r"\mu"}
SYMBOLS = {"response": "α", "labels": ""}  # of the weight; λ for all others
WITH = r",\quad"  # between a term and what its letters mean


def weight_symbol(chosen: Method) -> str:
    """Return the letter that stands for the weight in the formula; empty where there is none."""
    return SYMBOLS.get(chosen.family, "λ")


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
    if added is not None and shares_alpha(chosen, added):
        return [rf"\mathcal{{L}} = {_shared(_parts(added)[0])}", rf"+ \lambda\,{term}"]
    alone = {"labels": term, "response": _shared(term)}
    whole = alone.get(chosen.family, rf"\mathrm{{CE}}(s, y) + \lambda\,{term}")
    more = [] if added is None else [rf"+ {LETTERS[second_symbol(chosen, added)]}\,{_parts(added)[0]}"]
    return [rf"\mathcal{{L}} = {whole}", *more]


def _meanings(chosen: Method, added: Method | None) -> list[str]:
    """Return what the letters mean."""
    return list(dict.fromkeys(filter(None, (_parts(one)[1] for one in (chosen, added) if one is not None))))


def _parts(chosen: Method) -> tuple[str, str]:
    """Return a method's term so that a weight can stand before it, and what its letters mean."""
    term, _, meaning = chosen.formula.partition(WITH)
    if term.startswith(("-", "1 -")):  # a weight before it would weigh its beginning alone
        term = rf"\big({term}\big)"
    return term, meaning.strip()


def _shared(term: str) -> str:
    return rf"\alpha\,{term} + (1-\alpha)\,\mathrm{{CE}}(s, y)"


def drawn(line: str) -> str:
    """Return one line of LaTeX as a ``<math>`` element; a wide one scrolls, by the keyboard too."""
    line = line.replace(r"\big\|", r"\|")  # latex2mathml would write the letters of a large double bar
    return str(convert(line, display="block")).replace("<math ", '<math tabindex="0" ', 1)
