"""The kernels behind the pages, and what the server keeps for those whose page is away."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from kdviz.app.notebooks import RefusedError
from kdviz.words import ENGLISH

MOST_KERNELS = 96
MOST_KERNELS_OF_CLIENT = 32
MOST_KEPT = 16 * 1024**2  # bytes kept for a page that is away
MESSAGE_COST = 512  # bytes that a message costs beside what it says


@dataclass
class Visit:
    """One request for a page.

    Attributes
    ----------
    client : str
        The address it came from.
    kernel : str or None
        The kernel that was started for it.
    language : str
        What its address asks for.
    """

    client: str
    kernel: str | None = None
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
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.behind: set[str] = set()
        self.owners: dict[str | object, str | None] = {}
        self.reborn: set[str] = set()

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
        close = "close some, or wait ten minutes, and reload"
        if owner is not None and running.count(owner) >= MOST_KERNELS_OF_CLIENT:
            raise RefusedError(503, f"{MOST_KERNELS_OF_CLIENT} pages are open from this address: {close}.")
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
        self.behind = {key for key in self.behind if not key.startswith(f"{kernel_id}:")}
        return await super().shutdown_kernel(kernel_id, *args, **kwargs)
