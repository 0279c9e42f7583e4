"""A term: one weighted part of an objective, and what it may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from torch import Tensor, nn

from .. import schedules
from ..schedules import Hyperparameter

if TYPE_CHECKING:
    from ...data import Splits
    from ..objective import Objective

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


@dataclass(frozen=True)
class Term:
    """One part of an objective. ``number * term`` weighs it, ``+`` adds it to others.

    A term that needs layers names them in ``taps``; one that needs a module which learns beside the student, such as a
    regressor between two layers, makes it in ``auxiliary``. Both are optional, and so is all but ``value``.
    """

    name: ClassVar[str] = ""
    needs_teacher: ClassVar[bool] = False
    kept_by_twin: ClassVar[bool] = False  # asks something else than to learn the answer; a twin keeps it
    outside_alpha: ClassVar[bool] = False  # stands beside soft targets and hard labels: alpha does not weigh it
    unprefixed: ClassVar[tuple[str, ...]] = ()  # hyperparameters known by their own name, not with the term's before
    static_fields: ClassVar[tuple[str, ...]] = ()  # fields that are no numbers of training: they stay as they are
    written: ClassVar[
        Mapping[str, str]
    ] = {}  # fields written down under another name, and left out where they are None

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        """Return the term's mean over the batch; ``hyper`` holds this step's numbers for the term's fields."""
        raise NotImplementedError

    @property
    def group_column(self) -> str | None:
        """The column of ``Examples.groups`` whose codes the term needs in ``outputs.groups``, or None."""
        return None

    @property
    def needs_finite_teacher(self) -> bool:
        """Whether the term is infinite where the teacher rules a class out (a logit of −∞) and the student does not."""
        return False

    @property
    def taps(self) -> Taps:
        """The layers whose outputs the term needs in ``outputs.student_taps`` and ``outputs.teacher_taps``."""
        return Taps()

    def auxiliary(self, seen: Seen) -> nn.Module | None:
        """Return a fresh module that the term needs beside the student, or None.

        It is trained with the student, kept in snapshots, and left out of the student's parameters.
        """
        return None

    def auxiliary_loss(self, outputs: Outputs, hyper: dict[str, float], weights: Mapping[str, float]) -> Tensor | None:
        """Return the loss of the auxiliary module where it is not the objective itself: an opponent's, or a peer's.

        Its gradient goes to the auxiliary module alone, and the objective's to the student alone. ``weights`` are those
        of all terms in force, by name. None: the auxiliary module learns by the objective, with the student.
        """
        return None

    def for_data(self, data: Splits, objective: Objective) -> Term:
        """Return the term as it is for these data, once it has been held against them; called before the first step.

        What it returns is what the run computes; the run's objective, and its recipe, keep the term as it was given.

        Raises
        ------
        ValueError
            In one sentence, if the term does not fit the data.
        """
        return self

    def hyperparameters(self) -> dict[str, Hyperparameter]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in self.static_fields}

    def to_dict(self) -> dict[str, Any]:
        return {
            "term": type(self).__name__,
            **{k: schedules.to_json(v) for k, v in self.hyperparameters().items()},
            **{self.written.get(k, k): getattr(self, k) for k in self.static_fields if self._is_told(k)},
        }

    def _is_told(self, field: str) -> bool:
        return field not in self.written or getattr(self, field) is not None

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any], path: str = "term") -> Term:
        """Return the term whose fields ``to_dict`` wrote; the entry "term" names the class and may be left out.

        Raises
        ------
        ValueError
            In one sentence that begins with ``path``, if the fields make no such term.
        """
        fields_of = {key: field for field, key in cls.written.items()}
        given = {fields_of.get(k, k): (k, v) for k, v in saved.items() if k != "term"}
        hyper = {
            f: v if f in cls.static_fields else schedules.from_json(v, f"{path}.{k}") for f, (k, v) in given.items()
        }
        try:
            return cls(**hyper)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path}: {' '.join(str(error).split())}") from None

    def __mul__(self, weight: Hyperparameter) -> Objective:
        from ..objective import Objective

        return Objective(((weight, self),))

    __rmul__ = __mul__

    def __add__(self, other: Term | Objective) -> Objective:
        return 1.0 * self + other


def positive(what: str, value: Hyperparameter, *, zero: bool = False) -> Hyperparameter:
    """Return a hyperparameter as a float or schedule, once it is known to be finite and above 0 (or not below it).

    >>> positive("delta", 2), positive("beta", 0, zero=True)
    (2.0, 0.0)
    """
    for number in schedules.extremes(value):
        if not (number < float("inf") and (number > 0 or (zero and number == 0))):
            raise ValueError(f"{what} must be a finite number {'>=' if zero else '>'} 0, got {number}")
    return value if isinstance(value, schedules.Schedule) else float(value)
