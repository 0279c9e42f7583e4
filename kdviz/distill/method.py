"""A method: what it compares, its formula, its source, and its term.

Each method is declared below its term, in ``terms``; :mod:`kdviz.distill.methods` looks them up by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .objective import Objective, Term
from .objective_schema import TERMS
from .pairing import LayerPairs, Pair

Family = Literal["labels", "response", "feature", "relation", "adversarial", "transformer"]
Tensors = Literal[
    "labels", "logits", "maps", "features", "tokens", "attention", "embeddings", "teachers", "distillation token"
]

USUAL_ALPHA = 0.9


@dataclass(frozen=True)
class Method:
    """One way to teach a student.

    Attributes
    ----------
    name : str
        For ``method(name)``; it is, or begins with, the name of the loss in :mod:`kdviz.losses`.
    title : str
        The name shown to readers.
    family : str
    compares : str
        Which tensors of teacher and student are compared: "logits", "maps" (of all stages), "features" (of the
        penultimate layer), "tokens", "attention", "embeddings", the logits of several "teachers", those of a
        "distillation token", or "labels" where there is no teacher.
    says : str
        One sentence: what the student is asked to do.
    formula : str
        LaTeX, with s and t the logits, F_s and F_t the features: the loss of one example, or, where it sums over i and
        j, of a batch of B; after ``,\\quad`` the meaning of its symbols.
    source : str
        Authors, year and arXiv number or venue.
    weight : float
        Of its term: 1 for the response family, which shares alpha; otherwise relative to hard labels of weight 1. It
        is the paper's, converted to the convention here, or one that makes the term about as large as the hard labels.
    make : callable
        Maps the layer pairs of two models to the term on their layers, or to None where they have none of the kind.
    in_words : str
        What is compared, where that is not the softened answers or layer outputs: "the logits".
    picture : str
        How it is drawn: "bars", "map", "matrix", "vector" or "tokens"; by default that of its family.
    acronyms : str
        What the field calls it for short, separated by commas: "RKD, RKD-D".
    variant_of : str
        The name of the method that it is a form of; a league of all methods has that one alone.
    """

    name: str
    title: str
    family: Family
    compares: Tensors
    says: str
    formula: str
    source: str
    weight: float
    make: Callable[[LayerPairs], Term | None]
    in_words: str = ""
    picture: str = ""
    acronyms: str = ""
    variant_of: str = ""

    def term(self, pairs: LayerPairs) -> Term:
        """Return the method's own term for two models.

        Raises
        ------
        ValueError
            If the models lack layers of the kind that it compares.
        """
        made = self.make(pairs)
        if made is None:
            if self.compares in _LACKS:
                raise ValueError(f"{self.title} needs {_LACKS[self.compares]}")
            raise ValueError(
                f"{self.title} compares {_NEEDS.get(self.compares, self.compares)} and these two models have none that "
                "correspond; name the layers in its term yourself, or choose another method"
            )
        return made

    def fits(self, pairs: LayerPairs) -> bool:
        """Whether the two models have what the method compares."""
        return self.make(pairs) is not None

    def objective(self, pairs: LayerPairs, *, weight: float | None = None, alpha: float = USUAL_ALPHA) -> Objective:
        """Return the objective: the method's term and hard labels.

        Parameters
        ----------
        pairs : LayerPairs
            Of the two models: ``kdviz.distill.pairing.layer_pairs``.
        weight : float, optional
            Of the method's term, instead of the default; for the response family it replaces alpha.
        alpha : float
            The weight of the response family's term; hard labels get 1 − alpha.
        """
        term, hard = self.term(pairs), TERMS["HardLabels"]()
        if self.family == "labels":
            return 1.0 * term
        if self.family == "response":
            share = alpha if weight is None else weight
            return share * term + (1 - alpha) * hard
        return 1.0 * hard + (self.weight if weight is None else weight) * term


_LACKS = {
    "teachers": "several teachers, and here is one; make them one by kd.schemes.ensemble(teachers)",
    "distillation token": "a student with a distillation token; take kd.models.vit(distilled=True)",
}
_NEEDS = {"maps": "feature maps", "features": "the last features", "tokens": "tokens of blocks"}


def always(make: Callable[[], Term]) -> Callable[[LayerPairs], Term | None]:
    """Make a term that uses no layer."""
    return lambda pairs: make()


def on_layers(kind: str, make: Callable[..., Term], **fixed: object) -> Callable[[LayerPairs], Term | None]:
    """Make a term on all pairs of a kind, or on the one pair where there is one."""

    def build(layers: LayerPairs) -> Term | None:
        of_kind: tuple[Pair, ...] | Pair | None = getattr(layers, kind)
        if not of_kind:
            return None
        pairs: tuple[Pair, ...] = (of_kind,) if isinstance(of_kind[0], str) else of_kind
        return make(tuple(s for s, _ in pairs), tuple(u for _, u in pairs), **fixed)

    return build


def on_block(
    make: Callable[..., Term], which: int = -1, *, places: bool = False
) -> Callable[[LayerPairs], Term | None]:
    """Make a term on one block, by default the last; with ``places`` it must output maps or tokens."""

    def build(pairs: LayerPairs) -> Term | None:
        blocks = pairs.tokens or pairs.maps if places else pairs.blocks
        if not blocks:
            return None
        student, teacher = blocks[max(which, -len(blocks))]
        return make(student, teacher)

    return build


def on_maps(make: Callable[..., Term]) -> Callable[[LayerPairs], Term | None]:
    """Make a term on the maps of all stages; a transformer's patches do not count as maps."""
    return lambda pairs: None if pairs.tokens else on_layers("maps", make)(pairs)


OWN: list[Method] = []
"""kdviz's own methods, in the order in which their terms are defined."""


def catalogue(method: Method) -> Method:
    """Add one of kdviz's own methods; those of others go through :func:`kdviz.distill.methods.register`."""
    OWN.append(method)
    return method
