"""The same run again with other seeds: bands on the plot, and what the difference is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...distill import Distillation
from ...distill.runner import KeepGoing
from ...words import t
from ..live.roster import NAMES

SMOOTHING = 0.1
Group = Sequence[tuple[str, Distillation]]


@dataclass(frozen=True)
class SeedResult:
    """The result of one seed: by role, validation errors (%) over steps, and errors on the test set."""

    seed: int
    curves: dict[str, tuple[list[int], list[float]]]
    test_errors: dict[str, int]

    @classmethod
    def of(cls, group: Group) -> SeedResult:
        curves, tests = {}, {}
        for role, run in group:
            points = run.history.evaluated("validation")
            curves[role] = ([e.step for e in points], [100 * e.errors / e.examples for e in points])
            test = run.history.evaluated("test")
            if test:
                tests[role] = test[-1].errors
        return cls(group[0][1].settings.seed, curves, tests)


@dataclass
class Repeats:
    """A run, its twins, and the same again with the seeds after its own.

    Parameters
    ----------
    group : sequence of (role, Distillation)
        The finished runs on the page, the student's first.
    seeds : int
        How many seeds in all, the page's own among them.
    """

    group: Group
    seeds: int
    results: list[SeedResult] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not 2 <= self.seeds <= 20:
            raise ValueError(f"seeds must be between 2 and 20, got {self.seeds}")
        self.results.append(SeedResult.of(self.group))
        self._recipe = self.group[0][1].recipe

    @property
    def done(self) -> bool:
        return len(self.results) >= self.seeds

    def build(self, keep_going: KeepGoing) -> Sequence[Distillation]:
        """Return the next seed's runs at their start, for a runner; edits made on the page wait at their steps."""
        first = self.group[0][1]
        recipe = self._recipe.with_seed(first.settings.seed + len(self.results))
        run = Distillation.from_recipe(
            recipe,
            teacher=first.teacher,
            data=first.data,
            snapshot_every=first.settings.snapshot_every,
            allow_weaker_teacher=True,
        )
        run.prepare(keep_going)
        return with_twins(run, [role for role, _ in self.group])

    def take(self, runs: Sequence[Distillation]) -> None:
        """Add the results of the runs made by ``build``."""
        self.results.append(SeedResult.of(list(zip((role for role, _ in self.group), runs, strict=True))))

    def bands(self) -> list[dict[str, Any]]:
        """Return, role by role, lowest, mean and highest validation error (%) over the seeds, for ``Scene.bands``."""
        if len(self.results) < 2:
            return []
        bands = []
        for role, _ in self.group:
            curves = [result.curves[role] for result in self.results]
            steps = [s for s in curves[0][0] if all(s in set(other) for other, _ in curves)]
            values = np.array([[v for s, v in zip(*curve, strict=True) if s in set(steps)] for curve in curves])
            bands.append(
                {
                    "role": role,
                    "name": t(NAMES[role]),
                    "steps": steps,
                    "low": values.min(0).round(4).tolist(),
                    "mean": values.mean(0).round(4).tolist(),
                    "high": values.max(0).round(4).tolist(),
                    "seeds": len(self.results),
                }
            )
        return bands

    @property
    def test_errors(self) -> list[dict[str, int]]:
        """Errors on the test set, by role, seed by seed."""
        return [result.test_errors for result in self.results]


def can_repeat(run: Distillation) -> bool:
    """Whether a run can be made again with another seed: kdviz must be able to build its student untrained."""
    return run.recipe.student is not None


def with_twins(run: Distillation, roles: Sequence[str]) -> tuple[Distillation, ...]:
    """Return the run and its twins, in the order of the roles after "student"."""
    twins = {"twin": 0.0, "smoothed": SMOOTHING}
    return (run, *(run.twin(smoothing=twins[role]) for role in roles[1:]))
