"""The page's line to its kernel: one protocol, checked frames, and bounds on what either side can pile up."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter, deque
from typing import Any, ClassVar

from tornado.websocket import WebSocketClosedError
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from kdviz.app import frames

MOST_IN = 10 * 1024**2  # bytes of a message from a page
MOST_WAITING = 16 * 1024**2  # bytes behind the message that is being sent, one socket
MOST_WAITING_ALL = 128 * 1024**2  # bytes that wait, all sockets
MOST_SOCKETS_OF_KERNEL = 8
MOST_SOCKETS_OF_CLIENT = 64
MOST_UNANSWERED = 32 * 1024**2  # bytes that a kernel has not worked through
PATIENCE_S = 30.0  # a kernel that answers nothing is not waited for any longer
BYTES_A_SECOND, BYTES_AT_ONCE = 4 * 1024**2, 32 * 1024**2
MESSAGES_A_SECOND, MESSAGES_AT_ONCE = 500, 2000

# Close codes; those of 4000 are known to page.js.
MALFORMED, TEXT, FAILED, BEHIND, ENDED = 1007, 1003, 1011, 4001, 4002
SESSION = re.compile(r"[\w.:-]{0,128}", re.ASCII)


class Allowance:
    """So much a second, and more at once after a rest.

    Parameters
    ----------
    rate : float
        Units that come back in a second.
    most : float
        Units there can be.
    """

    def __init__(self, rate: float, most: float) -> None:
        self.rate, self.most = rate, most
        self.left, self.seen = most, time.monotonic()

    def take(self, units: float) -> float:
        """Take `units`; how many seconds to wait before the next."""
        now = time.monotonic()
        self.left = min(self.most, self.left + (now - self.seen) * self.rate) - units
        self.seen = now
        return max(0.0, -self.left / self.rate)


class Unanswered:
    """What was handed to a kernel and not worked through yet."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.total = 0
        self.fewer = asyncio.Event()

    def add(self, ident: str, size: int) -> None:
        self.sizes[ident] = self.sizes.get(ident, 0) + size
        self.total += size

    def done(self, ident: str) -> None:
        self.total -= self.sizes.pop(ident, 0)
        self.fewer.set()

    def forget(self) -> None:
        self.sizes.clear()
        self.total = 0
        self.fewer.set()

    async def room(self) -> None:
        """Wait until the kernel has caught up; one that stays silent is not waited for twice."""
        while self.total > MOST_UNANSWERED:
            self.fewer.clear()
            try:
                await asyncio.wait_for(self.fewer.wait(), PATIENCE_S)
            except TimeoutError:
                self.forget()


class KernelSocket(VoilaKernelWebsocketHandler):
    """The page's line to its kernel.

    Small messages are sent at once: without TCP_NODELAY a dragged slider's round trip waits about 40 ms (Nagle
    against delayed ACK). Only `frames.PROTOCOL` is spoken: Jupyter's older protocols are not what the pages use, and
    Voila takes their binary frames for frames of this one. Whoever does not read is let go once 16 MiB wait; whoever
    sends more than a kernel takes is read more slowly.
    """

    open_ones: ClassVar[set[KernelSocket]] = set()

    connection: Any  # of Jupyter to the kernel; None once it is closed
    joined = False
    refused = False

    async def prepare(self) -> None:
        self.sending: deque[int] = deque()
        self.waiting = 0
        self.unanswered = Unanswered()
        self.bytes = Allowance(BYTES_A_SECOND, BYTES_AT_ONCE)
        self.messages = Allowance(MESSAGES_A_SECOND, MESSAGES_AT_ONCE)
        await super().prepare()
        if not self._finished:
            self._refuse()

    def _refuse(self) -> None:
        """Answer in plain HTTP what cannot become a socket, before anything of a kernel is touched."""
        kernel = self.path_kwargs.get("kernel_id", "")
        offered = [name.strip() for name in self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        of_kernel = sum(other.kernel_id == kernel for other in self.open_ones)
        of_client = Counter(other.request.remote_ip for other in self.open_ones)[self.request.remote_ip]
        most = max(MOST_SOCKETS_OF_CLIENT, 2 * (self.kernel_manager.of_client or 0))
        reasons = (
            (not self.check_origin(), 403, "this page comes from another address"),
            (
                frames.PROTOCOL not in offered,
                400,
                f"a kernel's socket speaks {frames.PROTOCOL} and nothing else: offer it as Sec-WebSocket-Protocol",
            ),
            (not SESSION.fullmatch(self.get_argument("session_id", "")), 400, "session_id must be a short plain name"),
            (kernel not in self.kernel_manager, 404, "there is no such kernel: reload the page"),
            (of_kernel >= MOST_SOCKETS_OF_KERNEL, 429, f"a kernel takes {MOST_SOCKETS_OF_KERNEL} sockets"),
            (of_client >= most, 429, f"{most} sockets are open from this address"),
        )
        for wrong, status, sentence in reasons:
            if wrong:
                self.refused = True
                self.log.warning("A socket from %s was refused: %s.", self.request.remote_ip, sentence)
                self.set_status(status)
                self.set_header("Content-Type", "text/plain; charset=utf-8")
                self.finish(f"{sentence[0].upper()}{sentence[1:]}.\n")
                return

    def _log(self) -> None:
        if not self.refused:  # its line is written
            super()._log()

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return frames.PROTOCOL if frames.PROTOCOL in subprotocols else None

    async def open(self, kernel_id: str) -> None:
        self.set_nodelay(True)
        if self.connection.session_key in self.kernel_manager.behind:
            self.close(BEHIND, "messages were lost while the page was away")
            return
        if kernel_id in self.kernel_manager.reborn:  # Jupyter started it anew: it has nothing of the page's in it
            self.close(ENDED, "the kernel of this page has ended")
            return
        self.joined = True
        self.open_ones.add(self)
        await super().open(kernel_id)

    async def on_message(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self._end(TEXT, "text frames are not part of the protocol")
            return
        try:
            read = frames.read_from_browser(message)
        except frames.MalformedError as wrong:
            self._end(MALFORMED, str(wrong))
            return
        wait = max(self.bytes.take(len(message)), self.messages.take(1))
        if wait:
            await asyncio.sleep(wait)
        await self.unanswered.room()
        if self.connection is None:
            return
        if read.kind in self.kernel_manager.allowed_message_types and read.channel != "stdin":
            self.unanswered.add(read.ident, len(message))
        try:
            self.connection.handle_incoming_message(message)
        except Exception as error:  # whatever it is, it ends this socket and no other
            self._end(FAILED, f"a message could not be handed on ({type(error).__name__})")

    def _end(self, code: int, sentence: str) -> None:
        self.log.warning("A socket from %s was closed: %s.", self.request.remote_ip, sentence)
        self.close(code, sentence[:120])

    def write_message(self, message: bytes | str | dict[str, Any], binary: bool = False) -> Any:
        """Send what the kernel said, unless it is the source of a cell or nobody reads.

        Returns
        -------
        asyncio.Future or None
            Done when it is sent.
        """
        if isinstance(message, bytes):
            try:
                read = frames.read(message)
            except frames.MalformedError as wrong:
                self.log.warning("A message of a kernel was left out: %s.", wrong)
                return None
            if read.kind == "execute_input":
                return None
            done = frames.answered(read)
            if done is not None:
                self.unanswered.done(done)
        size = len(message)
        if self._too_slow(size):
            return None
        try:
            # Voila's own method would read the frame again, by its own numbers.
            sent = super(VoilaKernelWebsocketHandler, self).write_message(message, binary)
        except WebSocketClosedError:
            return None
        self.sending.append(size)
        self.waiting += size
        sent.add_done_callback(self._sent)
        return sent

    def _sent(self, sent: asyncio.Future[None]) -> None:
        sent.cancelled() or sent.exception()
        self.waiting -= self.sending.popleft()

    def _too_slow(self, size: int) -> bool:
        """Let go of a socket that does not read: this one, or the one that most is kept for."""
        # The message that is being sent may be large (a page's first state); what counts is what piles up behind it.
        behind = self.waiting - (self.sending[0] if self.sending else 0)
        if self.sending and behind + size > MOST_WAITING:
            self._let_go()
            return True
        if sum(other.waiting for other in self.open_ones) + size > MOST_WAITING_ALL:
            slowest = max(self.open_ones, key=lambda other: other.waiting)
            if slowest.waiting:
                slowest._let_go()
                return slowest is self
        return False

    def _let_go(self) -> None:
        if self.ws_connection is None or self.connection is None:
            return
        self.log.warning(
            "A socket from %s does not read and was closed: %.0f MB waited for it.",
            self.request.remote_ip,
            self.waiting / 1024**2,
        )
        self.kernel_manager.behind.add(self.connection.session_key)
        # A close frame would wait behind the rest.
        self.ws_connection.stream.close()

    def on_close(self) -> None:
        self.open_ones.discard(self)
        self.unanswered.forget()
        connection = getattr(self, "connection", None)
        if connection is None:
            return
        if self.joined:
            super().on_close()
            return
        # It never joined its kernel, and must not be counted out of it.
        self.connection = None
        if connection._open_sessions.get(connection.session_key) is self:
            connection._open_sessions.pop(connection.session_key)
        if connection.kernel_info_channel is not None and not connection.kernel_info_channel.closed():
            connection.kernel_info_channel.close()
