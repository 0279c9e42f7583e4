"""The roster: all runs on a page, the student's, its twins' and the branches', with what a reader made of them.

What one press of Train made is a round: a student, its twins, the branches from them. The round in hand is what the
page speaks of; those before it stay beside it."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from ...distill import Distillation, Evaluation, RunName
from ...distill.live import LIVE
from ...measure import PairedErrors, paired_errors
from ...measure.error_words import Compared
from ...models import inference
from ...words import mark, t
from . import status_text

NAMES = {"student": mark("Student"), "twin": mark("Twin, no teacher"), "smoothed": mark("Twin, label smoothing")}
ROLES = ("student", "twin", "smoothed", "branch")
COLOURS = 5  # branches have one of so many colours in turn
MOST = 8
LONGEST_NAME = 40
OF_PEER = "/peer-"  # between the key of a run and the number of a peer, in the key of that peer


@dataclass
class Peer:
    """A network that learns beside the student of a run, as the reader has named and hidden it."""

    own_name: str = ""
    hidden: bool = False


@dataclass
class Entry:
    """One run on the page.

    Attributes
    ----------
    key : str
        Names it in messages and films.
    role : {"student", "twin", "smoothed", "branch"}
    title : RunName, str or None
        What a run that was opened with others is called.
    own_name : str
        The reader's; empty for the usual one.
    number : int
        Place among the branches, from 1.
    start : int or None
        The step it branched at.
    group : int
        Runs of one group train side by side.
    round : int
        The round it belongs to.
    parent : str
        Key of the run that it branched from.
    best_test : Evaluation or None
        Test result of the student as it was at its best validation step.
    best_weights : (int, dict) or None
        That step and the student's weights after it.
    peers : list of Peer
        Those that learn beside the student, as far as there is something to keep of them.
    """

    key: str
    run: Distillation
    role: str
    group: int
    own_name: str = ""
    number: int = 0
    start: int | None = None
    colour: int = 0
    hidden: bool = False
    note: str = ""
    round: int = 1
    parent: str = ""
    best_test: Evaluation | None = None
    best_weights: tuple[int, dict[str, Tensor]] | None = None
    title: RunName | str | None = None
    peers: list[Peer] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What it is called, in the reader's language unless the reader named it."""
        if self.own_name or self.title:
            return self.own_name or str(self.title)
        return t("Branch {n}", n=self.number) if self.role == "branch" else t(NAMES[self.role])

    @property
    def finished(self) -> bool:
        return self.run.steps_done >= self.run.total_steps

    def row(self) -> dict[str, Any]:
        """Return what the page shows of it, for ``Scene.runs``."""
        points = self.run.history.evaluated("validation")
        tests = self.run.history.evaluated("test")
        best = min(points, key=lambda e: (e.errors, e.step), default=None)
        return {
            "id": self.key,
            "name": self.name,
            "named": bool(self.own_name or self.title),
            "role": self.role,
            "colour": self.colour,
            "hidden": self.hidden,
            "steps": [e.step for e in points],
            "values": [round(100 * e.errors / e.examples, 4) for e in points],
            "edits": [
                {"step": e.step, "name": e.name, "text": status_text.edit_text(e)}
                for e in self.run.history.edits
                if e.name in LIVE
            ],
            "from": self.start,
            "note": t(self.note) if self.note else "",
            "best": {"step": best.step, "value": round(100 * best.errors / best.examples, 4)} if best else None,
            "test": tests[-1].errors if tests else None,
            "best_test": self.best_test.errors if self.best_test else None,
            "removable": self.role == "branch",
            "total_steps": self.run.total_steps,
            "epoch_steps": self.run.steps_per_epoch,
            "seed": self.run.settings.seed,
            "temperature": constant_temperature(self.run),
            "alpha": self.run.objective.value("alpha"),
        }

    def peer(self, n: int) -> Peer:
        """Return what the reader made of a peer, the first of which is 1."""
        self.peers += [Peer() for _ in range(n - len(self.peers))]
        return self.peers[n - 1]

    def peer_name(self, n: int) -> str:
        return self.peer(n).own_name or t("Peer {n}", n=n)

    def peer_rows(self) -> list[dict[str, Any]]:
        """Return what the page shows of the peers, a lane each, as far as their errors were counted."""
        points, tests = (
            [e for e in self.run.history.evaluated(split) if e.peer_errors] for split in ("validation", "test")
        )
        return [self._peer_row(n, points, tests) for n in range(1, 1 + (len(points[-1].peer_errors) if points else 0))]

    def _peer_row(self, n: int, points: Sequence[Evaluation], tests: Sequence[Evaluation]) -> dict[str, Any]:
        values = [round(100 * e.peer_errors[n - 1] / e.examples, 4) for e in points]
        best = min(zip(values, points, strict=True), key=lambda found: (found[0], found[1].step))
        return {
            **self.row(),
            "id": f"{self.key}{OF_PEER}{n}",
            "name": self.peer_name(n),
            "named": bool(self.peer(n).own_name),
            "role": "peer",
            "colour": (n - 1) % COLOURS,
            "hidden": self.peer(n).hidden,
            "steps": [e.step for e in points],
            "values": values,
            "edits": [],
            "best": {"step": best[1].step, "value": best[0]},
            "test": tests[-1].peer_errors[n - 1] if tests else None,
            "best_test": None,
            "removable": False,
            "temperature": None,
            "alpha": None,
        }


@dataclass
class Roster:
    """Entries in the order they came. All methods may be called from any thread.

    Iteration, length, roles and rows are those of the round in hand; keys and groups are known of all rounds.

    Examples
    --------
    >>> Roster().rows()
    []
    """

    in_hand: int = 1  # the number of the round in hand
    _entries: dict[str, Entry] = field(default_factory=dict)
    _branches: dict[int, int] = field(default_factory=dict)  # the highest number given out, by round
    _newest: int = 1  # the highest number of a round
    _lock: Any = field(default_factory=threading.RLock)

    def __iter__(self) -> Iterator[Entry]:
        return iter([entry for entry in self.all if entry.round == self.in_hand])

    def __len__(self) -> int:
        return len(list(iter(self)))

    @property
    def all(self) -> list[Entry]:
        """The entries of all rounds."""
        with self._lock:
            return list(self._entries.values())

    @property
    def earlier(self) -> list[Entry]:
        """The entries of all rounds but the one in hand."""
        return [entry for entry in self.all if entry.round != self.in_hand]

    def of_round(self, number: int) -> list[Entry]:
        return [entry for entry in self.all if entry.round == number]

    def get(self, key: str) -> Entry | None:
        with self._lock:
            return self._entries.get(key)

    def owner(self, key: str) -> Entry | None:
        """Return the entry of a key, or that of the run whose peer it names."""
        return self.get(key.partition(OF_PEER)[0])

    def _named(self, key: str) -> Entry | Peer | None:
        """Return what a key names, a run or a peer of one."""
        entry, n = self.owner(key), peer_number(key)
        if entry is None or n > len(entry.peer_rows()):
            return None
        return entry.peer(n) if n else entry

    def of(self, run: Distillation) -> Entry | None:
        """Return the entry of a run, None if it is not on the page."""
        return next((e for e in self.all if e.run is run), None)

    @property
    def student(self) -> Entry | None:
        """The run that the round began with."""
        return self.role("student")

    def role(self, role: str) -> Entry | None:
        """Return the first entry of a role."""
        return next((e for e in self if e.role == role), None)

    def group(self, group: int) -> list[Entry]:
        return [e for e in self.all if e.group == group]

    def add(self, run: Distillation, role: str, *, key: str, group: int, **more: Any) -> Entry:
        """Add a run to the round in hand; a branch without a ``number`` gets the next one."""
        with self._lock:
            if len(self) >= MOST:
                raise ValueError(f"the page holds at most {MOST} runs; remove a branch before making another")
            entry = Entry(key, run, role, group, round=self.in_hand, **more)
            if role == "branch":
                highest = self._branches.get(entry.round, 0)
                entry.number = entry.number or highest + 1
                peers = sum(len(e.peer_rows()) for e in self if e.role == "student")  # they have the first colours
                entry.colour = more.get("colour", (entry.number - 1 + peers) % COLOURS)
                self._branches[entry.round] = max(highest, entry.number)
            self._entries[key] = entry
            return entry

    def begin_round(self) -> int:
        """Leave the round in hand beside the page and begin a new one; return its number."""
        with self._lock:
            self._newest += 1
            self.in_hand = self._newest
            return self.in_hand

    def turn_to(self, number: int) -> None:
        """Take another round in hand."""
        self.in_hand = number

    def drop_round(self, number: int) -> list[Entry]:
        """Forget the runs of a round, and return them."""
        with self._lock:
            dropped = self.of_round(number)
            for entry in dropped:
                del self._entries[entry.key]
            return dropped

    def put_back(self, entries: Iterable[Entry]) -> None:
        """Bring back what was removed, in its old place: rounds in order, and in each the order of coming."""
        with self._lock:
            together = [*self._entries.values(), *entries]
            self._entries = {e.key: e for e in sorted(together, key=lambda e: (e.round, ROLES.index(e.role), e.number))}

    def clear(self) -> None:
        """Forget all runs."""
        with self._lock:
            self._entries.clear()
            self._branches.clear()

    def rename(self, key: str, name: str) -> None:
        """Give a run a name of the reader's; an empty one gives the usual name back."""
        entry = self._named(key)
        if entry is not None:
            entry.own_name = " ".join(str(name).split())[:LONGEST_NAME]

    def hide(self, key: str, hidden: bool) -> None:
        """Take a run's curve off the plot, or put it back."""
        entry = self._named(key)
        if entry is not None:
            entry.hidden = hidden

    def remove(self, key: str) -> bool:
        """Remove a branch; return whether there was one to remove."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry.role != "branch":
                return False
            del self._entries[key]
            return True

    def rows(self) -> list[dict[str, Any]]:
        """Return what the page shows of the runs in hand, for ``Scene.runs``."""
        return [row for entry in self for row in (entry.row(), *entry.peer_rows())]


def peer_number(key: str) -> int:
    """Return which peer of a run a key names; 0 where it is that of a run.

    >>> peer_number("run-1/peer-2"), peer_number("run-1")
    (2, 0)
    """
    n = key.partition(OF_PEER)[2]
    return int(n) if n.isascii() and n.isdigit() and len(n) < 4 else 0


def constant_temperature(run: Distillation) -> float | None:
    """Return the temperature of a run from its first step to now; None where it changed on the way or has none."""
    first = run.settings.objective.value("temperature")
    later = [e.value for e in run.history.edits if e.name == "temperature" and e.step < max(1, run.steps_done)]
    if not isinstance(first, int | float) or not all(isinstance(value, int | float) for value in later):
        return None
    at_start = [e.value for e in run.history.edits if e.name == "temperature" and e.step == 0]
    began = float(at_start[-1] if at_start else first)  # type: ignore[arg-type]
    return began if all(float(value) == began for value in later) else None  # type: ignore[arg-type]


def paired_on_test(runs: Mapping[str, Distillation]) -> dict[str, PairedErrors]:
    """Return the paired difference in test errors, the student's − another's, by the role of the other."""
    wrong = {role: _wrong_on_test(run) for role, run in runs.items()}
    return {role: paired_errors(wrong["student"], wrong[role]) for role in wrong if role != "student"}


def difference_row(found: Compared, differences: Sequence[float], seed: int) -> dict[str, Any]:
    """Return what the learning curves show of a difference in test errors: of one run, or of seeds from ``seed`` on."""
    seeds = [{"seed": seed + i, "difference": float(difference)} for i, difference in enumerate(differences)]
    low, high = (None if end is None or math.isnan(end) else float(end) for end in (found.low, found.high))
    return {"seeds": seeds, "mean": float(found.mean), "low": low, "high": high}


def _wrong_on_test(run: Distillation) -> np.ndarray:
    test = run.data.test
    known = (test.y >= 0).numpy()
    return (inference.logits(run.student, test).argmax(1) != test.y).numpy()[known]
