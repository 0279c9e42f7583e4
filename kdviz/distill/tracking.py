"""What a run tells an experiment tracker: one function, that of the tracker's own."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from .history import Evaluation, History

Log = Callable[..., Any]  # (values by name, step=): wandb.log, mlflow.log_metrics, trackio.log, ...
EVERY = 50  # steps whose means are told at once


class Tracking:
    """Tells a tracker of a run's steps and evaluations; one that fails is told nothing more, and the run goes on.

    Parameters
    ----------
    log : callable or None
        Called as ``log(values, step=...)`` with numbers by name. None: nobody is told.
    history : History
        Of the run.
    """

    def __init__(self, log: Log | None, history: History) -> None:
        if log is not None and not callable(log):
            raise TypeError(
                f"log must be a function of (values, step=), such as wandb.log, got {type(log).__name__}; for a "
                "TensorBoard folder pass kd.export.tensorboard(folder)"
            )
        self._log, self._history, self._told = log, history, len(history)

    def step(self) -> None:
        """A step was taken: every `EVERY` steps, tell the means of what they recorded."""
        if self._log is not None and len(self._history) - self._told >= EVERY:
            self.rest()

    def rest(self) -> None:
        """Tell the means of the steps that were not told yet."""
        if self._log is None or len(self._history) == self._told:
            return
        means = self._history.rows[self._told :].mean(axis=0)
        self._told = len(self._history)
        named = zip(self._history.columns, means, strict=True)
        self._tell({f"train/{name}": float(mean) for name, mean in named}, self._told)

    def evaluated(self, result: Evaluation) -> None:
        """Tell an evaluation."""
        if self._log is None:
            return
        self.rest()
        values = {
            "accuracy": result.accuracy,
            "errors": result.errors,
            "nll": result.nll,
            "agreement": result.agreement,
        }
        told = {f"{result.split}/{name}": float(value) for name, value in values.items() if value is not None}
        self._tell(told, result.step)

    def _tell(self, values: dict[str, float], step: int) -> None:
        assert self._log is not None
        try:
            self._log(values, step=step)
        except Exception as error:
            self._log = None
            reason = " ".join(str(error).split()) or type(error).__name__
            warnings.warn(
                f"the tracker failed at step {step:,} and is told nothing more; the run goes on ({reason})",
                stacklevel=4,
            )
