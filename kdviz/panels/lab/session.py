"""The page's session on disk: saved while it goes, offered again after a reload or a dead kernel."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ...distill import Distillation, Teacher
from ...widgets.recording import LogitRecording
from ..live import status_text
from ..live.roster import Roster
from .session_store import SessionStore
from .time_travel import described

EVERY_S = 0.8  # of training between two saves; reports come eight times a second, so a page that dies loses no second


class Session:
    """Keeps what is on the page, for the browser that said hello; without one it does nothing.

    Parameters
    ----------
    roster : Roster
    page : callable
        Returns what has to be kept besides the runs, JSON-able.
    title : callable
        Returns what was trained, in a few words for the reader, from the choices of a kept session.
    show : callable
        Takes the traits of the Kept widget.
    """

    def __init__(
        self,
        roster: Roster,
        page: Callable[[], dict[str, Any]],
        title: Callable[[Mapping[str, Any]], str],
        show: Callable[..., None],
    ) -> None:
        self._roster, self._page, self._title, self._show = roster, page, title, show
        self._keeper = SessionStore("")
        self._refused = ""  # why a browser's token was not taken
        self._saved_at = time.monotonic()

    def begin(self, token: str) -> None:
        """Keep for this browser from now on, and offer what is kept for it."""
        if not token or token == self._keeper.token:  # a page that is opened again goes on
            return
        try:
            self._keeper, self._refused = SessionStore(token), ""
        except ValueError as error:
            self._refused = status_text.as_sentence(str(error))
            return
        self.offer()

    def offer(self, discarded: str = "") -> None:
        """Show what is kept, and which session was discarded just now."""
        offers = [{**asdict(kept), "title": self._title(kept.choices)} for kept in self._keeper.offers()]
        self._show(offers=offers, discarded=discarded)

    def save(self, films: dict[str, LogitRecording], *, title: str, state: str) -> None:
        """Write what is on the page. Between two steps, on the runner's thread."""
        self._saved_at = time.monotonic()
        in_hand = self._roster.in_hand
        entries = sorted(self._roster.all, key=lambda entry: entry.round != in_hand)  # the first says how far it is
        if not entries or entries[0].round != in_hand:
            return
        session = {"title": title, "state": state, "entries": described(entries), **self._page()}
        runs = {entry.key: entry.run for entry in entries}
        self._keeper.save(session, runs, {key: film for key, film in films.items() if key in runs})
        self._saved_at = time.monotonic()  # training stood still meanwhile

    @property
    def due(self) -> bool:
        """Whether the last save is long enough ago for another one while training."""
        return time.monotonic() - self._saved_at > EVERY_S

    @property
    def notice(self) -> str:
        """What is kept for this browser and damaged, in one sentence; empty where all of it is whole."""
        return self._keeper.notice

    @property
    def problem(self) -> str:
        """Why nothing is kept, in one sentence; empty where all is."""
        return self._refused or self._keeper.problem

    def load(
        self, kept: str, teachers: Callable[[str], Teacher]
    ) -> tuple[dict[str, Any], dict[str, Distillation], dict[str, LogitRecording]]:
        """Return what was kept; see :meth:`kdviz.panels.lab.session_store.SessionStore.load`."""
        return self._keeper.load(kept, teachers)

    def forget(self, kept: str) -> None:
        """Put a session on the disk aside; it can be brought back for a while."""
        self._keeper.forget(kept)
        self.offer(kept)

    def restore(self, kept: str) -> None:
        """Bring back a session that was put aside last."""
        self._keeper.restore(kept)
        self.offer()
