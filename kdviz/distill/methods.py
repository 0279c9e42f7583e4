"""The methods of the field by name: what each compares, its formula, its source, and its objective.

A method is nothing but an objective: ``method("hint").objective(pairs)`` returns terms that can be weighted, edited and
added to others. Each is declared below its term, in ``terms``.
"""

from __future__ import annotations

import re
from typing import get_args

from .. import outside
from ..words import t
from ..words.naming import listed
from . import terms
from .method import OWN, USUAL_ALPHA, Family, Method
from .objective import Term
from .pairing import LayerPairs

__all__ = ["METHODS", "USUAL_ALPHA", "Method", "fitting", "method", "register"]


def method(name: str) -> Method:
    """Return a method by name, or by an acronym.

    Raises
    ------
    ValueError
        If there is no such method.

    Examples
    --------
    >>> method("hint").title, method("DKD").name, method("AT").name
    ('Hints (FitNets)', 'decoupled', 'attention_transfer')
    """
    if name in METHODS:
        return METHODS[name]
    short = [m for m in METHODS.values() if name and name.casefold() in _acronyms(m)]
    if len(short) != 1:
        names = [m.name for m in short] or METHODS  # an acronym of several
        raise ValueError(
            t("{name} must be one of {names}, got {value}", name="method", names=listed(names, name), value=repr(name))
        )
    return short[0]


def _acronyms(m: Method) -> list[str]:
    listed = [one.strip() for one in m.acronyms.split(",")]
    return [one.casefold() for one in (*listed, *re.findall(r"\((.+?)\)", m.title)) if one]


def register(chosen: Method, *kinds: type[Term]) -> Method:
    """Add a method of your own to the catalogue, for the Methods page, leagues and recipes.

    Call it in a notebook, or in a module that a package names in the entry point ``kdviz.methods``.

    Parameters
    ----------
    chosen : Method
        Its name must differ from those of kdviz's own methods; an earlier one of your own is replaced.
    *kinds : subclass of Term
        Its terms, where they are your own: recipes and saves then find them by class name.

    Raises
    ------
    ValueError
        If a name is taken.
    """
    if any(chosen.name == own.name for own in OWN):
        raise ValueError(f"the method {chosen.name!r} is kdviz's own; choose another name")
    for kind in kinds:
        terms.register(kind)
    METHODS[chosen.name] = chosen
    return chosen


def fitting(pairs: LayerPairs) -> tuple[Method, ...]:
    """Return the methods that two models have the layers for."""
    return tuple(m for m in METHODS.values() if m.fits(pairs))


METHODS: dict[str, Method] = {m.name: m for m in sorted(OWN, key=lambda m: get_args(Family).index(m.family))}
"""Every method of the field, by name, in teaching order.

Terms that need others than one teacher, or several, and one student (``Mutual``, ``SelfDistillation``, ``DarkReplay``),
and penalties on unequal treatment, exist only as terms and schemes.
"""

outside.load("kdviz.methods")
