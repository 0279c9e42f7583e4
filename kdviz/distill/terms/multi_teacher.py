"""Several teachers at once: whose soft targets count how much."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from ... import losses
from ...losses.precision import at_least_float32
from ...losses.several_teachers import confident_log_weights, fused_likelihood
from ...words import mark
from ..method import Method, catalogue
from ..objective import Term
from ..outputs import Outputs, Seen, Taps
from ..pairing import LayerPairs
from .feature import at_least_one
from .layered import names
from .response import SoftTargets

__all__ = ["MultiTeacher"]

WEIGHTINGS = ("uniform", "confidence", "learned")


@dataclass(frozen=True)
class MultiTeacher(SoftTargets):
    """Learn the weighted mean of several teachers' softened answers: T² · KL(Σ_k w_k σ_T(t_k) ‖ σ_T(s)).

    The teacher is a :class:`kdviz.models.Ensemble`, or any module whose named layers give logits. The term stands
    wherever :class:`SoftTargets` may: alpha weighs it, the temperature is live.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0.
    members : int or sequence of str
        How many members of the ensemble count, from "members.0" on; or layers of the teacher that give logits (B, C).
    weighting : {"uniform", "confidence", "learned"}
        "uniform": w_k = 1/K. "confidence": the nearer a teacher is to the label of this example, the more it counts
        (CA-MKD); without a label all count alike. "learned": a small gate reads all teachers' answers and learns which
        to listen to.

    Raises
    ------
    ValueError, TypeError
        If ``weighting`` is not known or ``members`` names nothing.

    Notes
    -----
    K teachers with logits t_k; the mixture is of distributions softened one by one. Its gradient is that of
    Σ_k w_k · T² · KL(σ_T(t_k) ‖ σ_T(s)), from which the value differs by what does not depend on the student.

    "confidence": w_k = (1 − exp(CE_k) / Σ_j exp(CE_j)) / (K − 1) with CE_k = CE(t_k, y), example by example. The
    authors' public code divides by K once more; their term on features is not part of this.

    "learned": w = softmax(W · [σ(t_1), …, σ(t_K)] + b), begun at 1/K. W and b learn by the fused teacher's likelihood
    of the labels, −log Σ_k w_k σ(t_k)_y, and never by the student's loss, which would reward the teacher that is
    easiest to copy. AMTML-KD (Liu et al. 2020) learns its weights with the student, from the student's features. On
    examples that the teachers were trained on the gate sees them at their best.

    References
    ----------
    You, Xu, Xu, Tao (2017), Learning from Multiple Teacher Networks, KDD (uniform). Zhang, Chen, Wang (2022),
    Confidence-Aware Multi-Teacher Knowledge Distillation, ICASSP, arXiv:2201.00007. Liu, Zhang, Wang (2020), Adaptive
    Multi-Teacher Multi-Level Knowledge Distillation, Neurocomputing, arXiv:2103.04062.

    Examples
    --------
    >>> from kdviz import HardLabels
    >>> (0.9 * MultiTeacher(members=3, weighting="confidence") + 0.1 * HardLabels()).alpha
    0.9
    """

    members: int | tuple[str, ...] = 2
    weighting: str = "uniform"

    static_fields: ClassVar[tuple[str, ...]] = ("members", "weighting")

    def __post_init__(self) -> None:
        super().__post_init__()
        several = not hasattr(self.members, "__index__")
        object.__setattr__(
            self, "members", names("members", self.members) if several else at_least_one("members", self.members)
        )
        if self.weighting not in WEIGHTINGS:
            raise ValueError(f"weighting must be one of {', '.join(WEIGHTINGS)}, got {self.weighting!r}")

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of the teacher that give the members' logits."""
        if isinstance(self.members, tuple):
            return self.members
        return tuple(f"members.{k}" for k in range(self.members))

    @property
    def taps(self) -> Taps:
        return Taps(teacher=self.layers)

    def auxiliary(self, seen: Seen) -> nn.Module:
        for layer in self.layers:
            given = seen.teacher_taps[layer]
            if len(given) != 2 or given[1] != seen.classes:
                raise ValueError(
                    f"each teacher must give logits of shape (B, {seen.classes}), got shape (B, "
                    f"{', '.join(str(n) for n in given[1:])}) from {layer!r}; name layers that give logits"
                )
        if self.weighting != "learned":
            return nn.Sequential()  # nothing to learn
        gate = nn.Linear(len(self.layers) * seen.classes, len(self.layers))
        nn.init.zeros_(gate.weight)
        nn.init.zeros_(gate.bias)
        return gate

    def log_weights(self, t: Tensor, y: Tensor, gate: nn.Module | None) -> Tensor:
        """Return log w_k (B, K): how much each teacher counts for each example.

        Parameters
        ----------
        t : Tensor, shape (B, K, C)
            The teachers' logits.
        y : Tensor of int64, shape (B,)
            Labels, -1 where unknown.
        gate : nn.Module or None
            The run's auxiliary module for this term, where the weights are learned.
        """
        count = t.shape[1]
        if self.weighting == "learned":
            assert gate is not None, "the engine hands each term its auxiliary module"
            return torch.log_softmax(gate(torch.softmax(t, 2).flatten(1)), 1)
        if self.weighting == "uniform" or count == 1:
            return at_least_float32(t).new_full(t.shape[:2], -math.log(count))
        return confident_log_weights(t, y)

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        t = self._members(outputs)
        with torch.no_grad():
            log_w = self.log_weights(t, outputs.labels, outputs.auxiliary)
        return losses.multi_teacher(outputs.student, t, log_w, hyper["temperature"])

    def auxiliary_loss(self, outputs: Outputs, hyper: dict[str, float], weights: Mapping[str, float]) -> Tensor | None:
        if self.weighting != "learned" or outputs.labelled == 0:
            return None
        t = self._members(outputs)
        return fused_likelihood(t, self.log_weights(t, outputs.labels, outputs.auxiliary), outputs.labels)

    def _members(self, outputs: Outputs) -> Tensor:
        """Return the teachers' logits (B, K, C)."""
        return torch.stack([outputs.teacher_taps[layer] for layer in self.layers], 1)


def _of_members(weighting: str) -> Callable[[LayerPairs], Term | None]:
    return lambda pairs: MultiTeacher(4.0, len(pairs.members), weighting) if pairs.members else None


MIXTURE = r"T^2\,\mathrm{KL}\big(\textstyle\sum_k w_k\,\sigma_T(t_k)\,\|\,\sigma_T(s)\big)"
MIXED = mark("the mixture of the teachers’ softened answers")
catalogue(Method(
    "multi_teacher", mark("Several teachers, equal"), "response", "teachers",
    mark("Learn the mean of several teachers' softened answers."),
    MIXTURE + r",\quad w_k = 1/K", "You et al. 2017, KDD", 1.0, _of_members("uniform"), in_words=MIXED,
    acronyms="MTKD",
))  # fmt: skip
catalogue(Method(
    "multi_teacher_confidence", mark("Several teachers by confidence (CA-MKD)"), "response", "teachers",
    mark("Listen, example by example, most to the teachers that are nearest to the label."),
    MIXTURE + r",\quad w_k = \big(1 - \exp(\mathrm{CE}_k) / \textstyle\sum_j\exp(\mathrm{CE}_j)\big) / (K-1)",
    "Zhang, Chen, Wang 2022, arXiv:2201.00007", 1.0, _of_members("confidence"), in_words=MIXED,
    acronyms="CA-MKD, MTKD", variant_of="multi_teacher",
))  # fmt: skip
catalogue(Method(
    "multi_teacher_learned", mark("Several teachers by a learned gate"), "response", "teachers",
    mark("Listen to the teachers as a small gate learns to: it reads their answers, and learns from the labels."),
    MIXTURE + r",\quad w = \mathrm{softmax}\big(W [\sigma(t_1), \dots, \sigma(t_K)] + b\big)",
    "after Liu, Zhang, Wang 2020, arXiv:2103.04062", 1.0, _of_members("learned"), in_words=MIXED,
    acronyms="AMTML-KD, MTKD", variant_of="multi_teacher",
))  # fmt: skip
