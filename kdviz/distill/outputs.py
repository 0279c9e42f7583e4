"""What a term may look at: the outputs of one batch, the layers it names, and what is known when a run begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor, nn

Shapes = Mapping[str, tuple[int, ...]]
NOTHING: Mapping[str, Any] = {}


class Outputs(NamedTuple):
    """What a term may look at: one batch's answers, labels, groups and tapped layers."""

    student: Tensor  # (B, C) logits
    teacher: Tensor | None  # (B, C) logits, detached; None where no term needs a teacher
    labels: Tensor  # (B,) int64, -1 where unknown
    labelled: int | None = None  # how many labels of the batch are known
    groups: Tensor | None = None  # (B,) int64, -1 where unknown; None where no term names a group column
    group_count: int = 0  # how many groups that column has
    inputs: Tensor | None = None  # (B, ...)
    student_taps: Mapping[str, Tensor] = NOTHING  # what the named layers of the student gave
    teacher_taps: Mapping[str, Tensor] = NOTHING  # the same of the teacher, detached
    auxiliary: nn.Module | None = None  # the module that learns beside the student for this very term
    model: nn.Module | None = None  # the student itself, for terms that ask it about other examples
    soft: Tensor | None = None  # (B, C) probabilities that take the place of the labels where these are known


class Taps(NamedTuple):
    """The layers that a term looks at, by dotted module name."""

    student: tuple[str, ...] = ()
    teacher: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What a term is told when its auxiliary module is made.

    Attributes
    ----------
    student_taps, teacher_taps : mapping of str to tuple
        Shape that each tapped layer gives for two examples, so (2, ...).
    classes : int
        Number of logits.
    architecture : dict or None
        The student's, if kdviz can build it.
    seed : int
        The run's. Torch's generator is seeded by it already.
    """

    student_taps: Shapes
    teacher_taps: Shapes
    classes: int
    architecture: Mapping[str, Any] | None
    seed: int
