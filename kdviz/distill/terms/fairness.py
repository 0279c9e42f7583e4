"""Penalties on unequal treatment of groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from ... import losses
from ..objective import Term
from ..outputs import Outputs

__all__ = ["DemographicParity", "EqualizedOdds"]


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
    kept_by_twin: ClassVar[bool] = True
    static_fields: ClassVar[tuple[str, ...]] = ("group", "positive")

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
    >>> from kdviz import HardLabels, SoftTargets
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
