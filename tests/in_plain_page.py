"""A page that hosts anywidgets without Jupyter: anywidget's front end, a socket, and the Python of this process."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import anywidget
import comm
import ipywidgets
import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web
import tornado.websocket
from comm.base_comm import BaseComm

PAGE = Path(__file__).with_name("plain_page.html")
FRONT_END = Path(anywidget.__file__).parent / "nbextension" / "index.js"


class Sent(NamedTuple):
    """One message of a widget to its page."""

    widget: str
    type: str
    data: Any
    buffers: list[bytes]

    def packed(self) -> bytes:
        """Return it as the page reads it: the length of a header, the header in JSON, the buffers."""
        head = {"id": self.widget, "type": self.type, "data": self.data, "sizes": [len(one) for one in self.buffers]}
        text = json.dumps(head, allow_nan=False).encode()
        return b"".join([struct.pack("<I", len(text)), text, *self.buffers])


class Line:
    """What was sent, for a page that comes later, and to whom else to send it."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.lock = threading.Lock()
        self.listeners: list[Any] = []

    def send(self, message: Sent) -> None:
        with self.lock:
            self.sent.append(message)
            for listener in self.listeners:
                listener(message)

    def take(self, message: bytes) -> None:
        """Hand what the page sends to its widget, as a kernel would."""
        (length,) = struct.unpack_from("<I", message)
        head = json.loads(message[4 : 4 + length])
        buffers, at = [], 4 + length
        for size in head["sizes"]:
            buffers.append(memoryview(message)[at : at + size])
            at += size
        if (line := comm.get_comm_manager().get_comm(head["id"])) is not None:
            line.handle_msg({"content": {"data": head["data"]}, "buffers": buffers})


@contextmanager
def recorded() -> Iterator[Line]:
    """Let widgets that are made from now on send to a line of this process."""
    line = Line()

    class Comm(BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            line.send(Sent(self.comm_id, msg_type, data, [bytes(one) for one in buffers or []]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comm, "create_comm", Comm)
        yield line


@contextmanager
def served(line: Line, shown: ipywidgets.Widget) -> Iterator[str]:
    """Serve a page that shows a widget; yield its address."""

    class Page(tornado.web.RequestHandler):
        def get(self, name: str) -> None:
            self.set_header("Content-Type", "text/javascript" if name else "text/html; charset=utf-8")
            self.finish((FRONT_END if name else PAGE).read_bytes())

    class Comms(tornado.websocket.WebSocketHandler):
        def open(self, *args: str, **kwargs: str) -> None:
            with line.lock:
                line.listeners.append(self.later)
                before = list(line.sent)
            for message in [*before, Sent(shown.model_id, "show", {}, [])]:
                self.write_message(message.packed(), binary=True)

        def later(self, message: Sent) -> None:
            loop.call_soon_threadsafe(self.forward, message.packed())

        def forward(self, message: bytes) -> None:
            if self.ws_connection is not None:
                self.write_message(message, binary=True)

        def on_message(self, message: str | bytes) -> None:
            line.take(message if isinstance(message, bytes) else message.encode())

        def on_close(self) -> None:
            with line.lock:
                line.listeners[:] = [one for one in line.listeners if one != self.later]

    async def serve() -> None:
        server = tornado.httpserver.HTTPServer(tornado.web.Application([("/comms", Comms), ("/(anywidget.js)?", Page)]))
        server.add_sockets(sockets)
        ready.set()
        await over.wait()
        server.stop()
        await server.close_all_connections()

    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    try:
        assert ready.wait(30), "the page's server did not start"
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}/"
    finally:
        with line.lock:
            line.listeners.clear()
        loop.call_soon_threadsafe(over.set)
        thread.join(30)
        loop.close()
