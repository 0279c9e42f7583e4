"""Terms on labels, without a teacher."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import torch
from torch import Tensor

from ... import losses
from ...words import mark
from .. import schedules
from ..method import Method, always, catalogue
from ..objective import Objective, Term
from ..outputs import Outputs
from ..schedules import Hyperparameter, Schedule, positive

if TYPE_CHECKING:
    from ...data import Examples, Splits

__all__ = ["HardLabels", "LabelSmoothing", "VirtualTeacher"]

ClassWeight = Literal["balanced"] | tuple[float, ...] | None
BALANCED: Literal["balanced"] = "balanced"


def class_weight(given: Any) -> ClassWeight:
    """Return class weights as a tuple, once they are known to be some.

    >>> class_weight(torch.tensor([1, 2])), class_weight(None)
    ((1.0, 2.0), None)
    """
    if given is None:
        return None
    if isinstance(given, str):
        if given == BALANCED:
            return BALANCED
        raise ValueError(f'weight must be one number per class, such as [1.0, 10.0], or "balanced", got {given!r}')
    try:
        numbers = tuple(float(number) for number in given)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f'weight must be one number per class, such as [1.0, 10.0], or "balanced", got {given!r}'
        ) from error
    if not all(math.isfinite(number) and number >= 0 for number in numbers) or not any(numbers):
        raise ValueError(f"weight must hold finite numbers >= 0, one of them above 0, got {list(numbers)}")
    return numbers


class OnLabels(Term):
    """A term on the labels, which may weigh the classes; see :class:`HardLabels` for ``weight``.

    What is written down calls it "class_weight", for "weight" is what a term itself weighs in its objective; it is left
    out where there is none.
    """

    weight: ClassWeight  # a field of each class derived from this one

    static_fields: ClassVar[tuple[str, ...]] = ("weight",)
    written: ClassVar[Mapping[str, str]] = {"weight": "class_weight"}

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", class_weight(self.weight))

    def __repr__(self) -> str:
        numbers = [f"{k}={v!r}" for k, v in self.hyperparameters().items()]
        classes = [] if self.weight is None else [f"weight={self.weight!r}"]
        return f"{type(self).__name__}({', '.join(numbers + classes)})"

    def for_data(self, data: Splits, objective: Objective) -> Term:
        """Return the term with a weight for each class of the data."""
        if self.weight is None:
            return self
        if self.weight == BALANCED:
            return replace(self, weight=balanced(data.train, len(data.classes)))  # type: ignore[call-arg]  # theirs
        if len(self.weight) != len(data.classes):
            raise ValueError(
                f"weight must hold one number for each of the {len(data.classes)} classes of {data.title}, "
                f"got {len(self.weight)}"
            )
        return self

    def class_weights(self, like: Tensor) -> Tensor | None:
        """Return what the classes weigh, (C,), beside logits ``like``; None where all weigh the same."""
        if self.weight is None:
            return None
        if self.weight == BALANCED:
            raise ValueError('weight="balanced" counts the labels of a transfer set; use the term in a run')
        return torch.tensor(self.weight, device=like.device)


@dataclass(frozen=True, repr=False)
class HardLabels(OnLabels):
    """Hard labels (CE): CE(s, y) at T = 1, averaged over the labelled examples.

    Data with soft labels, (N, C), are learned by their cross-entropy in the same way.

    Parameters
    ----------
    weight : sequence of float or "balanced", optional
        What each class weighs, in the order of the data's classes, ≥ 0. "balanced": N / (C n_c), with n_c of the N
        labelled training examples in class c and C the number of classes that occur among them, as scikit-learn has it;
        a class that does not occur weighs 0. The mean over a batch is the weighted one: see
        :func:`kdviz.losses.hard_labels`.

    Raises
    ------
    ValueError, TypeError
        In one sentence, if the weights are none; when a run begins, if they are not one a class.

    Examples
    --------
    >>> HardLabels(), HardLabels(weight=[1, 10]), HardLabels(weight="balanced")
    (HardLabels(), HardLabels(weight=(1.0, 10.0)), HardLabels(weight='balanced'))
    """

    weight: ClassWeight = None

    name: ClassVar[str] = "hard"

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.hard_labels(
            outputs.student,
            outputs.labels,
            weight=self.class_weights(outputs.student),
            soft=outputs.soft,
            labelled=outputs.labelled,
        )


catalogue(Method(
    "hard_labels", mark("Labels alone"), "labels", "labels",
    mark("Learn the labels, without a teacher: what every method has to beat."),
    r"\mathrm{CE}(s, y)", "", 1.0, always(HardLabels),
    acronyms="CE",
))  # fmt: skip


@dataclass(frozen=True, repr=False)
class LabelSmoothing(OnLabels):
    """Label smoothing (LS): a baseline without a teacher. See :func:`kdviz.losses.label_smoothing`.

    Parameters
    ----------
    smoothing : float or Schedule
        ε in [0, 1]: the share of the target that is spread evenly over all classes.
    weight : sequence of float or "balanced", optional
        What each class weighs; see :class:`HardLabels`.

    Examples
    --------
    >>> LabelSmoothing(0.2), LabelSmoothing(weight=(1, 10))
    (LabelSmoothing(smoothing=0.2), LabelSmoothing(smoothing=0.1, weight=(1.0, 10.0)))
    """

    smoothing: Hyperparameter = 0.1
    weight: ClassWeight = None

    name: ClassVar[str] = "smoothed"
    unprefixed: ClassVar[tuple[str, ...]] = ("smoothing",)

    def __post_init__(self) -> None:
        super().__post_init__()
        for number in schedules.extremes(self.smoothing):
            losses.check_smoothing(number)
        if not isinstance(self.smoothing, Schedule):
            object.__setattr__(self, "smoothing", float(self.smoothing))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.label_smoothing(
            outputs.student,
            outputs.labels,
            hyper["smoothing"],
            weight=self.class_weights(outputs.student),
            soft=outputs.soft,
            labelled=outputs.labelled,
        )


catalogue(Method(
    "label_smoothing", mark("Label smoothing"), "labels", "labels",
    mark("Learn labels of which a tenth is spread over all classes; no teacher."),
    r"\mathrm{CE}\big(s, (1-\varepsilon)\,\mathrm{onehot}(y) + \varepsilon/C\big)",
    "Szegedy et al. 2016, arXiv:1512.00567", 1.0, always(LabelSmoothing),
    acronyms="LS",
))  # fmt: skip


class LearnsLabels(Term):
    """A term in which others beside the student learn the labels: as the objective's own term on labels weighs them."""

    _labels: HardLabels = HardLabels()

    def for_data(self, data: Splits, objective: Objective) -> Term:
        """Return the term with the class weights of the objective's term on labels."""
        weight = weight_of_labels(objective)
        if weight is None:
            return self
        other = copy.copy(self)
        object.__setattr__(other, "_labels", HardLabels(weight).for_data(data, objective))
        return other

    def on_labels(self, z: Tensor, outputs: Outputs) -> Tensor:
        """Return the cross-entropy of logits ``z`` (B, C) with the labels of a batch."""
        return self._labels.value(outputs._replace(student=z), {})


def weight_of_labels(objective: Objective) -> ClassWeight:
    """Return what the classes weigh in the objective's first term on labels, None where all weigh the same.

    >>> from kdviz import SoftTargets
    >>> weight_of_labels(0.9 * SoftTargets() + 0.1 * HardLabels(weight=[1, 3]))
    (1.0, 3.0)
    """
    return next((term.weight for term in objective.terms if isinstance(term, OnLabels)), None)


def balanced(examples: Examples, classes: int) -> tuple[float, ...]:
    """Return N / (C n_c) for each class: with these every class that occurs weighs the same in all.

    >>> from kdviz.data import Examples
    >>> balanced(Examples(torch.zeros(6, 1), torch.tensor([0, 0, 0, 1, -1, -1])), classes=3)
    (0.666666..., 2.0, 0.0)
    """
    known = examples.y != losses.UNLABELLED
    soft = getattr(examples, "soft", None)
    if soft is None:
        counts = torch.bincount(examples.y[known], minlength=classes).double()
    else:
        counts = soft[known].double().sum(0)
    occurs = counts > 0
    weights = counts.sum() / (occurs.sum() * counts)
    return tuple(weights.masked_fill(~occurs, 0).tolist())


@dataclass(frozen=True)
class VirtualTeacher(Term):
    """Teacher-free distillation (Tf-KD_reg): a made-up teacher that is always right and equally unsure of the rest.

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


catalogue(Method(
    "virtual_teacher", mark("Virtual teacher"), "labels", "labels",
    mark("Learn from a made-up teacher that is nearly sure of the true class and equally unsure of all others."),
    r"T^2\,\mathrm{KL}\big(p^d_T \,\|\, \sigma_T(s)\big),\quad p^d_T = \sigma_T(\log p^d)",
    "Yuan et al. 2020, arXiv:1909.11723", 1.0,
    always(VirtualTeacher),
    acronyms="Tf-KD",
))  # fmt: skip
