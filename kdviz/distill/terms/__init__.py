"""Terms: what an objective can be made of, one family a file. Each file names its terms in ``__all__``."""

from typing import TYPE_CHECKING

from ..objective import Term
from ..objective_schema import TERMS
from ..outputs import Outputs as Outputs
from ..outputs import Seen as Seen
from ..outputs import Taps as Taps
from . import (
    adversarial,
    fairness,
    feature,
    labels,
    multi_teacher,
    mutual,
    on_policy,
    relation,
    replay,
    response,
    robust,
    self_distillation,
    transformer,
)
from .adversarial import *
from .fairness import *
from .fairness import Fairness as Fairness
from .feature import *
from .hinton import hinton as hinton
from .labels import *
from .layered import Layered as Layered
from .multi_teacher import *
from .mutual import *
from .on_policy import *
from .relation import *
from .replay import *
from .response import *
from .robust import *
from .self_distillation import *
from .transformer import *

FAMILIES = (
    response,
    labels,
    feature,
    relation,
    adversarial,
    transformer,
    replay,
    multi_teacher,
    mutual,
    self_distillation,
    fairness,
    robust,
    on_policy,
)
if not TYPE_CHECKING:  # mypy reads no list that is added up
    __all__ = [name for family in FAMILIES for name in vars(family) if name in family.__all__]

TERMS.update((name, kind) for family in FAMILIES for name, kind in vars(family).items() if name in family.__all__)
_OWN = frozenset(TERMS)


def register(kind: type[Term]) -> type[Term]:
    """Have recipes and saves know a term of your own, by the name of its class; one of yours is replaced.

    Raises
    ------
    ValueError
        If kdviz has a term of that name.
    """
    if kind.__name__ in _OWN and TERMS[kind.__name__] is not kind:
        raise ValueError(f"the term {kind.__name__} is kdviz's own; choose another name for the class")
    TERMS[kind.__name__] = kind
    return kind
