"""Publisher: brings the newest state to the page, from one thread, a few times a second."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from .worker import Worker

UPDATES_PER_SECOND = 8

_log = logging.getLogger(__name__)


class Updatable(Protocol):
    """A widget that takes several traits as one message."""

    def update(self, **traits: Any) -> None: ...


class Publisher(Worker):
    """Sends the newest traits of each widget only; what came in between is left out, the last is always sent.

    The thread is started by the first ``put`` outside ``directly``. Closing sends what is left.
    """

    def __init__(self, updates_per_second: float = UPDATES_PER_SECOND) -> None:
        super().__init__("kdviz-publisher", pause_s=1 / updates_per_second)
        self._direct = False
        self._being_sent: dict[Updatable, dict[str, Any]] = {}

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
        else:
            self._add(lambda waiting: waiting.setdefault(widget, {}).update(traits))

    def coming(self, widget: Updatable, name: str) -> Any:
        """Return the value of a trait as it will be once all that was put is sent."""
        with self._changed:
            for traits in (self._waiting.get(widget, {}), self._being_sent.get(widget, {})):
                if name in traits:
                    return traits[name]
        return getattr(widget, name)

    def _take(self) -> dict[Updatable, dict[str, Any]]:
        waiting, self._waiting = self._waiting, {}
        self._being_sent = waiting
        return waiting

    def _do(self, work: dict[Updatable, dict[str, Any]]) -> None:
        for widget, traits in work.items():
            try:
                widget.update(**traits)
            except Exception as error:  # one widget that fails does not end the others' news
                _log.warning("%s could not be brought up to date", type(widget).__name__, exc_info=error)
        self._being_sent = {}
