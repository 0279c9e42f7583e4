"""What a run is told at its start, what a step gives back, and how a run says that it exploded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from ..data import shift
from .batches import Augment
from .objective import Objective
from .optimizer import OptimizerFactory
from .schedules import Hyperparameter

AUGMENTS: dict[str, Augment] = {"shift": lambda x, generator: shift(x, pixels=2, generator=generator)}


class NonFiniteLossError(FloatingPointError):
    """The loss became NaN or infinite; the run is back at its last good snapshot."""


@dataclass(frozen=True)
class Settings:
    """What a run was told at its start; edits come on top."""

    objective: Objective
    optimizer: str | OptimizerFactory = "adam"
    learning_rate: Hyperparameter = 1e-3
    batch_size: int = 128
    epochs: int = 10
    seed: int = 0
    augment: str | Augment | None = None
    snapshot_every: int = 200


class Step(NamedTuple):
    """One optimiser step: its number (from 1), the loss and the unweighted terms as scalar tensors."""

    number: int
    loss: Tensor
    terms: dict[str, Tensor]
