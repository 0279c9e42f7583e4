"""A machine that many viewers share: only so many train at once, in turn, and no run is longer than the server allows.

The server says how many in the environment of its kernels. Whoever trains, or waits to, holds a ticket: a file in a
folder of the server's, named by when it was drawn and locked while its process lives. The first few train; after a
while they go to the end of the line, if others wait there.
"""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Callable
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nobody asks for it
    fcntl = None  # type: ignore[assignment]

TRAININGS = "KDVIZ_TRAININGS"  # such as 2:/folder of tickets
MOST_STEPS = "KDVIZ_MOST_STEPS"
TICKET = re.compile(r"\d{20}-\d+")  # when it was drawn, and by which process
SLICE_S = 15.0  # after which others may train
LOOK_S = 0.3  # between two looks at the line


def most_steps() -> int | None:
    """Return how many steps a run may take here; None for as many as one likes.

    >>> most_steps() is None
    True
    """
    given = os.environ.get(MOST_STEPS, "")
    return int(given) if given.isdigit() and int(given) else None


def place() -> Place | None:
    """Return a new place in the line of this server; None where it has none."""
    count, _, folder = os.environ.get(TRAININGS, "").partition(":")
    return Place(Path(folder), int(count)) if fcntl is not None and folder and count.isdigit() else None


def await_turn(line: Place | None, stopped: Callable[[], bool], tell: Callable[[int], None]) -> None:
    """Wait until it is one's turn to train, or ``stopped`` says that nobody waits any more.

    Parameters
    ----------
    line : Place or None
        None where nobody waits for one another.
    stopped : callable
        Asked again and again.
    tell : callable
        Called with how many must train first, when that changes; with 0 at the end.
    """
    told = 0
    while line is not None and (before := line.before()) and not stopped():
        if before != told:
            told = before
            tell(before)
        time.sleep(LOOK_S)
    if told:
        tell(0)


class Place:
    """One trainer's place in the line.

    Parameters
    ----------
    folder : pathlib.Path
        Where the tickets lie.
    most : int
        How many train at once.
    slice_s : float
        How long a trainer goes on while others wait.
    """

    def __init__(self, folder: Path, most: int, slice_s: float = SLICE_S) -> None:
        self._folder, self._most, self._slice_s = folder, most, slice_s
        self._file: int | None = None
        self._ticket: Path | None = None
        self._before = 0
        self._until = 0.0  # what was found stands until then

    def before(self) -> int:
        """Return how many must train first; 0 while it is one's turn. A ticket is drawn where there is none."""
        now = time.monotonic()
        if self._ticket is not None and now < self._until:
            return self._before
        try:
            return self._looked(now)
        except OSError:  # the folder is gone, and with it the server: it ends this kernel
            return 0

    def _looked(self, now: float) -> int:
        if self._ticket is None:
            self._draw()
        assert self._ticket is not None
        names = alive(self._folder, self._ticket.name)
        ahead = names.index(self._ticket.name)
        if ahead < self._most and self._had_its_turn() and len(names) > self._most:
            self.give_up()
            self._draw()
            ahead = len(names) - 1
        self._before = max(0, ahead - self._most + 1)
        self._until = now + (LOOK_S if self._before else self._slice_s)
        return self._before

    def _had_its_turn(self) -> bool:
        return self._until > 0 and self._before == 0

    def give_up(self) -> None:
        """Let the next one train; nothing happens without a ticket."""
        if self._ticket is not None:
            self._ticket.unlink(missing_ok=True)
        if self._file is not None:
            os.close(self._file)
        self._file = self._ticket = None
        self._before, self._until = 0, 0.0

    def _draw(self) -> None:
        """Draw a ticket: it has its lock before it has its name, or another would take it for left behind."""
        fresh = self._folder / f"new-{uuid.uuid4().hex}"
        self._file = os.open(fresh, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._ticket = self._folder / f"{time.monotonic_ns():020d}-{os.getpid()}"
        fresh.rename(self._ticket)
        self._until = 0.0


def alive(folder: Path, own: str = "") -> list[str]:
    """Return the tickets of living processes in the order drawn, ``own`` among them; those of dead ones go."""
    names = sorted(name for name in os.listdir(folder) if TICKET.fullmatch(name))
    return [name for name in names if name == own or _held(folder / name)]


def _held(ticket: Path) -> bool:
    """Whether a living process holds a ticket."""
    try:
        file = os.open(ticket, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        ticket.unlink(missing_ok=True)
        return False
    finally:
        os.close(file)
