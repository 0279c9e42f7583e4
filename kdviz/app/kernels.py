"""The kernels behind the pages, and what the server keeps for those whose page is away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from kdviz.app import room
from kdviz.app.line import Line
from kdviz.app.notebooks import RefusedError
from kdviz.words import ENGLISH

MOST_KERNELS = 96
MOST_KERNELS_OF_CLIENT = 32
MOST_KEPT = 16 * 1024**2  # bytes kept for a page that is away
AWAY_S = 45.0  # so long a kernel waits for a page that is not joined to it
MESSAGE_COST = 512  # bytes that a message costs beside what it says


@dataclass(eq=False)
class Visit:
    """One request for a page.

    Attributes
    ----------
    client : str
        The address it came from.
    kernel : str or None
        The kernel that was started for it.
    page : str
        The notebook's name.
    since : float
        When it came, by the system's clock.
    language : str
        What its address asks for.
    """

    client: str
    kernel: str | None = None
    page: str = ""
    since: float = field(default_factory=time.time)
    language: str = ENGLISH


visit: ContextVar[Visit | None] = ContextVar("visit", default=None)


class Kernels(AsyncMappingKernelManager):
    """Jupyter's kernels, with bounds.

    Attributes
    ----------
    behind : set of str
        Sessions that missed messages for good: their page cannot be brought up to date.
    owners : dict
        The client that each kernel was started for; None for a warm one.
    reborn : set of str
        Kernels that died and were started anew by Jupyter, under the same id and with nothing of their page in them.
    visits : dict of str to Visit
        The visit that each kernel is there for.
    seats : int
        How many visitors may have a kernel.
    of_client : int or None
        How many of them may come from one address; None for the usual bound.
    line : Line
        Those who wait for one.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.behind: set[str] = set()
        self.owners: dict[str | object, str | None] = {}
        self.reborn: set[str] = set()
        self.visits: dict[str, Visit] = {}
        self.seats = room.MOST
        self.of_client: int | None = None
        self.line = Line(self.free)
        self._coming: set[Visit] = set()
        self._left: dict[str, float] = {}  # since when no page is joined

    def free(self) -> int:
        """How many more visitors may come in."""
        coming = {known.kernel for known in self._coming}
        there = [which for which, owner in self.owners.items() if isinstance(which, str) and owner is not None]
        return self.seats - len(self._coming) - sum(which in self and which not in coming for which in there)

    @contextmanager
    def comes(self, visitor: Visit) -> Iterator[None]:
        """While this lasts, the page of a visit is made: it has a seat, and nobody joins its kernel yet."""
        self._coming.add(visitor)
        try:
            yield
        finally:
            self._coming.discard(visitor)
            if visitor.kernel is not None:
                self.visits[visitor.kernel] = visitor

    async def end_left(self) -> None:
        """End the kernels whose page has been away for too long: closed, crashed, or never opened."""
        now = time.monotonic()
        coming = {known.kernel for known in self._coming}
        alone = {
            which
            for which, owner in self.owners.items()
            if isinstance(which, str)
            and owner is not None
            and which in self
            and which not in coming
            and not self._kernel_connections.get(which, 0)
        }
        self._left = {which: self._left.get(which, now) for which in alone}
        for which in [which for which, since in self._left.items() if now - since >= AWAY_S]:
            self.log.info("The page of kernel %s has gone: it is ended.", which)
            if which in self:
                await self.shutdown_kernel(which)

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel, unless too many are running.

        Raises
        ------
        RefusedError
            When they are.
        """
        asked = visit.get()
        warm = kwargs.get("env", {}).get("VOILA_PREHEAT") == "True"
        owner = None if warm or asked is None else asked.client
        self._check_number(owner)
        ticket = object()  # counts while the kernel starts
        self.owners[ticket] = owner
        try:
            kernel_id: str = await super().start_kernel(**kwargs)
        finally:
            del self.owners[ticket]
        self.owners[kernel_id] = owner
        if asked is not None and not warm:
            asked.kernel = kernel_id
        self.add_restart_callback(kernel_id, partial(self.reborn.add, kernel_id))
        return kernel_id

    def _check_number(self, owner: str | None) -> None:
        running = [who for which, who in self.owners.items() if not isinstance(which, str) or which in self]
        close = "close some, or wait a minute, and reload"
        most = MOST_KERNELS_OF_CLIENT if self.of_client is None else self.of_client
        if owner is not None and running.count(owner) >= most:
            raise RefusedError(503, f"{most} pages are open from this address: {close}.")
        if len(running) >= MOST_KERNELS:
            raise RefusedError(503, f"{MOST_KERNELS} pages are open, and the server starts no more: {close}.")

    async def sound(self, kernel_id: str) -> bool:
        """Whether a kernel is alive, and still the one that its page was made by."""
        return kernel_id in self and kernel_id not in self.reborn and bool(await self.is_alive(kernel_id))

    def start_buffering(self, kernel_id: str, session_key: str, channels: dict[str, Any]) -> None:
        """Keep what a kernel says while its page is away, up to 16 MiB; beyond that the page is behind."""
        super().start_buffering(kernel_id, session_key, channels)
        if kernel_id not in self._kernel_buffers:
            return
        kept = self._kernel_buffers[kernel_id]["buffer"]
        size = 0

        def keep(channel: str, parts: list[bytes]) -> None:
            nonlocal size
            size += MESSAGE_COST + sum(map(len, parts))
            if size <= MOST_KEPT:
                kept.append((channel, parts))
                return
            self.log.warning(
                "The page of kernel %s is away and %d MB wait for it: they are dropped.", kernel_id, size // 1024**2
            )
            self.behind.add(session_key)
            self.stop_buffering(kernel_id)
            kept.clear()

        for channel, stream in channels.items():
            stream.on_recv(partial(keep, channel))

    async def shutdown_kernel(self, kernel_id: str, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        self.reborn.discard(kernel_id)
        self.owners.pop(kernel_id, None)
        self.visits.pop(kernel_id, None)
        self.behind = {key for key in self.behind if not key.startswith(f"{kernel_id}:")}
        return await super().shutdown_kernel(kernel_id, *args, **kwargs)
