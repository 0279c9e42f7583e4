"""Snapshots: all that a run needs to continue from a step, and a store of them that moves to disk as it grows."""

from __future__ import annotations

import copy
import os
import shutil
import tempfile
import warnings
import weakref
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from ..models.looking import bytes_of, parts_of
from .optimizer import changed, group_settings
from .state import capture, restore

MEMORY_BYTES = 64 * 2**20  # of memory; above this, older snapshots move to temporary files
DISK_BYTES = 4 * 2**30  # of such files, or half of the free space; above this, every second snapshot is dropped
MOST_SNAPSHOTS = 512


@dataclass(frozen=True)
class Snapshot:
    """A student, its auxiliary modules and their optimizer after ``step`` steps.

    The rest follows from seed and edits.
    """

    step: int
    student: dict[str, Tensor]
    optimizer: dict[int, dict[str, Any]]
    auxiliary: dict[str, Tensor] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)  # the student's state that is not tensors
    groups: dict[int, dict[str, Any]] = field(default_factory=dict)  # what the optimizer changed in its groups
    mark: object = field(default_factory=object, repr=False, compare=False)  # its identity, in memory or on disk

    @classmethod
    def take(
        cls,
        step: int,
        student: nn.Module,
        optimizer: torch.optim.Optimizer,
        auxiliary: nn.Module,
        at_start: list[dict[str, Any]],
    ) -> Snapshot:
        """Take a snapshot of the current state. ``at_start``: `group_settings` of the new optimizer."""
        weights, extra = capture(student)
        beside, _ = capture(auxiliary)
        state = copy.deepcopy(optimizer.state_dict()["state"])
        return cls(step, weights, state, beside, extra, changed(group_settings(optimizer), at_start))

    def restore(
        self,
        student: nn.Module,
        optimizer: torch.optim.Optimizer,
        auxiliary: nn.Module,
        at_start: list[dict[str, Any]],
    ) -> None:
        """Put weights and optimizer state back; the snapshot itself is unchanged."""
        restore(student, self.student, self.extra)
        restore(auxiliary, self.auxiliary)
        groups = [
            {**now, **start, **self.groups.get(i, {})}
            for i, (now, start) in enumerate(zip(optimizer.state_dict()["param_groups"], at_start, strict=True))
        ]
        optimizer.load_state_dict(copy.deepcopy({"state": self.optimizer, "param_groups": groups}))

    @property
    def nbytes(self) -> int:
        states = (value for state in self.optimizer.values() for value in state.values())
        held = [*self.student.values(), *self.auxiliary.values(), *states]
        return sum(bytes_of(t) for t in held if isinstance(t, Tensor))

    @property
    def finite(self) -> bool:
        learned = (*self.student.values(), *self.auxiliary.values())
        parts = (part for tensor in learned if tensor.is_floating_point() for part in parts_of(tensor))
        return all(bool(part.isfinite().all()) for part in parts if part.is_floating_point())


class OnDisk:
    """A snapshot in a temporary file, which is removed with the last reference to it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.step, self.nbytes, self.mark = snapshot.step, snapshot.nbytes, snapshot.mark
        self._rest = replace(snapshot, student={}, optimizer={}, auxiliary={})
        handle, self._path = tempfile.mkstemp(prefix="kdviz-snapshot-")
        weakref.finalize(self, _remove, self._path)
        self._loaded: weakref.ref[Snapshot] | None = None
        with os.fdopen(handle, "wb") as file:
            torch.save((snapshot.student, snapshot.optimizer, snapshot.auxiliary), file)

    def load(self) -> Snapshot:
        """Return the snapshot; the same object as long as anyone holds it."""
        loaded = self._loaded() if self._loaded is not None else None
        if loaded is None:
            student, optimizer, auxiliary = torch.load(self._path, weights_only=True)
            loaded = replace(self._rest, student=student, optimizer=optimizer, auxiliary=auxiliary)
            self._loaded = weakref.ref(loaded)
        return loaded


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)


class SnapshotStore:
    """Snapshots in order of their steps: the newest in memory, the older ones on disk once there are many.

    Above ``limit`` bytes the oldest move to temporary files. Only if these would exceed ``DISK_BYTES``, or half of the
    free space, is every second snapshot dropped, with a warning, but never the first, the last or the best; the same
    holds above ``MOST_SNAPSHOTS``. Any step between two snapshots can be restored by replaying from the first.
    """

    def __init__(self, limit: int = MEMORY_BYTES) -> None:
        self.limit = limit
        self.best: int | None = None  # a step whose snapshot is kept
        self._asked_for: set[int] = set()  # steps whose snapshot is not only the best
        self._held: list[Snapshot | OnDisk] = []
        self._warned = False

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[Snapshot]:
        return (whole(held) for held in tuple(self._held))

    @property
    def held(self) -> tuple[Snapshot | OnDisk, ...]:
        """The snapshots as stored: in memory, or on disk, from where `whole` loads one."""
        return tuple(self._held)

    @property
    def steps(self) -> list[int]:
        """The steps of the stored snapshots."""
        return [held.step for held in self._held]

    @property
    def memory(self) -> int:
        """Bytes held in memory."""
        return sum(held.nbytes for held in self._held if isinstance(held, Snapshot))

    def put(self, snapshot: Snapshot | OnDisk, *, asked: bool = True) -> None:
        """Add a snapshot, replacing one of the same step."""
        if asked:
            self._asked_for.add(snapshot.step)
        self._insert(snapshot)
        if len(self._held) > MOST_SNAPSHOTS:
            self._thin()
        while self.memory > self.limit and (index := self._oldest_in_memory()) is not None:
            self._to_disk(index)

    def put_best(self, snapshot: Snapshot) -> None:
        """Add the snapshot of the best step so far, replacing the previous best."""
        before = self.best
        if before is not None and before not in self._asked_for:
            self._held = [held for held in self._held if held.step != before]
        asked = snapshot.step in self.steps
        self.best = snapshot.step
        self.put(snapshot, asked=asked)

    def fill(self, snapshots: Iterable[Snapshot | OnDisk]) -> None:
        """Replace all snapshots with these; they are shared, not copied."""
        self._held, self._asked_for, self.best = [], set(), None
        for snapshot in snapshots:
            self.put(snapshot)

    def _insert(self, held: Snapshot | OnDisk) -> None:
        at = bisect_right(self._held, held.step, key=lambda s: s.step)
        if at and self._held[at - 1].step == held.step:
            self._held[at - 1] = held
        else:
            self._held.insert(at, held)

    def _oldest_in_memory(self) -> int | None:
        """Return the index of the oldest snapshot in memory that is not the last of all."""
        return next((i for i, held in enumerate(self._held[:-1]) if isinstance(held, Snapshot)), None)

    def _to_disk(self, index: int) -> None:
        snapshot = self._held[index]
        assert isinstance(snapshot, Snapshot)
        used = sum(held.nbytes for held in self._held if isinstance(held, OnDisk))
        room = min(DISK_BYTES - used, shutil.disk_usage(tempfile.gettempdir()).free // 2)
        try:
            if snapshot.nbytes > room:
                raise OSError(f"{snapshot.nbytes:,} bytes do not fit into {room:,}")
            self._held[index] = OnDisk(snapshot)
        except OSError:
            before = len(self._held)
            self._thin()
            if len(self._held) == before:  # nothing is left to drop but the ends
                self._held[index : index + 1] = []
            if not self._warned:
                self._warned = True
                warnings.warn(
                    f"the snapshots of this run do not fit into memory ({self.limit // 2**20} MB) and the temporary "
                    "folder, so every second one is dropped and going back to a step may retrain some steps; "
                    "a larger snapshot_every keeps fewer",
                    stacklevel=2,
                )

    def _thin(self) -> None:
        """Drop every second snapshot but the first, the last and the best."""
        first, *middle, last = self._held
        kept = [held for i, held in enumerate(middle) if i % 2 or held.step == self.best]
        self._held = [first, *kept, last]

    def before(self, step: int) -> Snapshot:
        """Return the last snapshot at or before ``step``."""
        return whole(self._held[bisect_right(self._held, step, key=lambda s: s.step) - 1])

    def put_away(self, most: int) -> None:
        """Keep at most so many snapshots, first and last among them; where there is room, all but the last on disk."""
        if len(self._held) > most:
            first, *middle, last = self._held
            chosen = {round((i + 1) * (len(middle) + 1) / (most - 1)) - 1 for i in range(most - 2)}
            self._held = [first, *(middle[i] for i in sorted(chosen)), last]
        if self.memory < shutil.disk_usage(tempfile.gettempdir()).free // 2:
            while (index := self._oldest_in_memory()) is not None:
                self._to_disk(index)

    def drop_after(self, step: int) -> None:
        self._held = [s for s in self._held if s.step <= step]


def whole(held: Snapshot | OnDisk) -> Snapshot:
    """Return a snapshot, loading it from disk if needed."""
    return held if isinstance(held, Snapshot) else held.load()
