"""Terms on relations: how the examples of a batch, or two layers, stand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from torch import Tensor

from ... import losses
from .feature import with_channels_of
from .layered import Adapted, Layered
from .term import Outputs


@dataclass(frozen=True)
class RelationalDistance(Layered):
    """Keep the examples as far apart as the teacher has them (RKD). See :func:`kdviz.losses.relational_distance`.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers, pair by pair; their widths may differ.
    """

    name: ClassVar[str] = "relational_distance"

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        return losses.relational_distance(s, t)


@dataclass(frozen=True)
class RelationalAngle(Layered):
    """Keep the angles that three examples make with the teacher (RKD). See :func:`kdviz.losses.relational_angle`.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers, pair by pair; their widths may differ.
    """

    name: ClassVar[str] = "relational_angle"

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        return losses.relational_angle(s, t)


@dataclass(frozen=True)
class SimilarityPreserving(Layered):
    """Find those examples alike that the teacher finds alike. See :func:`kdviz.losses.similarity_preserving`.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers, pair by pair; their shapes may differ.
    """

    name: ClassVar[str] = "similarity_preserving"

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        return losses.similarity_preserving(s, t)


@dataclass(frozen=True)
class ProbabilisticTransfer(Layered):
    """Have the neighbours that the teacher has, with their probabilities (PKT).

    See :func:`kdviz.losses.probabilistic_transfer`.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers, pair by pair; their shapes may differ.
    """

    name: ClassVar[str] = "probabilistic_transfer"

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        return losses.probabilistic_transfer(s, t)


@dataclass(frozen=True)
class SolutionFlow(Adapted):
    """Go from layer to layer as the teacher goes (FSP). See :func:`kdviz.losses.solution_flow`.

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

    def goal(self, given: tuple[int, ...], teacher: tuple[int, ...]) -> tuple[int, ...]:
        return with_channels_of(given, teacher)

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        both = self.tapped(outputs)
        flows = [
            losses.solution_flow(first_s, second_s, first_t, second_t)
            for (first_s, first_t), (second_s, second_t) in pairwise(both)
        ]
        return sum(flows[1:], start=flows[0])
