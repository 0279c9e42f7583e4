"""The settings in force: a run's initial numbers plus the edits made since, evaluated for one step."""

from __future__ import annotations

from collections.abc import Sequence

from . import checks
from .history import Edit
from .schedules import Schedule, value_at
from .settings import Settings


class CurrentSettings:
    """The hyperparameters that training uses now.

    Attributes
    ----------
    objective, learning_rate
        With all edits so far; may be schedules.
    horizon : int
        Steps of the plan; schedules span these.
    weighted : list of (float, dict)
        This step's weight and hyperparameters of each term.
    rate : float
        This step's learning rate.
    numbers : tuple of float
        This step's row for the history: weights, hyperparameters, learning rate.
    """

    def __init__(self, settings: Settings, steps_per_epoch: int) -> None:
        self.objective = settings.objective
        self.learning_rate = settings.learning_rate
        self.horizon = settings.epochs * steps_per_epoch
        self._edits_taken = 0
        self._stale, self._scheduled = True, False

    def enter(self, step: int, edits: Sequence[Edit]) -> bool:
        """Apply the edits made up to ``step`` and compute its numbers; return whether any may have changed."""
        while self._edits_taken < len(edits) and edits[self._edits_taken].step <= step:
            self._take(edits[self._edits_taken])
            self._edits_taken += 1
        if not self._stale and not self._scheduled:
            return False
        self._scheduled = self.objective.scheduled or isinstance(self.learning_rate, Schedule)
        self._stale = False
        self.weighted = self.objective.hyperparameters_at(step, self.horizon)
        self.rate = value_at(self.learning_rate, step, self.horizon)
        checks.check_rate(self.rate)
        weights = (weight for weight, _ in self.weighted)
        hyper = (value for _, numbers in self.weighted for value in numbers.values())
        self.numbers = (*weights, *hyper, self.rate)
        return True

    def retake(self, edits_taken: int) -> None:
        """Apply the edits again from this one on, after one was replaced; they are independent, so none is lost."""
        self._edits_taken = edits_taken

    def _take(self, edit: Edit) -> None:
        if edit.name == "learning_rate":
            self.learning_rate = edit.value
        elif edit.name == "total_steps":
            self.horizon = int(value_at(edit.value, 0, 1))
        else:
            self.objective = self.objective.edited(**{edit.name: edit.value})
        self._stale = True
