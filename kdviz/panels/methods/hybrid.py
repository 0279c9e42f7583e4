"""Two methods in one objective, and the layers that a reader has them compare.

α belongs to the term of the response family, which shares it with the labels: α · response + (1 − α) · CE + λ · other.
Where both are of that family the first has α; where neither is, each has a weight beside labels of weight 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ...distill import Objective, Term
from ...distill.methods import METHODS, USUAL_ALPHA, Method
from ...distill.pairing import Pair
from ...distill.terms import Layered

TIMES = 100.0  # how far a weight can be moved from the usual one, to either side
MOST_LINKS = 12
_LINK = re.compile(r"([\w.-]{1,120}):([\w.-]{1,120})", re.ASCII)


def seconds(chosen: Method) -> tuple[str, ...]:
    """Return the names of the methods that can be added to one.

    >>> from kdviz.distill.methods import method
    >>> seconds(method("label_smoothing")), "hint" in seconds(method("cosine")), "hint" in seconds(method("hint"))
    ((), True, False)
    """
    if chosen.family == "labels":
        return ()
    return tuple(m.name for m in METHODS.values() if m.family != "labels" and m.name != chosen.name)


def shares_alpha(chosen: Method, added: Method | None) -> bool:
    """Whether alpha is the second method's: it alone is of the response family."""
    return added is not None and added.family == "response" and chosen.family != "response"


def own_place(chosen: Method, added: Method | None = None) -> int:
    """Return which term of the objective is the first method's."""
    if chosen.family in ("labels", "response"):
        return 0
    return 2 if shares_alpha(chosen, added) else 1


def second_place(chosen: Method, added: Method) -> int:
    """Return which term of the objective is the second method's."""
    return 0 if shares_alpha(chosen, added) else 2


def usual_second(chosen: Method, added: Method | None) -> float:
    """Return the weight of the second method's term where none is chosen."""
    if added is None or added.family == "response":
        return USUAL_ALPHA if shares_alpha(chosen, added) else 1.0
    return added.weight


def second_range(chosen: Method, added: Method | None) -> tuple[float, float]:
    """Return the ends of the slider of that weight."""
    if shares_alpha(chosen, added):
        return 0.0, 1.0
    usual = usual_second(chosen, added)
    return usual / TIMES, usual * TIMES


def second_symbol(chosen: Method, added: Method | None) -> str:
    """Return the letter that stands for that weight in the formula; empty without a second method."""
    if added is None:
        return ""
    if shares_alpha(chosen, added):
        return "α"
    return "λ" if chosen.family == "response" else "μ"


def together(made: Objective, chosen: Method, added: Method, term: Term, weight: float) -> Objective:
    """Return the first method's objective with the second method's term."""
    if not shares_alpha(chosen, added):
        return made + weight * term
    (_, hard), own = made.weighted
    return Objective(((weight, term), (1.0 - weight, hard), own))


def read_layers(text: str) -> tuple[Pair, ...]:
    """Return the links between layers that a text writes, the student's layer first in each.

    Raises
    ------
    ValueError
        In one sentence, if it writes none.

    Examples
    --------
    >>> read_layers("relu2:relu4,flatten:flatten")
    (('relu2', 'relu4'), ('flatten', 'flatten'))
    """
    if not isinstance(text, str):
        raise TypeError(f"layers must be a text of pairs of layers as relu2:relu4, got {text!r}")
    found = [_LINK.fullmatch(part) for part in text.split(",")] if text else []
    pairs = [(one[1], one[2]) for one in found if one is not None]
    if len(pairs) < len(found) or len(pairs) > MOST_LINKS or len(set(pairs)) < len(pairs):
        raise ValueError(f"layers must be 1 to {MOST_LINKS} pairs of layers as relu2:relu4, got {text[:60]!r}")
    return tuple(pairs)


def written_layers(pairs: Sequence[Pair]) -> str:
    """Write links between layers as :func:`read_layers` reads them."""
    return ",".join(f"{student}:{teacher}" for student, teacher in pairs)


def layered_as(made: Objective, chosen: Method, layers: str) -> Objective:
    """Return a method's objective with its term on the layers that a text writes; as it is for an empty one.

    Raises
    ------
    ValueError
        In one sentence, if the method compares no layers.
    """
    pairs = read_layers(layers)
    if not pairs:
        return made
    place = own_place(chosen)
    weighted = list(made.weighted)
    weight, term = weighted[place]
    if not isinstance(term, Layered):
        raise ValueError(f"{chosen.title} compares no layers that could be chosen")
    weighted[place] = weight, replace(term, student=tuple(s for s, _ in pairs), teacher=tuple(u for _, u in pairs))
    return Objective(tuple(weighted))
