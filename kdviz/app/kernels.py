"""The kernels behind the pages, and what the server keeps for those whose page is away."""

from __future__ import annotations

from functools import partial
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

MOST_KEPT = 16 * 1024**2  # bytes kept for a page that is away
MESSAGE_COST = 512  # bytes that a message costs beside what it says


class Kernels(AsyncMappingKernelManager):
    """Jupyter's kernels, with bounds.

    Attributes
    ----------
    behind : set of str
        Sessions that missed messages for good: their page cannot be brought up to date.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.behind: set[str] = set()

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
        self.behind = {key for key in self.behind if not key.startswith(f"{kernel_id}:")}
        return await super().shutdown_kernel(kernel_id, *args, **kwargs)
