"""The page's session on disk: saved while it goes, offered again after a reload or a dead kernel."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ..distill import Distillation, Teacher
from ..distill.film import Film
from .keeping import Keeper
from .roster import Roster
from .travel import described

SOONEST_S = 1.0  # between two saves while training: what a page that dies can lose
SHARE = 0.02  # of the time of training, at most, goes into saving


class Session:
    """Keeps what is on the page, for the browser that said hello; without one it does nothing.

    Parameters
    ----------
    roster : Roster
    page : callable
        Returns what has to be kept besides the runs, JSON-able.
    tell : callable
        Takes the traits of the Kept widget.
    """

    def __init__(self, roster: Roster, page: Callable[[], dict[str, Any]], tell: Callable[..., None]) -> None:
        self._roster, self._page, self._tell = roster, page, tell
        self._keeper = Keeper("")
        self._saved_at = time.monotonic()
        self._took_s = 0.0  # the last save

    def begin(self, token: str) -> None:
        """Keep for this browser from now on, and offer what is kept for it."""
        if token and token != self._keeper.token:  # a page that is opened again goes on
            self._keeper = Keeper(token)
            self.offer()

    def offer(self) -> None:
        self._tell(offers=[asdict(kept) for kept in self._keeper.offers()])

    def save(self, films: dict[str, Film], *, title: str, state: str) -> None:
        """Write what is on the page. Between two steps, on the runner's thread."""
        began = self._saved_at = time.monotonic()
        entries = list(self._roster)
        if not entries:
            return
        session = {"title": title, "state": state, "entries": described(entries), **self._page()}
        runs = {entry.key: entry.run for entry in entries}
        self._keeper.save(session, runs, {key: film for key, film in films.items() if key in runs})
        self._saved_at = time.monotonic()
        self._took_s = self._saved_at - began

    @property
    def due(self) -> bool:
        """Whether the last save is long enough ago for another one while training: a second, and longer where saving
        takes long, so that it stays a small share of the time."""
        return time.monotonic() - self._saved_at > max(SOONEST_S, self._took_s / SHARE)

    @property
    def notice(self) -> str:
        """What is kept for this browser and damaged, in one sentence; empty where all of it is whole."""
        return self._keeper.notice

    @property
    def problem(self) -> str:
        return self._keeper.problem

    def load(
        self, kept: str, teachers: Callable[[str], Teacher]
    ) -> tuple[dict[str, Any], dict[str, Distillation], dict[str, Film]]:
        """Return what was kept; see :meth:`kdviz.panels.keeping.Keeper.load`."""
        return self._keeper.load(kept, teachers)

    def forget(self, kept: str) -> None:
        """Remove a session from the disk."""
        self._keeper.forget(kept)
        self.offer()
