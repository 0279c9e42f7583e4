"""Snapshots: all that a run needs to go on from a step, and a shelf of them with a bound on memory."""

from __future__ import annotations

import copy
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

SHELF_BYTES = 64 * 2**20
SHELF_COUNT = 512


@dataclass(frozen=True)
class Snapshot:
    """A student, its companions and their optimiser as they were after ``step`` steps. The rest follows from seed and
    edits."""

    step: int
    student: dict[str, Tensor]
    optimizer: dict[int, dict[str, Any]]
    companions: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def take(cls, step: int, student: nn.Module, optimizer: torch.optim.Optimizer, companions: nn.Module) -> Snapshot:
        weights, beside = (
            {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
            for module in (student, companions)
        )
        return cls(step, weights, copy.deepcopy(optimizer.state_dict()["state"]), beside)

    def restore(self, student: nn.Module, optimizer: torch.optim.Optimizer, companions: nn.Module) -> None:
        """Put weights and optimiser state back; the snapshot itself stays untouched."""
        student.load_state_dict(self.student)
        companions.load_state_dict(self.companions)
        now = optimizer.state_dict()
        optimizer.load_state_dict({**now, "state": copy.deepcopy(self.optimizer)})

    @property
    def nbytes(self) -> int:
        states = (value for state in self.optimizer.values() for value in state.values())
        held = [*self.student.values(), *self.companions.values(), *states]
        return sum(t.nbytes for t in held if isinstance(t, Tensor))

    @property
    def finite(self) -> bool:
        learned = (*self.student.values(), *self.companions.values())
        return all(bool(t.isfinite().all()) for t in learned if t.is_floating_point())


class Shelf:
    """Snapshots in order of their steps. Over ``limit`` bytes, or ``SHELF_COUNT`` of them, every second one goes, never
    the first or the last.

    Any step between two snapshots can be made again by replaying from the one before.
    """

    def __init__(self, limit: int = SHELF_BYTES) -> None:
        self.limit = limit
        self._held: list[Snapshot] = []

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._held)

    def put(self, snapshot: Snapshot) -> None:
        """Add a snapshot, in the place of one of the same step."""
        at = bisect_right(self._held, snapshot.step, key=lambda s: s.step)
        if at and self._held[at - 1].step == snapshot.step:
            self._held[at - 1] = snapshot
        else:
            self._held.insert(at, snapshot)
        # All snapshots of a run are of one size, but the first, which has no optimiser state yet.
        while len(self._held) > 2 and (snapshot.nbytes * len(self._held) > self.limit or len(self._held) > SHELF_COUNT):
            first, *middle, last = self._held
            self._held = [first, *middle[1::2], last]

    def before(self, step: int) -> Snapshot:
        """Return the last snapshot at or before ``step``."""
        return self._held[bisect_right(self._held, step, key=lambda s: s.step) - 1]

    def drop_after(self, step: int) -> None:
        self._held = [s for s in self._held if s.step <= step]
