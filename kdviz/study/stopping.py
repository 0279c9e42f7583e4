"""A stop sign that reaches every worker: a file that they look for between steps."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from .. import shared

LOOK_EVERY = 0.2  # seconds between two looks at the file

_BORN_OF = os.getppid()


@dataclass(frozen=True)
class Address:
    """Where a study puts up its stop sign, known to its workers."""

    path: str
    owner: int = field(default_factory=os.getpid)  # the process of the study
    keeps: bool = False  # whether what is half done may be kept in its folder

    @property
    def elsewhere(self) -> bool:
        """Whether this process is a worker that the study's process, or one of dask's, has made."""
        return os.getpid() != self.owner and multiprocessing.parent_process() is not None

    def put_up(self) -> None:
        Path(self.path).touch()

    def take_down(self) -> None:
        Path(self.path).unlink(missing_ok=True)


class StopSign:
    """Says whether to stop, and waits where others train first; made by each worker for itself.

    A worker that cannot see the study's folder (on another machine) finishes the run that it is at.

    Parameters
    ----------
    address : Address
    line : shared.Place, optional
        Where trainers wait for one another; default: nobody waits.
    tell : callable, optional
        Called with how many must train first, when that changes.
    """

    def __init__(
        self, address: Address, line: shared.Place | None = None, tell: Callable[[int], None] | None = None
    ) -> None:
        self._address = address
        self._line, self._tell = line, tell or (lambda _: None)
        self._looked = -LOOK_EVERY
        self._seen = False

    @property
    def folder(self) -> Path | None:
        """Where what is half done is kept; None where nothing is, or its folder cannot be seen from here."""
        place = Path(self._address.path).parent
        return place if self._address.keeps and place.is_dir() else None

    @property
    def is_up(self) -> bool:
        """Whether to stop. The file is looked for a few times a second, so that this may be asked at each step."""
        now = time.monotonic()
        if not self._seen and now - self._looked >= LOOK_EVERY:
            self._looked, self._seen = now, os.path.exists(self._address.path) or self.orphaned
        return self._seen

    def await_turn(self) -> None:
        """Wait while others train first, unless this is up; before a step, then ask ``is_up``."""
        shared.await_turn(self._line, lambda: self.is_up, self._tell)

    def leave_line(self) -> None:
        """Let the next one train."""
        if self._line is not None:
            self._line.give_up()

    @property
    def orphaned(self) -> bool:
        """Whether the process that made this one has died: nobody is left to take the results."""
        return self._address.elsewhere and os.getppid() != _BORN_OF


@dataclass(frozen=True)
class News:
    """What a study reports while it runs: how far runs are that are trained now, or which have just finished.

    Attributes
    ----------
    keys : tuple of str
        Of the runs; :attr:`kdviz.Study.places` says which arms they belong to.
    step, total_steps : int
        How far they are; of a scheme, of its stage.
    errors : tuple of int
        Of each on validation data at this step; empty where it has no label, or they have finished.
    finished : bool
        Whether their outcomes are there.
    before : int
        How many others must train first on this machine; they go on when it is 0.
    """

    keys: tuple[str, ...]
    step: int
    total_steps: int
    errors: tuple[int, ...] = ()
    finished: bool = False
    before: int = 0


Watch = Callable[[News], None]


@contextmanager
def stopped_by_ctrl_c(address: Address) -> Iterator[threading.Event]:
    """In the block, let Ctrl-C put up the sign and set the event; a second one interrupts at once.

    Outside the main thread there is no Ctrl-C to catch.
    """
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if pressed.is_set():
            signal.default_int_handler(number, frame)
        pressed.set()
        address.put_up()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def leave_ctrl_c_to(address: Address) -> None:
    """In a worker: a terminal's Ctrl-C goes to all processes at once, and the study's own answers it for all."""
    if address.elsewhere and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
