"""An arm's errors, seed by seed, beside those of its twins: the basis of tables, sentences and figures."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from ..measure import Paired, paired
from .arms import Arm
from .jobs import Role

if TYPE_CHECKING:
    from .study import Study

Moment = Literal["last", "best"]
Split = Literal["validation", "test"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """The results of an arm's runs at one moment on one split.

    Attributes
    ----------
    arm : Arm
    moment : {"last", "best"}
        After the last step, or at the epoch with fewest errors on validation data.
    split : {"validation", "test"}
    errors : dict of str to dict of int to int
        By role ("student", "twin", "smoothed") and seed, for the finished runs.
    examples : int
        Labelled examples in the split; 0 as long as no run has finished.
    teacher_errors : int or None
        The teacher's own, if there is one.
    failed : dict of int to str
        By seed, why the student's run failed.
    """

    arm: Arm
    moment: Moment
    split: Split
    errors: Mapping[Role, Mapping[int, int]]
    examples: int
    teacher_errors: int | None
    failed: Mapping[int, str]

    def mean(self, role: Role = "student") -> float:
        """Return the mean errors over seeds; nan without any."""
        errors = self.errors[role].values()
        return statistics.fmean(errors) if errors else math.nan

    def sd(self, role: Role = "student") -> float:
        """Return the standard deviation of errors over seeds, n − 1 in the denominator; nan for fewer than two."""
        errors = self.errors[role].values()
        return statistics.stdev(errors) if len(errors) > 1 else math.nan

    def difference(self, role: Role = "twin") -> Paired | None:
        """Return the paired difference student − twin over seeds, with its interval; None without a pair."""
        student, other = self.errors["student"], self.errors[role]
        pairs = [student[seed] - other[seed] for seed in student if seed in other]
        return paired(pairs) if pairs else None


def compare(study: Study, arm: Arm, moment: Moment = "last", split: Split = "test") -> Comparison:
    """Return the results of an arm's finished runs.

    Raises
    ------
    ValueError
        If there is no such moment or split.
    """
    if moment not in get_args(Moment):
        raise ValueError(f'moment must be "last" or "best", got {moment!r}')
    if split not in get_args(Split):
        raise ValueError(f'split must be "validation" or "test", got {split!r}')
    errors: dict[Role, dict[int, int]] = {role: {} for role in get_args(Role)}
    examples, teacher_errors, failed = 0, None, {}
    for result in study.results:
        if result.arm is not arm:
            continue
        if result.outcome["state"] == "failed":
            if result.role == "student":
                failed[result.seed] = result.outcome["sentence"]
            continue
        found = result.outcome["moments"].get(moment, {}).get(split)
        if found is None:
            continue
        errors[result.role][result.seed] = found["errors"]
        examples = found["examples"]
        if found["teacher_errors"] is not None:
            teacher_errors = found["teacher_errors"]
    return Comparison(arm, moment, split, errors, examples, teacher_errors, failed)
