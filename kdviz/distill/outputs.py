"""What a term receives: the outputs of one batch, the layers it taps, and the shapes known when a run begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor, nn

Shapes = Mapping[str, tuple[int, ...]]
NOTHING: Mapping[str, Any] = {}


class Outputs(NamedTuple):
    """What a term receives: one batch's logits, labels, groups and tapped layers."""

    student: Tensor  # (B, C) logits
    teacher: Tensor | None  # (B, C) logits, detached; None where no term needs a teacher
    labels: Tensor  # (B,) int64, -1 where unknown
    labelled: int | None = None  # how many labels of the batch are known
    groups: Tensor | None = None  # (B,) int64, -1 where unknown; None where no term names a group column
    group_count: int = 0  # how many groups that column has
    inputs: Tensor | None = None  # (B, ...)
    student_taps: Mapping[str, Tensor] = NOTHING  # outputs of the student's tapped layers
    teacher_taps: Mapping[str, Tensor] = NOTHING  # the same for the teacher, detached
    auxiliary: nn.Module | None = None  # the module trained alongside the student for this term
    model: nn.Module | None = None  # the student itself, for terms that run it on other examples
    soft: Tensor | None = None  # (B, C) probabilities that replace the labels where these are known
    ask: Callable[[Any], Tensor] | None = None  # the teacher, for terms that ask it about other inputs
    tokens: Tensor | None = None  # (B, L) labels, where those above are of its tokens that count; else None
    everywhere: bool = False  # whether a token without a label counts as one with it (hidden words)


class Taps(NamedTuple):
    """The layers that a term taps, by dotted module name."""

    student: tuple[str, ...] = ()
    teacher: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What a term knows when it makes its auxiliary module.

    Attributes
    ----------
    student_taps, teacher_taps : mapping of str to tuple
        Output shape of each tapped layer for two examples: (2, ...).
    classes : int
        Number of logits.
    architecture : dict or None
        The student's, if kdviz can build it.
    seed : int
        The run's. Torch's generator is already seeded with it.
    """

    student_taps: Shapes
    teacher_taps: Shapes
    classes: int
    architecture: Mapping[str, Any] | None
    seed: int
