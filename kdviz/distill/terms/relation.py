"""Terms on relations between the examples of a batch, or between two layers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from torch import Tensor

from ... import losses
from ...words import mark
from ..method import Method, catalogue, on_block, on_layers
from ..outputs import Outputs
from .layered import Layered, OverChannels

__all__ = ["ProbabilisticTransfer", "RelationalAngle", "RelationalDistance", "SimilarityPreserving", "SolutionFlow"]


@dataclass(frozen=True)
class RelationalDistance(Layered):
    """Relational knowledge distillation (RKD): distances between examples.

    See :func:`kdviz.losses.relational_distance`.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers, pair by pair; their widths may differ.
    """

    name: ClassVar[str] = "relational_distance"

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        return losses.relational_distance(s, t)


catalogue(Method(
    "relational_distance", mark("Relational distance (RKD)"), "relation", "features",
    mark("Keep the examples of a batch as far apart as the teacher has them."),
    r"\tfrac{1}{B^2}\textstyle\sum_{ij}\mathrm{smooth}\ell_1\big(\psi_D(s_i, s_j), \psi_D(t_i, t_j)\big)",
    "Park et al. 2019, arXiv:1904.05068", 25.0, on_layers("features", RelationalDistance),
    in_words=mark("the distances between the examples of a batch"),
    acronyms="RKD, RKD-D",
))  # fmt: skip


@dataclass(frozen=True)
class RelationalAngle(Layered):
    """Relational knowledge distillation (RKD): angles between three examples.

    See :func:`kdviz.losses.relational_angle`.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers, pair by pair; their widths may differ.
    """

    name: ClassVar[str] = "relational_angle"

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        return losses.relational_angle(s, t)


catalogue(Method(
    "relational_angle", mark("Relational angle (RKD)"), "relation", "features",
    mark("Keep the angles that every three examples make."),
    r"\tfrac{1}{B^3}\textstyle\sum_{ijk}"
    r"\mathrm{smooth}\ell_1\big(\psi_A(s_i, s_j, s_k), \psi_A(t_i, t_j, t_k)\big)",
    "Park et al. 2019, arXiv:1904.05068", 50.0, on_layers("features", RelationalAngle),
    in_words=mark("the angles that every three examples of a batch make"),
    acronyms="RKD, RKD-A",
))  # fmt: skip


@dataclass(frozen=True)
class SimilarityPreserving(Layered):
    """Similarity preserving (SP): find those examples alike that the teacher finds alike.

    See :func:`kdviz.losses.similarity_preserving`.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers, pair by pair; their shapes may differ.
    """

    name: ClassVar[str] = "similarity_preserving"

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        return losses.similarity_preserving(s, t)


catalogue(Method(
    "similarity_preserving", mark("Similarity preserving"), "relation", "maps",
    mark("Find those examples alike that the teacher finds alike."),
    r"\big\|\hat G_s - \hat G_t\big\|_F^2 / B^2,\quad G = F F^\top", "Tung, Mori 2019, arXiv:1907.09682", 3000.0,
    on_block(SimilarityPreserving),
    in_words=mark("how alike every two examples of a batch are"),
    acronyms="SP, SPKD",
))  # fmt: skip


@dataclass(frozen=True)
class SolutionFlow(OverChannels):
    """Flow of solution procedure (FSP): relate layers as the teacher does. See :func:`kdviz.losses.solution_flow`.

    Each layer is paired with the next one named; where channels differ from the teacher's, a 1×1 convolution that is
    trained with the student bridges them.

    Parameters
    ----------
    student, teacher : sequence of str
        Two or more layers that give maps (B, C, H, W), in the order in which they answer.
    regressor : {"auto", "conv", "conv-bn"}
        Bridges different numbers of channels.
    """

    name: ClassVar[str] = "solution_flow"
    fewest: ClassVar[int] = 2

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        both = self.tapped(outputs)
        flows = [
            losses.solution_flow(first_s, second_s, first_t, second_t)
            for (first_s, first_t), (second_s, second_t) in pairwise(both)
        ]
        return sum(flows[1:], start=flows[0])


catalogue(Method(
    "solution_flow", mark("Flow of solution (FSP)"), "relation", "maps",
    mark("Go from stage to stage as the teacher goes."),
    r"\big\|F_1^{s\top}F_2^s - F_1^{t\top}F_2^t\big\|^2 / (C_1 C_2 (HW)^2)", "Yim et al. 2017", 10.0,
    lambda pairs: on_layers("maps", SolutionFlow)(pairs) if len(pairs.maps) > 1 else None,
    in_words=mark("how each stage follows from the one before"), picture="matrix",
    acronyms="FSP",
))  # fmt: skip


@dataclass(frozen=True)
class ProbabilisticTransfer(Layered):
    """Probabilistic knowledge transfer (PKT): the teacher's neighbors, with their probabilities.

    See :func:`kdviz.losses.probabilistic_transfer`.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers, pair by pair; their shapes may differ.
    """

    name: ClassVar[str] = "probabilistic_transfer"

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        return losses.probabilistic_transfer(s, t)


catalogue(Method(
    "probabilistic_transfer", mark("Probabilistic transfer (PKT)"), "relation", "features",
    mark("Have the neighbors that the teacher has, with their probabilities."),
    r"\tfrac{1}{B^2}\textstyle\sum_{ij} p^t_{ij}\log(p^t_{ij}/p^s_{ij})",
    "Passalis, Tefas 2018, arXiv:1803.10837", 3000.0, on_layers("features", ProbabilisticTransfer),
    in_words=mark("who is near whom in a batch"),
    acronyms="PKT",
))  # fmt: skip
