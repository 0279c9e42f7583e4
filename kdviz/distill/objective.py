"""The objective: a weighted sum of terms, written as algebra.

    0.9 * SoftTargets(temperature=4) + 0.1 * HardLabels()

is L = α · T² · KL(σ_T(t) ‖ σ_T(s)) + (1 − α) · CE(s, y) with α = 0.9 and T = 4: α weights the SOFT term. Any other term
is added with a weight of its own: ``+ 50 * Hint("relu3", "stage2_1")``, ``+ 2.0 * DemographicParity("sex")``.
Everything here is frozen: an edit makes a new objective, so a history can never change behind its own back.
"""

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from . import schedules, symbols
from .live import LIVE
from .objective_schema import TERMS, WRITTEN
from .outputs import Outputs, Seen, Taps
from .schedules import Complement, Hyperparameter, Schedule, value_at

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ..data import Splits


@dataclass(frozen=True)
class Term:
    """One part of an objective. ``number * term`` weights it, ``+`` adds it to others.

    A term that needs layers names them in ``taps``; one that needs a module trained alongside the student, such as a
    regressor between two layers, makes it in ``auxiliary``. Both are optional, as is everything but ``value``.
    """

    name: ClassVar[str] = ""
    needs_teacher: ClassVar[bool] = False
    asks_itself: ClassVar[bool] = False  # it asks the teacher about text of its own; it needs no answers to the batch
    kept_by_twin: ClassVar[bool] = False  # a penalty rather than something to learn from; a twin keeps it
    outside_alpha: ClassVar[bool] = False  # added to soft targets and hard labels; alpha does not weight it
    unprefixed: ClassVar[tuple[str, ...]] = ()  # hyperparameters named without the term's prefix
    static_fields: ClassVar[tuple[str, ...]] = ()  # fields that are not hyperparameters: they never change
    written: ClassVar[Mapping[str, str]] = {}  # fields saved under another name, and omitted where they are None

    def __new__(cls, *_args: Any, **given: Any) -> Self:
        symbols.check(cls.__name__, given, inspect.signature(cls.__init__).parameters if given else ())
        return super().__new__(cls)

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        """Return the term's mean over the batch; ``hyper`` holds the values of the term's fields at this step."""
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
        """Return a new module to train alongside the student, or None.

        It is trained with the student, kept in snapshots, and not counted among the student's parameters.
        """
        return None

    def auxiliary_loss(self, outputs: Outputs, hyper: dict[str, float], weights: Mapping[str, float]) -> Tensor | None:
        """Return the loss of the auxiliary module where it is not the objective itself: an opponent's, or a peer's.

        Its gradient goes only to the auxiliary module, and the objective's only to the student. ``weights`` are the
        current weights of all terms, by name. None: the auxiliary module minimizes the objective, with the student.
        """
        return None

    def for_data(self, data: Splits, objective: Objective) -> Term:
        """Check the term against the data and return it adapted to them; called before the first step.

        The run computes the returned term; the run's objective and its recipe keep the original.

        Raises
        ------
        ValueError
            In one sentence, if the term does not fit the data.
        """
        return self

    def in_twin(self, smoothing: float, weight: Any) -> Term | None:
        """Return what a part of the student that learns from this term alone learns in a twin without a teacher.

        ``smoothing`` and ``weight`` are those of the twin's labels. None: the term has no part of its own.
        """
        return None

    def hyperparameters(self) -> dict[str, Hyperparameter]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in self.static_fields}

    def to_dict(self) -> dict[str, Any]:
        return {
            "term": type(self).__name__,
            **{k: schedules.to_json(v) for k, v in self.hyperparameters().items()},
            **{self.written.get(k, k): getattr(self, k) for k in self.static_fields if self._is_saved(k)},
        }

    def _is_saved(self, field: str) -> bool:
        return field not in self.written or getattr(self, field) is not None

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any], path: str = "term") -> Term:
        """Return the term whose fields ``to_dict`` wrote; the entry "term" names the class and may be omitted.

        Raises
        ------
        ValueError
            In one sentence that begins with ``path``, if the fields are invalid.
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
        return Objective(((weight, self),))

    __rmul__ = __mul__

    def __add__(self, other: Term | Objective) -> Objective:
        return 1.0 * self + other


@dataclass(frozen=True)
class Objective:
    """A weighted sum of terms.

    Examples
    --------
    >>> from kdviz import DemographicParity, HardLabels, SoftTargets
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
        for i, term in enumerate(self.terms):
            if term in self.terms[:i]:
                raise ValueError(f"each term may appear once, got {term} twice; add their weights instead")
        if sum(term.name == "fairness" for term in self.terms) > 1:
            raise ValueError(f"an objective can hold one penalty on unequal treatment, got {self}")
        columns = {term.group_column for term in self.terms if term.group_column is not None}
        if len(columns) > 1:
            raise ValueError(f"an objective can name one group column, got {', '.join(sorted(columns))}")
        for weight, term in self.weighted:
            _check_weight(weight, term.name)

    def __add__(self, other: Term | Objective) -> Objective:
        more = other if isinstance(other, Objective) else 1.0 * other
        return Objective(self.weighted + more.weighted)

    def __radd__(self, other: Term | int) -> Objective:
        return self if other == 0 else 1.0 * other + self  # type: ignore[operator]  # sum() begins with 0

    def __mul__(self, factor: float) -> Objective:
        if any(isinstance(w, Schedule) for w, _ in self.weighted):
            raise TypeError("an objective with a scheduled weight cannot be scaled; weight its terms one by one")
        return Objective(tuple((float(factor) * w, t) for w, t in self.weighted))  # type: ignore[operator]

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return " + ".join(f"{_short(weight)} * {term}" for weight, term in self.weighted)

    @property
    def terms(self) -> tuple[Term, ...]:
        return tuple(term for _, term in self.weighted)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The name of each term in the history: its own, with a number appended where there are several of a kind.

        >>> from kdviz import HardLabels, SoftTargets
        >>> (SoftTargets(4) + SoftTargets(1) + HardLabels()).names
        ('soft', 'soft_2', 'hard')
        """
        seen: Counter[str] = Counter()
        names = []
        for term in self.terms:
            seen[term.name] += 1
            names.append(term.name if seen[term.name] == 1 else f"{term.name}_{seen[term.name]}")
        return tuple(names)

    @cached_property
    def numbers(self) -> dict[str, tuple[int, str]]:
        """The names of weights and hyperparameters in ``run.edit`` and the history, with the index of the term and the
        field.

        A weight is ``weight_`` plus the term's name, with an empty field. A hyperparameter has its term's name as a
        prefix, except a few: ``temperature`` of soft targets, ``smoothing``.

        >>> from kdviz import HardLabels, SoftTargets
        >>> (SoftTargets(4) + SoftTargets(1) + HardLabels()).numbers
        {'weight_soft': (0, ''), 'weight_soft_2': (1, ''), 'weight_hard': (2, ''), 'temperature': (0, 'temperature'),
         'soft_2_temperature': (1, 'temperature')}
        """
        weights = {f"weight_{name}": (i, "") for i, name in enumerate(self.names)}
        inner = {}
        for i, (name, term) in enumerate(zip(self.names, self.terms, strict=True)):
            for field in term.hyperparameters():
                unprefixed = name == term.name and field in term.unprefixed
                inner[field if unprefixed else f"{name}_{field}"] = (i, field)
        return weights | inner

    @property
    def needs_teacher(self) -> bool:
        return any(term.needs_teacher for term in self.terms)

    @property
    def alpha(self) -> Hyperparameter | None:
        """The weight of the soft term, or None where the objective is not soft targets with or without hard labels.

        Additional terms make no difference: penalties, and terms on layers.
        """
        by_name = self._balanced
        return by_name.get("soft", 0.0) if by_name and set(by_name) <= {"soft", "hard"} else None

    @property
    def temperature(self) -> Hyperparameter | None:
        """T of the soft term, or None without one."""
        return next((t.hyperparameters()["temperature"] for t in self.terms if "temperature" in t.unprefixed), None)

    @property
    def fairness(self) -> Hyperparameter | None:
        """The weight of the penalty on unequal treatment, or None without one."""
        return next((weight for weight, term in self.weighted if term.name == "fairness"), None)

    def value(self, name: str) -> Hyperparameter | None:
        """Return the number that ``edited(name=...)`` would change, or None if there is no such name.

        >>> import kdviz as kd
        >>> kd.hinton(temperature=4).value("temperature")
        4.0
        """
        if name in ("alpha", "temperature", "fairness"):
            return getattr(self, name)
        if name not in self.numbers:
            return None
        at, field = self.numbers[name]
        weight, term = self.weighted[at]
        return getattr(term, field) if field else weight

    @property
    def group_column(self) -> str | None:
        """The column of ``Examples.groups`` that a term needs, or None."""
        return next((t.group_column for t in self.terms if t.group_column is not None), None)

    @property
    def editable(self) -> tuple[str, ...]:
        """The names that ``edited`` takes."""
        special, elsewhere = [], {"weight_fairness"}  # edited under another name
        if self.temperature is not None:
            special.append("temperature")
        if set(self._balanced) == {"soft", "hard"}:
            special.append("alpha")
            elsewhere |= {"weight_soft", "weight_hard"}
        if self.fairness is not None:
            special.append("fairness")
        if len(self._balanced) == 1:  # a single weight balances nothing; additional terms have weights of their own
            elsewhere |= {f"weight_{name}" for name in self._balanced}
        return (*special, *(name for name in self.numbers if name not in (*special, *elsewhere)))

    @property
    def _balanced(self) -> dict[str, Hyperparameter]:
        """The weights of the terms that alpha may balance: those that are not additional."""
        all_of_them = zip(self.names, self.weighted, strict=True)
        return {name: weight for name, (weight, term) in all_of_them if not (term.kept_by_twin or term.outside_alpha)}

    def edited(self, **changes: Hyperparameter) -> Objective:
        """Return this objective with other numbers.

        ``alpha`` gives the soft term the weight alpha and the hard one 1 − alpha, where there are these two;
        ``temperature`` is that of the soft targets, ``fairness`` the weight of the penalty. All others have their names
        in ``numbers``: ``weight_hint=50``, ``contrastive_temperature=0.1``.

        Raises
        ------
        ValueError
            If a name is unknown or a value is out of range.
        """
        weighted = list(self.weighted)
        for name, value in changes.items():
            if name == "alpha":
                self._check_balanced(value)
                share = dict(zip(("soft", "hard"), shares(value), strict=True))
                weighted = [(share.get(n, w), t) for n, (w, t) in zip(self.names, weighted, strict=True)]
                continue
            if name == "fairness":
                self._check_fair(value)
                weighted = [(_number(value) if t.name == "fairness" else w, t) for w, t in weighted]
                continue
            if name not in self.numbers:
                raise ValueError(self._unknown(name))
            at, field = self.numbers[name]
            weight, term = weighted[at]
            if not field:
                _check_weight(value, self.names[at])
            weighted[at] = (weight, replace(term, **{field: value})) if field else (_number(value), term)
        return Objective(tuple(weighted))

    def _unknown(self, name: str) -> str:
        if name == "temperature":
            return "temperature belongs to soft targets and this objective has none; add kd.SoftTargets()"
        return f"the objective {self} has {', '.join(self.editable)}, got {name!r}"

    def _check_balanced(self, alpha: Hyperparameter) -> None:
        LIVE["alpha"].check(alpha)
        if set(self._balanced) != {"soft", "hard"}:
            raise ValueError(f"alpha balances soft targets against hard labels and the objective is {self}")

    def _check_fair(self, fairness: Hyperparameter) -> None:
        LIVE["fairness"].check(fairness)
        if self.fairness is None:
            raise ValueError(
                "fairness weights a penalty on unequal treatment and this objective has none; "
                'add 0 * kd.DemographicParity("sex") at the start'
            )

    def for_data(self, data: Splits) -> Objective:
        """Return the objective that a run on ``data`` computes: each term checked and adapted (``Term.for_data``).

        Raises
        ------
        ValueError
            If a term does not fit the data.
        """
        return Objective(tuple((weight, term.for_data(data, self)) for weight, term in self.weighted))

    def hyperparameters_at(self, step: int, total_steps: int) -> list[tuple[float, dict[str, float]]]:
        """Return, term by term, the weight and the hyperparameters in force at ``step``."""
        values = []
        for weight, term in self.weighted:
            w = value_at(weight, step, total_steps)
            if isinstance(weight, Schedule):
                _check_weight(w, term.name)
            hyper = {k: value_at(v, step, total_steps) for k, v in term.hyperparameters().items()}
            values.append((w, hyper))
        return values

    @property
    def scheduled(self) -> bool:
        """Whether any of its numbers depends on the step."""
        numbers = [w for w, _ in self.weighted] + [v for t in self.terms for v in t.hyperparameters().values()]
        return any(isinstance(n, Schedule) for n in numbers)

    def to_dict(self) -> list[dict[str, Any]]:
        own = [type(term).__name__ for term in self.terms if type(term) not in TERMS.values()]
        if own:
            raise ValueError(
                f"the term {own[0]} is your own, and only {', '.join(TERMS)} can be saved; register it with "
                f"kd.distill.terms.register({own[0]})"
            )
        return [{"weight": schedules.to_json(weight), **term.to_dict()} for weight, term in self.weighted]

    @classmethod
    def from_dict(cls, terms: list[dict[str, Any]], path: str = "objective") -> Objective:
        """Return the objective that ``to_dict`` wrote.

        Raises
        ------
        ValueError
            In one sentence that names the field, if it is not an objective.
        """
        WRITTEN.check(terms, path)
        weighted = []
        for i, entry in enumerate(terms):
            kind, here = TERMS[entry["term"]], f"{path}[{i}]"
            term = kind.from_dict({k: v for k, v in entry.items() if k != "weight"}, here)
            weighted.append((schedules.from_json(entry["weight"], f"{here}.weight"), term))
        try:
            return cls(tuple(weighted))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None


def shares(alpha: Hyperparameter) -> tuple[Hyperparameter, Hyperparameter]:
    """Return the weights of the soft and the hard term."""
    return (alpha, Complement(alpha)) if isinstance(alpha, Schedule) else (float(alpha), 1.0 - float(alpha))


def _check_weight(weight: Hyperparameter, name: str) -> None:
    for number in schedules.extremes(weight):
        if not (math.isfinite(number) and number >= 0):
            raise ValueError(f"the weight of the {name} term must be a finite number >= 0, got {number}")


def _short(weight: Hyperparameter) -> str:
    return repr(weight) if isinstance(weight, Schedule) else f"{weight:.6g}"


def _number(value: Hyperparameter) -> Hyperparameter:
    return value if isinstance(value, Schedule) else float(value)
