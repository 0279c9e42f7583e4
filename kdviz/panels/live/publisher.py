"""Publisher: brings the newest state to the page, from one thread, a few times a second."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

UPDATES_PER_SECOND = 8
CLOSE_TIMEOUT_S = 5.0

_log = logging.getLogger(__name__)


class Updatable(Protocol):
    """A widget that takes several traits as one message."""

    def update(self, **traits: Any) -> None: ...


class Publisher:
    """Sends the newest traits of each widget only; what came in between is left out, the last is always sent.

    The thread is started by the first ``put`` outside ``directly``.
    """

    def __init__(self, updates_per_second: float = UPDATES_PER_SECOND) -> None:
        self._pause_s = 1 / updates_per_second
        self._waiting: dict[Updatable, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self._closing = False
        self._sending = False
        self._direct = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def directly(self) -> Iterator[None]:
        """Within the block ``put`` sets traits at once, on the calling thread: for a page that is being built."""
        self._direct = True
        try:
            yield
        finally:
            self._direct = False

    def put(self, widget: Updatable, **traits: Any) -> None:
        """Have ``traits`` set on ``widget`` soon; returns at once."""
        if self._direct:
            widget.update(**traits)
            return
        with self._changed:
            if self._closing:
                return
            self._waiting.setdefault(widget, {}).update(traits)
            if self._thread is None:
                self._thread = threading.Thread(target=self._live, name="kdviz-publisher", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def wait_until_sent(self, timeout_s: float = CLOSE_TIMEOUT_S) -> bool:
        """Wait until nothing is left to send; return whether that came true in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._sending, timeout_s)

    def close(self) -> None:
        """Send what is left, then end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(CLOSE_TIMEOUT_S)

    def _live(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                waiting, self._waiting = self._waiting, {}
                self._sending = True
            for widget, traits in waiting.items():
                try:
                    widget.update(**traits)
                except Exception as error:  # one widget that fails does not end the others' news
                    _log.warning("%s could not be brought up to date", type(widget).__name__, exc_info=error)
            with self._changed:
                self._sending = False
                self._changed.notify_all()
                if self._closing and not self._waiting:
                    return
            time.sleep(self._pause_s)
