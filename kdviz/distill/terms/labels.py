"""Terms that need labels and no teacher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from ... import losses
from .. import schedules
from ..schedules import Hyperparameter, Schedule
from .term import Outputs, Term, positive


@dataclass(frozen=True)
class HardLabels(Term):
    """Learn the labels: CE(s, y) at T = 1, averaged over the examples that have one."""

    name: ClassVar[str] = "hard"

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.hard_labels(outputs.student, outputs.labels, labelled=outputs.labelled)


@dataclass(frozen=True)
class LabelSmoothing(Term):
    """Learn smoothed labels, a baseline without a teacher. See :func:`kdviz.losses.label_smoothing`.

    Parameters
    ----------
    smoothing : float or Schedule
        ε in [0, 1]: the share of the target that is spread evenly over all classes.
    """

    smoothing: Hyperparameter = 0.1

    name: ClassVar[str] = "smoothed"
    plain: ClassVar[tuple[str, ...]] = ("smoothing",)

    def __post_init__(self) -> None:
        for number in schedules.extremes(self.smoothing):
            losses.check_smoothing(number)
        if not isinstance(self.smoothing, Schedule):
            object.__setattr__(self, "smoothing", float(self.smoothing))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.label_smoothing(outputs.student, outputs.labels, hyper["smoothing"], labelled=outputs.labelled)


@dataclass(frozen=True)
class VirtualTeacher(Term):
    """Learn from a made-up teacher that is right everywhere and equally unsure of the rest.

    A baseline without a teacher. See :func:`kdviz.losses.virtual_teacher`.

    Parameters
    ----------
    correct : float or Schedule
        The made-up teacher's probability of the true class, in (0, 1).
    temperature : float or Schedule
        T > 0.
    """

    correct: Hyperparameter = 0.99
    temperature: Hyperparameter = 20.0

    name: ClassVar[str] = "virtual"

    def __post_init__(self) -> None:
        for number in schedules.extremes(self.correct):
            if not 0 < number < 1:
                raise ValueError(f"correct must lie in (0, 1) (it is a probability), got {number}")
        for number in schedules.extremes(self.temperature):
            losses.check_temperature(number)
        for part in ("correct", "temperature"):
            object.__setattr__(self, part, positive(part, getattr(self, part)))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.virtual_teacher(
            outputs.student, outputs.labels, hyper["correct"], hyper["temperature"], labelled=outputs.labelled
        )
