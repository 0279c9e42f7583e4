"""Run settings, the step result, and the non-finite-loss error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from ..data import shift
from . import checks
from .batches import Augment
from .objective import Objective
from .optimizer import OptimizerFactory
from .schedules import Hyperparameter

AUGMENTS: dict[str, Augment] = {"shift": lambda x, generator: shift(x, pixels=2, generator=generator)}


class NonFiniteLossError(FloatingPointError):
    """The loss became NaN or infinite; the run is back at its last good snapshot."""


@dataclass(frozen=True)
class Settings:
    """The settings of a run at its start; edits come on top."""

    objective: Objective
    optimizer: str | OptimizerFactory = "adam"
    weight_decay: float | None = None
    learning_rate: Hyperparameter = 1e-3
    batch_size: int = 128
    epochs: int = 10
    seed: int = 0
    augment: str | Augment | None = None
    snapshot_every: int = 200

    def __post_init__(self) -> None:
        """Convert to plain numbers (numpy's become Python's); raise in one sentence on invalid values."""
        object.__setattr__(self, "learning_rate", checks.number("learning_rate", self.learning_rate))
        for name in ("batch_size", "epochs", "seed", "snapshot_every"):
            object.__setattr__(self, name, checks.whole(name, getattr(self, name)))
        checks.check_numbers(learning_rate=self.learning_rate, batch_size=self.batch_size, epochs=self.epochs)
        checks.check_decay(self.weight_decay, self.optimizer)
        if self.snapshot_every < 1:
            raise ValueError(f"snapshot_every must be at least 1, got {self.snapshot_every}")
        if isinstance(self.augment, str) and self.augment not in AUGMENTS:
            raise ValueError(f"augment must be one of {', '.join(AUGMENTS)} or a callable, got {self.augment!r}")


class Step(NamedTuple):
    """One optimizer step: its number (from 1), the loss and the unweighted terms as scalar tensors."""

    number: int
    loss: Tensor
    terms: dict[str, Tensor]
