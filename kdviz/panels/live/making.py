"""A page that makes things on a thread of its own and keeps them, as Study and Compress: chosen, begun, stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from ...distill import leave_room
from ...widgets.traits import View
from ...words import t
from . import memory, status_text
from .checks import one_of
from .commands import Commanded
from .keeping import Keeping
from .link import Chosen, apart
from .linked import Linked
from .panel import Panel
from .publisher import Publisher
from .worker import LatestOnly

BUSY = ("running", "stopping")

C = TypeVar("C", bound=Chosen)


class MakingPage(Keeping, Commanded, Linked, Panel, Generic[C]):
    """What Study and Compress have in common: choices, one thread that shows them, another that makes what was begun.

    A subclass hands its first choices to ``__init__``, sets what it has of its own, then calls :meth:`_open_page`.

    Attributes
    ----------
    choices : type
        Makes choices from fields.
    unchosen : tuple of str
        Fields of its links that no button chooses.
    at_rest : tuple of str
        Its states in which nothing is made.
    scene : Scene
    setup : View
    """

    choices: ClassVar[type[Any]]
    unchosen: ClassVar[tuple[str, ...]] = ("hidden",)
    at_rest: ClassVar[tuple[str, ...]] = ("idle", "failed")
    setup: Any

    def __init__(self, choices: C, *, given: bool, opening: str) -> None:
        leave_room()
        self._choices, self._given = choices, given
        self._hidden: list[str] = []
        asked = self._asked_for()
        if asked is not None:
            self._take(asked)
        self._condition = threading.Condition()
        self._state, self._status = "opening", opening
        self._stop_asked = threading.Event()
        self._publisher = Publisher()
        self._shower = LatestOnly(f"kdviz-{self.kept_as}", self._failed)
        self._runner = LatestOnly(f"kdviz-{self.kept_as}-run", self._failed)

    def _open_page(self, heard: Sequence[View]) -> None:
        """Show what is chosen, then listen: to the buttons of the widgets ``heard``. All widgets have been made."""
        with self._publisher.directly():
            self._show_choices()
            self._say(self._status)
        self._show_soon()
        for widget in heard:
            widget.on_msg(self._on_message)
        self.scene.on_message(self._on_scene_message)
        self._can_be_linked()

    # What a page does in its own way

    def _say(self, sentence: str) -> None:
        """Say something on the status line."""
        raise NotImplementedError

    def _show_choices(self) -> None:
        """Show what is chosen on the form."""
        raise NotImplementedError

    def _show(self) -> None:
        """Show what is chosen with all that follows from it; on the shower's thread."""
        raise NotImplementedError

    def _show_state(self, state: str, status: str, *, share: float | None = None, left: float | None = None) -> None:
        """Show a state that was entered; ``share`` is how much is done, ``left`` the seconds that are left."""
        raise NotImplementedError

    def _take_up(self, folder: Path) -> Mapping[str, Any] | None:
        """Take up what the browser has kept; return what was chosen last, if that is known."""
        raise NotImplementedError

    def choose(self, **chosen: Any) -> None:
        """Choose other values of some fields; returns at once."""
        raise NotImplementedError

    # What the page says

    def _refuse(self, why: str) -> None:
        self._publisher.put(self.setup, answer=self.setup.answer + 1)
        self._say(status_text.as_sentence(why))

    def _opened(self, browser: str, query: str) -> None:
        """The page has opened in a browser, by a link: what that browser has kept is taken up."""
        folder = self._is_kept_for(browser) if self._state not in BUSY else None
        if folder is not None:
            last = self._take_up(folder)
            linked = self.links.follow(query).names if query else ()
            if last is not None and not (linked or self._followed or self._given):
                self._take_kept(last)
            self._show_soon()
        self._follow(query, partial(self._shower.put, "link"), partial(self._publisher.put, self.scene))

    def _take_kept(self, settings: Mapping[str, Any]) -> None:
        """Open with what was chosen last; what cannot be any more is left."""
        try:
            self.check_settings(settings)
            self._choices = self.choices(**settings)
        except (ValueError, TypeError):
            return

    def _open_as(self, state: dict[str, Any]) -> None:
        if self._state not in BUSY:
            self._take(state)
            self._publisher.put(self.scene, hidden=self._hidden)
            self._show_soon()

    def _take(self, state: dict[str, Any]) -> None:
        chosen, self._hidden = apart(state)
        self._choices = self.choices(**chosen)

    # What a reader does

    def _choose(self, name: str, value: str) -> None:
        fields = self.links.fields
        one_of("name", name, tuple(n for n in fields if n not in self.unchosen))
        self.choose(**{name: fields[name].check(name, fields[name].read(name, value))})

    def _stop(self) -> None:
        """Have what is being made stop after the step that is under way."""
        self._stop_asked.set()
        self._enter("stopping", t("Stopping after this step."))

    # On threads of their own

    def _show_soon(self) -> None:
        with self._condition:
            if self._state not in BUSY:
                self._state = "opening"
        self._shower.put("show", self._show)

    def _enter(
        self,
        state: str,
        status: str,
        *,
        share: float | None = None,
        left: float | None = None,
        instead_of: str | None = None,
    ) -> None:
        """Enter a state and show it; a stop that was asked for stays until the page has stopped.

        ``instead_of``: only where the page is still in that state.
        """
        with self._condition:
            if instead_of not in (None, self._state):
                return
            if state == "running" and self._stop_asked.is_set():
                state, status = "stopping", t("Stopping after this step.")
            self._state, self._status = state, status
            self._condition.notify_all()
        self._show_state(state, status, share=share, left=left)

    def _failed(self, _key: object, error: Exception) -> None:
        """Show an error of either thread; what was made stays."""
        self._stop_asked.clear()
        self._enter("failed", status_text.as_sentence(str(error) or type(error).__name__))

    # What others ask

    @property
    def status(self) -> str:
        """What the page's status line says."""
        return self._status

    def wait(self, *states: str, timeout_s: float = 600.0) -> bool:
        """Wait until the page is in one of ``states`` (any in which nothing is made, where none is given) and shows it;
        return whether that came true in time."""
        wanted = states or self.at_rest
        until = time.monotonic() + timeout_s
        while True:
            self._shower.wait_until_idle(max(0.0, until - time.monotonic()))
            with self._condition:
                reached = self._condition.wait_for(lambda: self._state in wanted, max(0.0, until - time.monotonic()))
            if not reached or self._state in BUSY:
                break
            reached = self._runner.wait_until_idle(max(0.0, until - time.monotonic()))
            if not reached or self._state in wanted:
                break
        return self._publisher.wait_until_idle() and reached

    @property
    def settings(self) -> dict[str, Any]:
        return self._choices.to_dict()

    def close(self) -> None:
        """Stop and close everything: no thread and no widget is left; what was made stays kept."""
        self._stop_asked.set()
        for worker in (self._shower, self._runner):
            worker.close()
        self._publisher.close()
        super().close()
        memory.give_back()
