"""The objective: a weighted sum of terms, written as algebra.

    0.9 * SoftTargets(temperature=4) + 0.1 * HardLabels()

is L = α · T² · KL(σ_T(t) ‖ σ_T(s)) + (1 − α) · CE(s, y) with α = 0.9 and T = 4: α weighs the SOFT term. A penalty on
unequal treatment comes on top, with a weight of its own: ``+ 2.0 * DemographicParity("sex")``.
Everything here is frozen: an edit makes a new objective, so a history can never change behind its own back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, NamedTuple

from torch import Tensor

from .. import losses
from . import schedules
from .schedules import Complement, Hyperparameter, Schedule, value_at


class Outputs(NamedTuple):
    """What a term may look at: one batch's logits, labels and groups."""

    student: Tensor  # (B, C) logits
    teacher: Tensor | None  # (B, C) logits, detached; None where no term needs a teacher
    labels: Tensor  # (B,) int64, -1 where unknown
    labelled: int | None = None  # how many labels of the batch are known
    groups: Tensor | None = None  # (B,) int64, -1 where unknown; None where no term names a group column
    group_count: int = 0  # how many groups that column has


@dataclass(frozen=True)
class Term:
    """One part of an objective. ``number * term`` weighs it, ``+`` adds it to others."""

    name: ClassVar[str] = ""
    needs_teacher: ClassVar[bool] = False
    penalty: ClassVar[bool] = False  # comes on top of the terms that teach; alpha does not weigh it
    fixed: ClassVar[tuple[str, ...]] = ()  # fields that are no numbers of training: they stay as they are

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        """Return the term's mean over the batch; ``hyper`` holds this step's numbers for the term's fields."""
        raise NotImplementedError

    @property
    def group_column(self) -> str | None:
        """The column of ``Examples.groups`` whose codes the term needs in ``outputs.groups``, or None."""
        return None

    def hyperparameters(self) -> dict[str, Hyperparameter]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in self.fixed}

    def to_dict(self) -> dict[str, Any]:
        return {
            "term": type(self).__name__,
            **{k: schedules.to_json(v) for k, v in self.hyperparameters().items()},
            **{k: getattr(self, k) for k in self.fixed},
        }

    def __mul__(self, weight: Hyperparameter) -> Objective:
        return Objective(((weight, self),))

    __rmul__ = __mul__

    def __add__(self, other: Term | Objective) -> Objective:
        return 1.0 * self + other


@dataclass(frozen=True)
class SoftTargets(Term):
    """Learn the teacher's softened answer: T² · KL(σ_T(t) ‖ σ_T(s)). See :func:`kdviz.losses.soft_targets`.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0. Live: ``run.edit(temperature=8)``.
    """

    temperature: Hyperparameter = 4.0

    name: ClassVar[str] = "soft"
    needs_teacher: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for number in schedules.extremes(self.temperature):
            losses.check_temperature(number)
        if not isinstance(self.temperature, Schedule):
            object.__setattr__(self, "temperature", float(self.temperature))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        assert outputs.teacher is not None, "the engine hands teacher logits to every term that needs them"
        return losses.soft_targets(outputs.student, outputs.teacher, hyper["temperature"])


@dataclass(frozen=True)
class ReverseKL(SoftTargets):
    """Soft targets the other way round: T² · KL(σ_T(s) ‖ σ_T(t)). See :func:`kdviz.losses.reverse_kl`.

    It stands wherever :class:`SoftTargets` may: alpha weighs it, the temperature is live.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0.
    """

    temperature: Hyperparameter = 1.0

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        assert outputs.teacher is not None, "the engine hands teacher logits to every term that needs them"
        return losses.reverse_kl(outputs.student, outputs.teacher, hyper["temperature"])


@dataclass(frozen=True)
class SoftTargetsWithoutT2(SoftTargets):
    """A common mistake, to look at: KL(σ_T(t) ‖ σ_T(s)) without its T². See :func:`kdviz.losses.soft_targets`.

    The higher T, the less of the gradient is the soft term's, whatever alpha says.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0.
    """

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        assert outputs.teacher is not None, "the engine hands teacher logits to every term that needs them"
        return losses.soft_targets(outputs.student, outputs.teacher, hyper["temperature"], times_t_squared=False)


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

    def __post_init__(self) -> None:
        for number in schedules.extremes(self.smoothing):
            losses.check_smoothing(number)
        if not isinstance(self.smoothing, Schedule):
            object.__setattr__(self, "smoothing", float(self.smoothing))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.label_smoothing(outputs.student, outputs.labels, hyper["smoothing"], labelled=outputs.labelled)


@dataclass(frozen=True)
class Fairness(Term):
    """A penalty on unequal treatment of groups; :class:`DemographicParity` and :class:`EqualizedOdds` say of which.

    It asks no teacher, and no label but for the odds. Its weight is live: ``run.edit(fairness=1.0)``. An objective
    holds one at most.

    Parameters
    ----------
    group : str
        The column of ``Examples.groups`` that says who belongs together, such as "sex".
    positive : int
        The class that counts as chosen, by index.
    """

    group: str
    positive: int = 1

    name: ClassVar[str] = "fairness"
    penalty: ClassVar[bool] = True
    fixed: ClassVar[tuple[str, ...]] = ("group", "positive")

    def __post_init__(self) -> None:
        if not isinstance(self.group, str) or not self.group:
            raise TypeError(f'group must name a column of Examples.groups, such as "sex", got {self.group!r}')
        given: Any = self.positive  # numpy's whole numbers too
        if isinstance(given, bool) or not hasattr(given, "__index__") or given < 0:
            raise ValueError(f"positive must be the index of a class, a whole number >= 0, got {given!r}")
        object.__setattr__(self, "positive", int(given))

    @property
    def group_column(self) -> str:
        return self.group


@dataclass(frozen=True)
class DemographicParity(Fairness):
    """Choose all groups equally often: (1/G) Σ_g (μ_g − μ)². See :func:`kdviz.losses.demographic_parity`.

    Parameters
    ----------
    group : str
        The column of ``Examples.groups`` that says who belongs together, such as "sex".
    positive : int
        The class that counts as chosen, by index.

    Examples
    --------
    >>> 0.9 * SoftTargets(4) + 0.1 * HardLabels() + 2.0 * DemographicParity("sex")
    0.9 * SoftTargets(temperature=4.0) + 0.1 * HardLabels() + 2 * DemographicParity(group='sex', positive=1)
    """

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        assert outputs.groups is not None, "the engine hands groups to every term that names their column"
        return losses.demographic_parity(
            outputs.student, outputs.groups, positive=self.positive, group_count=outputs.group_count
        )


@dataclass(frozen=True)
class EqualizedOdds(Fairness):
    """Choose all groups equally often among those with the positive label, and among the others.

    See :func:`kdviz.losses.equalized_odds`.

    Parameters
    ----------
    group : str
        The column of ``Examples.groups`` that says who belongs together, such as "sex".
    positive : int
        The class that counts as chosen, by index.
    """

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        assert outputs.groups is not None, "the engine hands groups to every term that names their column"
        return losses.equalized_odds(
            outputs.student,
            outputs.labels,
            outputs.groups,
            positive=self.positive,
            group_count=outputs.group_count,
        )


_TERMS: dict[str, type[Term]] = {
    c.__name__: c
    for c in (
        SoftTargets,
        ReverseKL,
        SoftTargetsWithoutT2,
        HardLabels,
        LabelSmoothing,
        DemographicParity,
        EqualizedOdds,
    )
}


@dataclass(frozen=True)
class Objective:
    """A weighted sum of terms.

    Examples
    --------
    >>> objective = 0.9 * SoftTargets(temperature=4) + 0.1 * HardLabels()
    >>> objective.alpha, objective.temperature
    (0.9, 4.0)
    >>> objective.edited(alpha=0.5, temperature=8)
    0.5 * SoftTargets(temperature=8.0) + 0.5 * HardLabels()
    >>> fair = objective + 2 * DemographicParity("sex")
    >>> fair.alpha, fair.fairness, fair.edited(alpha=0.5, fairness=0).fairness
    (0.9, 2, 0.0)
    """

    weighted: tuple[tuple[Hyperparameter, Term], ...]

    def __post_init__(self) -> None:
        if not self.weighted:
            raise ValueError("an objective needs at least one term, such as kd.SoftTargets() or kd.HardLabels()")
        names = [term.name for _, term in self.weighted]
        if len(set(names)) < len(names):
            raise ValueError(f"each kind of term may appear once, got {' + '.join(names)}; add their weights instead")
        columns = {term.group_column for term in self.terms if term.group_column is not None}
        if len(columns) > 1:
            raise ValueError(f"an objective can name one group column, got {', '.join(sorted(columns))}")
        for weight, term in self.weighted:
            if not isinstance(weight, Schedule):
                _check_weight(weight, term.name)

    def __add__(self, other: Term | Objective) -> Objective:
        more = other if isinstance(other, Objective) else 1.0 * other
        return Objective(self.weighted + more.weighted)

    def __radd__(self, other: Term | int) -> Objective:
        return self if other == 0 else 1.0 * other + self  # type: ignore[operator]  # sum() begins with 0

    def __mul__(self, factor: float) -> Objective:
        if any(isinstance(w, Schedule) for w, _ in self.weighted):
            raise TypeError("an objective with a scheduled weight cannot be scaled; weigh its terms one by one")
        return Objective(tuple((float(factor) * w, t) for w, t in self.weighted))  # type: ignore[operator]

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return " + ".join(f"{_short(weight)} * {term}" for weight, term in self.weighted)

    @property
    def terms(self) -> tuple[Term, ...]:
        return tuple(term for _, term in self.weighted)

    @property
    def needs_teacher(self) -> bool:
        return any(term.needs_teacher for term in self.terms)

    @property
    def alpha(self) -> Hyperparameter | None:
        """The weight of the soft term, or None where the objective is not soft targets with or without hard labels.

        A penalty beside them changes nothing.
        """
        by_name = {term.name: weight for weight, term in self.weighted if not term.penalty}
        return by_name.get("soft", 0.0) if by_name and set(by_name) <= {"soft", "hard"} else None

    @property
    def temperature(self) -> Hyperparameter | None:
        """T of the soft term, or None without one."""
        return next((t.temperature for t in self.terms if isinstance(t, SoftTargets)), None)

    @property
    def fairness(self) -> Hyperparameter | None:
        """The weight of the penalty on unequal treatment, or None without one."""
        return next((weight for weight, term in self.weighted if isinstance(term, Fairness)), None)

    @property
    def group_column(self) -> str | None:
        """The column of ``Examples.groups`` that a term needs, or None."""
        return next((t.group_column for t in self.terms if t.group_column is not None), None)

    def edited(
        self,
        *,
        temperature: Hyperparameter | None = None,
        alpha: Hyperparameter | None = None,
        fairness: Hyperparameter | None = None,
    ) -> Objective:
        """Return this objective with another temperature, alpha or weight of its penalty.

        The soft term gets alpha, the hard one 1 − alpha; a penalty keeps its weight unless ``fairness`` is given.
        """
        weighted = self.weighted
        if temperature is not None:
            if self.temperature is None:
                raise ValueError(
                    "temperature belongs to soft targets and this objective has none; add kd.SoftTargets()"
                )
            weighted = tuple(
                (w, replace(t, temperature=temperature) if isinstance(t, SoftTargets) else t) for w, t in weighted
            )
        if alpha is not None:
            check_alpha(alpha)
            if {t.name for t in self.terms if not t.penalty} != {"soft", "hard"}:
                raise ValueError(f"alpha balances soft targets against hard labels and the objective is {self}")
            share = dict(zip(("soft", "hard"), _shares(alpha), strict=True))
            weighted = tuple((share.get(t.name, w), t) for w, t in weighted)
        if fairness is not None:
            check_fairness(fairness)
            if self.fairness is None:
                raise ValueError(
                    "fairness weighs a penalty on unequal treatment and this objective has none; "
                    'add 0 * kd.DemographicParity("sex") at the start'
                )
            weight = fairness if isinstance(fairness, Schedule) else float(fairness)
            weighted = tuple((weight if isinstance(t, Fairness) else w, t) for w, t in weighted)
        return Objective(weighted)

    def hyperparameters_at(self, step: int, total_steps: int) -> list[tuple[float, dict[str, float]]]:
        """Return, term by term, the weight and the hyperparameters in force at ``step``."""
        in_force = []
        for weight, term in self.weighted:
            w = value_at(weight, step, total_steps)
            if isinstance(weight, Schedule):
                _check_weight(w, term.name)
            hyper = {k: value_at(v, step, total_steps) for k, v in term.hyperparameters().items()}
            in_force.append((w, hyper))
        return in_force

    @property
    def scheduled(self) -> bool:
        """Whether any number of it depends on the step."""
        numbers = [w for w, _ in self.weighted] + [v for t in self.terms for v in t.hyperparameters().values()]
        return any(isinstance(n, Schedule) for n in numbers)

    def to_dict(self) -> list[dict[str, Any]]:
        own = [type(term).__name__ for term in self.terms if type(term) not in _TERMS.values()]
        if own:
            raise ValueError(f"the term {own[0]} is your own; only {', '.join(_TERMS)} can be written down")
        return [{"weight": schedules.to_json(weight), **term.to_dict()} for weight, term in self.weighted]

    @classmethod
    def from_dict(cls, terms: list[dict[str, Any]]) -> Objective:
        """Return the objective that ``to_dict`` wrote."""
        weighted = []
        for entry in terms:
            kind = _TERMS.get(entry["term"])
            if kind is None:
                raise ValueError(f"a term must be one of {', '.join(_TERMS)}, got {entry['term']!r}")
            hyper = {
                k: v if k in kind.fixed else schedules.from_json(v)
                for k, v in entry.items()
                if k not in ("term", "weight")
            }
            weighted.append((schedules.from_json(entry["weight"]), kind(**hyper)))
        return cls(tuple(weighted))


def hinton(
    alpha: Hyperparameter = 0.9, temperature: Hyperparameter = 4.0, term: type[SoftTargets] = SoftTargets
) -> Objective:
    """Return alpha · term(temperature) + (1 − alpha) · HardLabels().

    Parameters
    ----------
    alpha : float or Schedule
        In [0, 1], the weight of the soft term.
    temperature : float or Schedule
        T > 0.
    term : class
        The soft term: :class:`SoftTargets`, or :class:`ReverseKL` or another class derived from it.

    Examples
    --------
    >>> hinton(alpha=0.5, temperature=2)
    0.5 * SoftTargets(temperature=2.0) + 0.5 * HardLabels()
    >>> hinton(alpha=0.5, temperature=1, term=ReverseKL)
    0.5 * ReverseKL(temperature=1.0) + 0.5 * HardLabels()
    """
    check_alpha(alpha)
    if not (isinstance(term, type) and issubclass(term, SoftTargets)):
        raise TypeError(f"term must be SoftTargets or a class derived from it, such as ReverseKL, got {term!r}")
    soft, hard = _shares(alpha)
    return soft * term(temperature) + hard * HardLabels()


def _shares(alpha: Hyperparameter) -> tuple[Hyperparameter, Hyperparameter]:
    """Return the weights of the soft and the hard term."""
    return (alpha, Complement(alpha)) if isinstance(alpha, Schedule) else (float(alpha), 1.0 - float(alpha))


def check_alpha(alpha: Hyperparameter) -> None:
    """Raise a one-sentence ``ValueError`` unless 0 <= alpha <= 1, all along where it follows a schedule.

    >>> check_alpha(1.5)
    Traceback (most recent call last):
        ...
    ValueError: alpha must lie in [0, 1] (it is the weight of the soft targets), got 1.5
    """
    for number in schedules.extremes(alpha):
        if not 0 <= number <= 1:
            raise ValueError(f"alpha must lie in [0, 1] (it is the weight of the soft targets), got {number}")


def check_fairness(fairness: Hyperparameter) -> None:
    """Raise a one-sentence ``ValueError`` unless the weight of the penalty is finite and >= 0, all along.

    >>> check_fairness(-1.0)
    Traceback (most recent call last):
        ...
    ValueError: fairness must be a finite number >= 0 (it is the weight of the penalty), got -1.0
    """
    for number in schedules.extremes(fairness):
        if not (math.isfinite(number) and number >= 0):
            raise ValueError(f"fairness must be a finite number >= 0 (it is the weight of the penalty), got {number}")


def _check_weight(weight: float, name: str) -> None:
    if not (math.isfinite(weight) and weight >= 0):
        raise ValueError(f"the weight of the {name} term must be a finite number >= 0, got {weight}")


def _short(weight: Hyperparameter) -> str:
    return repr(weight) if isinstance(weight, Schedule) else f"{weight:.6g}"
