"""Terms that set layers of the student against layers of the teacher, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from ...models.inference import token_mask
from ..adapters import KINDS, Kind, adapter
from ..objective import Term
from ..outputs import Outputs, Seen, Taps


@dataclass(frozen=True)
class Layered(Term):
    """A term on pairs of layers; its value is the sum over the pairs.

    Parameters
    ----------
    student : str or sequence of str
        Layers of the student, by dotted module name (``kdviz.distill.taps`` lists them).
    teacher : str or sequence of str, optional
        As many layers of the teacher; by default those of the same names.
    """

    student: str | tuple[str, ...]
    teacher: str | tuple[str, ...] | None = None

    needs_teacher: ClassVar[bool] = True
    outside_alpha: ClassVar[bool] = True
    static_fields: ClassVar[tuple[str, ...]] = ("student", "teacher")
    fewest: ClassVar[int] = 1  # layers a side
    by_token: ClassVar[bool] = False  # whether `compare` takes a mask of the tokens that count

    def __post_init__(self) -> None:
        student = names("student", self.student)
        teacher = student if self.teacher is None else names("teacher", self.teacher)
        if len(student) != len(teacher):
            raise ValueError(
                f"student and teacher must name as many layers each, got {len(student)} and {len(teacher)}: "
                f"{', '.join(student)} and {', '.join(teacher)}"
            )
        if len(student) < self.fewest:
            raise ValueError(
                f"{type(self).__name__} needs at least {self.fewest} layers a side, got {', '.join(student)}"
            )
        object.__setattr__(self, "student", student)
        object.__setattr__(self, "teacher", teacher)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The layers of the student, each with the teacher's that it is set against."""
        return tuple(zip(self.student, self.teacher or (), strict=True))

    @property
    def taps(self) -> Taps:
        return Taps(tuple(self.student), tuple(self.teacher or ()))

    def tapped(self, outputs: Outputs) -> list[tuple[Tensor, Tensor]]:
        """Return what each pair of layers gave."""
        return [(outputs.student_taps[s], outputs.teacher_taps[t]) for s, t in self.pairs]

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        together = [self.compare(s, t, hyper, **self._mask(outputs, s)) for s, t in self.tapped(outputs)]
        return sum(together[1:], start=together[0])

    def _mask(self, outputs: Outputs, s: Tensor) -> dict[str, Tensor]:
        """Return the mask of a pair of layers, where the term takes one.

        The inputs say which tokens count; where they have no mask, a row that is labelled token by token ends at its
        last label: what a decoder reads after it is padding, and changes nothing before it.
        """
        length = {3: 1, 4: 3}.get(s.ndim) if self.by_token else None  # tokens (B, L, D), or attention (B, heads, L, L)
        if length is None:
            return {}
        mask = None if outputs.inputs is None else token_mask(outputs.inputs, s.shape[length])
        labels = None if outputs.everywhere else outputs.tokens
        if mask is None and labels is not None and labels.shape[1] == s.shape[length]:
            mask = _up_to_the_last_label(labels)
        return {} if mask is None else {"mask": mask.to(s.device)}

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        """Return the loss of one pair, student first."""
        raise NotImplementedError


def _up_to_the_last_label(labels: Tensor) -> Tensor:
    """Return which tokens (B, L) do not stand after the last label of their row; all of a row without a label.

    >>> import torch
    >>> _up_to_the_last_label(torch.tensor([[-1, 3, -1, 4, -1], [-1, -1, -1, -1, -1]])).int().tolist()
    [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]
    """
    known = labels >= 0
    return (known.flip(1).cumsum(1).flip(1) > 0) | ~known.any(1, keepdim=True)


@dataclass(frozen=True)
class Adapted(Layered):
    """A layered term whose student side goes through an adapter where the shapes ask for one.

    Parameters
    ----------
    student, teacher
        As in :class:`Layered`.
    regressor : {"auto", "linear", "mlp", "conv", "conv-bn"}
        See :func:`kdviz.distill.adapters.adapter`; "auto" learns nothing where the shapes are equal.
    """

    regressor: Kind = "auto"

    static_fields: ClassVar[tuple[str, ...]] = ("student", "teacher", "regressor")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.regressor not in KINDS:
            raise ValueError(f"regressor must be one of {', '.join(KINDS)}, got {self.regressor!r}")

    def auxiliary(self, seen: Seen) -> nn.Module | None:
        return nn.ModuleList(
            adapter(seen.student_taps[s], self.goal(seen.student_taps[s], seen.teacher_taps[t]), self.regressor)
            for s, t in self.pairs
        )

    def goal(self, given: tuple[int, ...], teacher: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape that the student's side should get, given both."""
        return teacher

    def tapped(self, outputs: Outputs) -> list[tuple[Tensor, Tensor]]:
        bridges: Any = outputs.auxiliary
        return [(bridge(s), t) for bridge, (s, t) in zip(bridges, super().tapped(outputs), strict=True)]


@dataclass(frozen=True)
class OverChannels(Adapted):
    """An adapted term that needs the teacher's number of channels alone; places and tokens may be the student's own."""

    def goal(self, given: tuple[int, ...], teacher: tuple[int, ...]) -> tuple[int, ...]:
        channels = teacher[1] if len(teacher) == 4 else teacher[-1]
        return (given[0], channels, *given[2:]) if len(given) == 4 else (*given[:-1], channels)


def names(who: str, given: object) -> tuple[str, ...]:
    """Return layer names as a tuple, once they are known to be names."""
    several = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, list | tuple) else ()
    if not several or not all(isinstance(name, str) and name for name in several):
        raise TypeError(f'{who} must name one or more layers, such as "relu2" or ("relu2", "relu4"), got {given!r}')
    return several
