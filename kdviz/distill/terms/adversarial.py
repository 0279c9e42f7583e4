"""An opponent that distinguishes student from teacher, and a student that deceives it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from ... import losses
from ...words import mark
from ..method import Method, always, catalogue
from ..objective import Term
from ..outputs import Outputs, Seen, Taps
from ..schedules import Hyperparameter, positive
from .feature import at_least_one
from .response import teacher_logits

__all__ = ["Adversarial"]


@dataclass(frozen=True)
class Adversarial(Term):
    """Adversarial distillation (GAN-KD): give answers that an opponent cannot tell from the teacher's.

    The opponent, a perceptron with one hidden layer, learns at each step to tell the teacher's answers from the
    student's; the student learns to be taken for the teacher. Both losses are the non-saturating ones: see
    :func:`kdviz.losses.discriminator_loss` and :func:`kdviz.losses.generator_loss`. Both step at once.

    Parameters
    ----------
    student, teacher : str, optional
        Layers to distinguish instead of the logits; their outputs must have equally many numbers.
    width : int
        Hidden units of the opponent.
    penalty_weight : float or Schedule
        Weight of the gradient penalty on the opponent, ≥ 0. See :func:`kdviz.losses.gradient_penalty`.
    """

    student: str | None = None
    teacher: str | None = None
    width: int = 64
    penalty_weight: Hyperparameter = 1.0

    name: ClassVar[str] = "adversarial"
    needs_teacher: ClassVar[bool] = True
    outside_alpha: ClassVar[bool] = True
    static_fields: ClassVar[tuple[str, ...]] = ("student", "teacher", "width")

    def __post_init__(self) -> None:
        if self.student is not None and self.teacher is None:
            object.__setattr__(self, "teacher", self.student)
        if (self.student is None) != (self.teacher is None):
            raise ValueError(f"teacher names a layer ({self.teacher!r}) and student does not; name both or neither")
        object.__setattr__(self, "width", at_least_one("width", self.width))
        object.__setattr__(self, "penalty_weight", positive("penalty_weight", self.penalty_weight, zero=True))

    @property
    def needs_finite_teacher(self) -> bool:
        return self.student is None  # the opponent reads the logits

    @property
    def taps(self) -> Taps:
        return Taps() if self.student is None else Taps((self.student,), (str(self.teacher),))

    def auxiliary(self, seen: Seen) -> nn.Module:
        given = (2, seen.classes) if self.student is None else seen.student_taps[self.student]
        wanted = (2, seen.classes) if self.student is None else seen.teacher_taps[str(self.teacher)]
        if given[1:] != wanted[1:]:
            raise ValueError(
                f"an opponent compares features of one shape, got {given[1:]} of the student's {self.student!r} and "
                f"{wanted[1:]} of the teacher's {self.teacher!r}; name layers of equal shape"
            )
        hidden, says = nn.Linear(math.prod(given[1:]), self.width), nn.Linear(self.width, 1)
        return nn.Sequential(nn.Flatten(), hidden, nn.LeakyReLU(0.2), says, nn.Flatten(0))

    def _told_apart(self, outputs: Outputs) -> tuple[Tensor, Tensor]:
        if self.student is None:
            return outputs.student, teacher_logits(outputs)
        return outputs.student_taps[self.student], outputs.teacher_taps[str(self.teacher)]

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        s, _ = self._told_apart(outputs)
        assert outputs.auxiliary is not None
        return losses.generator_loss(outputs.auxiliary(s))

    def auxiliary_loss(self, outputs: Outputs, hyper: dict[str, float], weights: Mapping[str, float]) -> Tensor:
        opponent = outputs.auxiliary
        assert opponent is not None
        s, t = self._told_apart(outputs)
        loss = losses.discriminator_loss(opponent(t.detach()), opponent(s.detach()))
        if hyper["penalty_weight"] == 0:
            return loss
        return loss + hyper["penalty_weight"] * losses.gradient_penalty(opponent, t.detach(), s.detach())


catalogue(Method(
    "adversarial", mark("Adversarial (GAN-KD)"), "adversarial", "logits",
    mark("Give answers that an opponent, who learns too, cannot tell from the teacher's."),
    r"-\log D(s),\quad D:\ -\log D(t) - \log(1 - D(s))", "Xu et al. 2018, arXiv:1709.00513", 0.1,
    always(Adversarial),
    in_words=mark("the answers, which an opponent learns to tell apart"),
    acronyms="GAN-KD, GAN",
))  # fmt: skip
