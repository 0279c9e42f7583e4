"""Workers: daemon threads on which only the latest of what waits under a key is done."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

CLOSE_TIMEOUT_S = 5.0

_log = logging.getLogger(__name__)


class Worker:
    """A thread that takes what waits by its key; started by the first piece of work, ended by ``close``.

    Parameters
    ----------
    name : str
        Of the thread.
    pause_s : float
        Shortest time between two pieces of work; not kept when it is closed.
    """

    def __init__(self, name: str, *, pause_s: float = 0.0) -> None:
        self._name, self._pause_s = name, pause_s
        self._waiting: dict[Any, Any] = {}
        self._changed = threading.Condition()
        self._working = False
        self._closing = False
        self._thread: threading.Thread | None = None

    def _add(self, add: Callable[[dict[Any, Any]], None]) -> None:
        """Change what waits, unless the worker is closed, and wake the thread; from any thread."""
        with self._changed:
            if self._closing:
                return
            add(self._waiting)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _take(self) -> Any:
        """Take a piece of work out of what waits, under the lock."""
        raise NotImplementedError

    def _do(self, work: Any) -> None:
        """Do it; must not raise."""
        raise NotImplementedError

    def wait_until_idle(self, timeout_s: float = CLOSE_TIMEOUT_S) -> bool:
        """Wait until nothing waits and nothing is being done; return whether that came true in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._working, timeout_s)

    def close(self) -> None:
        """Do what waits, then end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        next_time = 0.0
        while True:
            with self._changed:
                self._working = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._closing)
                self._changed.wait_for(lambda: self._closing, next_time - time.monotonic())
                if not self._waiting:
                    return
                work = self._take()
                self._working = True
            self._do(work)
            next_time = time.monotonic() + self._pause_s


class LatestOnly(Worker):
    """Does what it is given, one piece at a time; a newer one takes the place of one that waits under the same key.

    Parameters
    ----------
    name : str
        Of the thread.
    on_error : callable, optional
        Called on the thread with the key and the exception of work that failed. Default: a warning in the log.
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
        super().__init__(name)
        self._on_error = on_error or _warn

    def put(self, key: Hashable, work: Callable[[], None]) -> None:
        """Have ``work`` done soon, in place of older work of the same key; returns at once, from any thread.

        Older work keeps its turn, so a key that is asked for often is not put off by the others, nor they by it.
        After ``close`` nothing happens.
        """
        self._add(lambda waiting: waiting.update({key: work}))

    def close(self) -> None:
        """Drop what waits, and end the thread after what it is doing."""
        with self._changed:
            self._waiting.clear()
            self._closing = True
        super().close()

    def _take(self) -> tuple[Hashable, Callable[[], None]]:
        key = next(iter(self._waiting))
        return key, self._waiting.pop(key)

    def _do(self, work: tuple[Hashable, Callable[[], None]]) -> None:
        key, call = work
        try:
            call()
        except Exception as error:
            try:
                self._on_error(key, error)
            except Exception:
                _log.exception("the error of %r could not be reported", key)


def _warn(key: Hashable, error: Exception) -> None:
    _log.warning("%r failed: %s", key, error)
