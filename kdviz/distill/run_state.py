"""The state of a run: its snapshots and its history."""

from __future__ import annotations

from dataclasses import dataclass

from .history import History
from .snapshot import OnDisk, Snapshot


@dataclass(frozen=True)
class RunState:
    """All that a run with a given plan needs to continue, bit for bit, and to go back to its past.

    Attributes
    ----------
    snapshots : tuple of Snapshot or OnDisk
        In order of their steps, from 0 on; the run continues from the last. ``snapshot.whole`` loads one from disk.
    history : History
        A copy: records up to the last snapshot, evaluations, and edits, including those pending at later steps.
    """

    snapshots: tuple[Snapshot | OnDisk, ...]
    history: History

    @property
    def steps_done(self) -> int:
        return self.snapshots[-1].step

    def until(self, step: int) -> RunState:
        """Return the state to replay from to reach ``step``: snapshots, edits and evaluations up to there."""
        kept = tuple(snapshot for snapshot in self.snapshots if snapshot.step <= step)
        history, past = self.history.until(kept[-1].step), self.history.until(step)
        history.edits, history.evaluations = past.edits, past.evaluations
        return RunState(kept, history)
