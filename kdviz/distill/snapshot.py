"""Snapshots: all that a run needs to go on from a step, and a shelf of them with a bound on memory."""

from __future__ import annotations

import copy
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

SHELF_BYTES = 64 * 2**20
SHELF_COUNT = 512


@dataclass(frozen=True)
class Snapshot:
    """A student and its optimiser as they were after ``step`` steps. The rest follows from seed and edits."""

    step: int
    student: dict[str, Tensor]
    optimizer: dict[int, dict[str, Any]]

    @classmethod
    def take(cls, step: int, student: nn.Module, optimizer: torch.optim.Optimizer) -> Snapshot:
        weights = {name: tensor.detach().clone() for name, tensor in student.state_dict().items()}
        return cls(step, weights, copy.deepcopy(optimizer.state_dict()["state"]))

    def restore(self, student: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Put weights and optimiser state back; the snapshot itself stays untouched."""
        student.load_state_dict(self.student)
        now = optimizer.state_dict()
        optimizer.load_state_dict({**now, "state": copy.deepcopy(self.optimizer)})

    @property
    def nbytes(self) -> int:
        held = [*self.student.values(), *(v for s in self.optimizer.values() for v in s.values())]
        return sum(t.nbytes for t in held if isinstance(t, Tensor))

    @property
    def finite(self) -> bool:
        return all(bool(t.isfinite().all()) for t in self.student.values() if t.is_floating_point())


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
