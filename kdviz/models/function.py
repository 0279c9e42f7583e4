"""A function as a model, and a remote service whose calls cost time or money."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from kdviz.data.inputs import rows
from kdviz.models.foreign import CannotAnswerError, Foreign, as_arrays, rows_of
from kdviz.models.kept_answers import KeptAnswers
from kdviz.models.probabilities import Probabilities, Reading, as_tensor, title_of


class Function(Foreign):
    """A function from a batch to predictions, as a module.

    Parameters
    ----------
    ask : callable
        Maps a batch of the data to logits or probabilities (B, C), or a class (B,) for each example: a tensor,
        an array or rows of numbers. It receives tensors, or arrays if it cannot use tensors.
    probabilities : bool or "each", optional
        Whether it returns probabilities. Default: where each row is in [0, 1] and sums to 1, with a warning.
    classes : int, optional
        The number of classes, for a function that returns a class.
    inputs : callable, optional
        Maps a batch of the data to the function's argument.

    Examples
    --------
    >>> Function(lambda x: x[:, :2] * 3)(torch.ones(1, 4))
    tensor([[3., 3.]])
    """

    def __init__(
        self,
        ask: Callable[[Any], Any],
        *,
        probabilities: Probabilities | None = None,
        classes: int | None = None,
        inputs: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__()
        self.ask, self.title, self.inputs = ask, title_of(ask), inputs
        self.reading = Reading(self.title, probabilities, classes)
        self.arrays = False  # whether it needs arrays

    def answer(self, batch: Any) -> Tensor:
        output = self._called(batch if self.inputs is None else self.inputs(batch))
        return self.reading.logits(as_tensor(output, self.title), rows_of(batch))

    def _called(self, batch: Any) -> Any:
        if self.arrays:
            return self.ask(as_arrays(batch))
        try:
            return self.ask(batch)
        except (TypeError, AttributeError) as error:
            try:
                output = self.ask(as_arrays(batch))
            except Exception:
                raise error from None
            self.arrays = True
            return output


class ServiceError(CannotAnswerError, ConnectionError):
    """A service failed too often; its earlier answers are kept."""


class Service(Foreign):
    """A remote model that is called once for each example: its answers are kept as they arrive.

    Parameters
    ----------
    ask : callable
        Maps a batch of the data to logits or probabilities (B, C), or a class (B,) for each example.
    batch_size : int
        Examples per call.
    keep : str or Path, optional
        A folder for the answers of this one service, so that another process can reuse them. Default: in memory.
    retries : int
        How often a failed call is retried before the pass ends.
    pause_s : float
        Seconds before the first retry, doubled before each further one.
    probabilities, classes
        As for `Function`.

    Raises
    ------
    ValueError
        If a number is out of range, or the folder cannot be used.
    ServiceError
        If a call fails too often; earlier answers are kept. Call again to continue from there.

    Examples
    --------
    >>> asked = []
    >>> def ask(x):
    ...     asked.append(len(x))
    ...     return x * 2
    >>> service = Service(ask, batch_size=2)
    >>> service(torch.eye(3)).argmax(1), service(torch.eye(3)).argmax(1), asked
    (tensor([0, 1, 2]), tensor([0, 1, 2]), [2, 1])
    """

    def __init__(
        self,
        ask: Callable[[Any], Any],
        *,
        batch_size: int = 64,
        keep: str | Path | None = None,
        retries: int = 0,
        pause_s: float = 1.0,
        probabilities: Probabilities | None = None,
        classes: int | None = None,
    ) -> None:
        super().__init__()
        for name, value, least in (("batch_size", batch_size, 1), ("retries", retries, 0), ("pause_s", pause_s, 0)):
            if not value >= least:
                raise ValueError(f"{name} must be at least {least}, got {value}")
        self.batch_size, self.retries, self.pause_s = batch_size, retries, pause_s
        self.title = title_of(ask).replace("the function", "the service", 1)
        self.kept = KeptAnswers(ask, keep)
        self.reading = Reading(self.title, probabilities, classes)

    def answer(self, batch: Any) -> Tensor:
        count = rows_of(batch)
        pieces = (rows(batch, slice(i, i + self.batch_size)) for i in range(0, count, self.batch_size))
        return self.reading.logits(torch.cat([self._piece(piece) for piece in pieces]), count)

    def _piece(self, batch: Any) -> Tensor:
        for again in range(self.retries + 1):
            try:
                return self.kept(batch)
            except ValueError:
                raise  # an invalid answer stays invalid
            except Exception as error:
                if again == self.retries:
                    raise self._failed(error) from error
                time.sleep(self.pause_s * 2**again)
        raise AssertionError("the last try returns or raises")

    def _failed(self, error: Exception) -> ServiceError:
        times = "once" if not self.retries else f"{self.retries + 1} times"
        reason = " ".join(str(error).split())[:120]
        return ServiceError(
            f"{self.title} failed {times} ({type(error).__name__}: {reason}) and {len(self.kept):,} answers are kept; "
            "call again to continue from there"
        )
