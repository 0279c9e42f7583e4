"""Newest: one thread that does what was asked for last, and leaves out what was overtaken while it waited."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable

Work = Callable[[], None]
CLOSE_TIMEOUT_S = 5.0

_log = logging.getLogger(__name__)


class LatestOnly:
    """Runs work on a thread of its own; a newer work of the same key takes the place of one that still waits.

    Parameters
    ----------
    name : str
        Name of the thread, which is started by the first ``put``.
    on_error : callable, optional
        Called on the thread with the key and the exception of a work that failed. Default: a warning in the log.
        The thread lives on.

    Examples
    --------
    >>> answers, done = LatestOnly("kdviz-example"), []
    >>> answers.put("a", lambda: done.append(1))
    >>> answers.wait_until_idle(), done
    (True, [1])
    >>> answers.close()
    """

    def __init__(self, name: str, on_error: Callable[[Hashable, Exception], None] | None = None) -> None:
        self._name = name
        self._on_error = on_error or _warn
        self._waiting: dict[Hashable, Work] = {}
        self._changed = threading.Condition()
        self._working = False
        self._closing = False
        self._thread: threading.Thread | None = None

    def put(self, key: Hashable, work: Work) -> None:
        """Have ``work`` done soon, in place of an older one of the same key; returns at once, from any thread.

        An older work keeps its turn, so a key that is asked for often is not put off by the others, nor they by it.
        After ``close`` nothing happens.
        """
        with self._changed:
            if self._closing:
                return
            self._waiting[key] = work
            if self._thread is None:
                self._thread = threading.Thread(target=self._live, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def wait_until_idle(self, timeout_s: float = CLOSE_TIMEOUT_S) -> bool:
        """Wait until nothing waits and nothing is being done; return whether that came true in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._working, timeout_s)

    def close(self) -> None:
        """Leave out what waits, and end the thread after what it is doing."""
        with self._changed:
            self._closing = True
            self._waiting.clear()
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(CLOSE_TIMEOUT_S)

    def _live(self) -> None:
        while True:
            with self._changed:
                self._working = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if self._closing:
                    return
                key = next(iter(self._waiting))
                work = self._waiting.pop(key)
                self._working = True
            try:
                work()
            except Exception as error:
                self._tell(key, error)

    def _tell(self, key: Hashable, error: Exception) -> None:
        try:
            self._on_error(key, error)
        except Exception:
            _log.exception("the error of %r could not be told", key)


def _warn(key: Hashable, error: Exception) -> None:
    _log.warning("%r failed: %s", key, error)
