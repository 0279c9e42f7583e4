"""Time travel: films while a run goes, and the exact logits where the cursor rests."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from torch import nn

from ...data import Examples
from ...models import inference
from ...widgets import Scene
from ...widgets.recording import Frame, LogitRecording
from ..live.publisher import Publisher
from ..live.roster import Entry, Roster
from ..live.worker import LatestOnly

FILM_S = 3.0  # a run that was trained elsewhere is filmed for so long
LIVE_S = 1.0  # a run whose recorded steps are further apart than this is filmed in between


class TimeTravel:
    """Brings what the student said at a step to the page's scene.

    While training, each recorded step becomes a frame: the logits on the watched examples, two bytes a number
    (``kdviz.widgets.recording``; 10 KB for 500 examples of 10 classes, at most 8 MB a run, then every second one goes).
    Where the cursor comes to rest the student is made again from the nearest snapshot, and its own logits are shown.

    Parameters
    ----------
    scene : Scene
    roster : Roster
    newest : LatestOnly
        The thread on which students are made again.
    publisher : Publisher
    """

    def __init__(self, scene: Scene, roster: Roster, newest: LatestOnly, publisher: Publisher) -> None:
        self._scene, self._roster, self._newest, self._publisher = scene, roster, newest, publisher
        self._examples: Examples | None = None
        self._filmed_at = 0.0
        self._made: tuple[str, int, nn.Module] | None = None  # the student made again last

    def watch(self, examples: Examples) -> None:
        """Record these examples from now on."""
        self._examples = examples

    def forget(self) -> None:
        """Let go of the examples and of the student made again last."""
        self._examples = self._made = None

    def open(self, key: str, student: nn.Module) -> None:
        """Show a student that has learned nothing yet, under the key that its run will have."""
        if self._examples is None:
            return
        logits = inference.logits(student, self._examples).numpy()
        self._scene.drop(key)
        self._scene.record(key, Frame.of(0, logits))
        exact = {"run": key, "step": 0}
        self._publisher.put(self._scene, shown_run=key, step=None, exact=exact, exact_logits=logits)

    def record(self, entries: Iterable[Entry]) -> None:
        """Add a frame of each run as it is now. No step may be under way."""
        if self._examples is None:
            return
        for entry in entries:
            frame = Frame.of(entry.run.steps_done, inference.logits(entry.run.student, self._examples).numpy())
            self._scene.record(entry.key, frame)
        self._filmed_at = time.perf_counter()
        self._publisher.put(self._scene)

    def record_if_due(self, entries: Iterable[Entry]) -> None:
        """Add frames of a run whose recorded steps are far apart."""
        if time.perf_counter() - self._filmed_at > LIVE_S:
            self.record(entries)

    def film(self, entry: Entry) -> None:
        """Film a run that was trained elsewhere from its snapshots: its ends first, then what lies between, for a
        few seconds at most."""
        if self._examples is None:
            return
        run, film, began = entry.run, LogitRecording(), time.perf_counter()
        for step in from_coarse_to_fine(sorted({*(snapshot.step for snapshot in run.snapshots), run.steps_done})):
            if len(film) > 1 and time.perf_counter() - began > FILM_S:
                break
            film.put(Frame.of(step, self._logits(entry, step, self._examples)[1]))
        self._scene.replace_films(self._scene.films | {entry.key: film})

    def branch_film(self, parent: str, key: str, step: int) -> None:
        """Give a branch its parent's film up to where it begins."""
        self._scene.films[key] = self._scene.films.get(parent, LogitRecording()).until(step)

    def rest(self) -> None:
        """Bring the exact logits of the step and run that the views show; returns at once."""
        self._newest.put("exact", self._make_exact)

    def _make_exact(self) -> None:
        key, step = self._scene.shown_run, self._scene.step
        entry = self._roster.get(key)
        if entry is None or self._examples is None:
            return
        exact, logits = self._logits(entry, step, self._examples)
        self._publisher.put(self._scene, exact={"run": key, "step": exact}, exact_logits=logits)

    def _logits(self, entry: Entry, step: int | None, examples: Examples) -> tuple[int, np.ndarray]:
        """Return the step, and the logits (N, C) of the run's student after it; None: as it is now."""
        run = entry.run
        with run.lock:
            if step is None or step >= run.steps_done:
                return run.steps_done, inference.logits(run.student, examples).numpy()
        return step, inference.logits(self.student_at(entry, step), examples).numpy()

    def student_at(self, entry: Entry, step: int) -> nn.Module:
        """Return the student as it was after ``step`` steps; the one asked for last is kept."""
        if self._made is None or self._made[:2] != (entry.key, step):
            self._made = (entry.key, step, entry.run.at(step))
        return self._made[2]


def from_coarse_to_fine(steps: Sequence[int]) -> list[int]:
    """Return steps in another order: first and last, then the middle of each gap.

    >>> from_coarse_to_fine([0, 1, 2, 3, 4, 5, 6])
    [0, 6, 3, 1, 4, 2, 5]
    """
    ends = [0, len(steps) - 1]
    chosen = list(dict.fromkeys(ends))
    while len(chosen) < len(steps):
        ends = sorted(ends)
        middles = [(a + b) // 2 for a, b in pairwise(ends) if b - a > 1]
        chosen += middles
        ends += middles
    return [steps[i] for i in chosen]


def described(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return what has to be kept of entries besides their runs."""
    names = ("key", "role", "own_name", "number", "group", "start", "colour", "hidden", "note", "round", "parent")
    best = [entry.best_test.to_dict() if entry.best_test is not None else None for entry in entries]
    rows = [{name: getattr(entry, name) for name in names} for entry in entries]
    return [row | {"best_test": test} for row, test in zip(rows, best, strict=True)]
