"""A class on one machine: ``python benchmarks/class.py``.

Thirty viewers open the Lab of one ``kdviz serve`` at the same time, drag T, train the default run, and leave. Each
speaks to its kernel as a browser does, over the page's websocket, so that what is measured is the server's work and not
that of thirty browsers. Printed: who failed, seconds until a page is ready (median and last), until its run is
finished, from Stop to stopped (the first viewer presses it in the middle), and memory of the server and all
its kernels (Pss, which counts what they share once). Beside it, in the same run, a few viewers of the same notebook
under stock Voila.

``--viewers 4 --epochs 2`` is what the tests do.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from kdviz.app import frames, places, room

MOVES = 20  # of the slider
PATIENCE_S = 600.0
MOST_BYTES = 256 * 1024**2


def packed(channel: str, kind: str, content: dict[str, Any], session: str) -> bytes:
    """Return a message as a page sends it."""
    metadata = {"version": "1.0.0"}  # of the protocol in which all states are asked for
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": session, "username": "", "version": "5.2"}
    parts = [channel.encode(), *(json.dumps(part).encode() for part in (header, {}, metadata, content))]
    offsets = [frames.WORD * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    head = [len(offsets), *offsets]
    return b"".join(number.to_bytes(frames.WORD, "little") for number in head) + b"".join(parts)


@dataclass
class Viewer:
    """One viewer of a page.

    Attributes
    ----------
    ready, finished, stopped : float or None
        Seconds from the request to a page that can train, from Train to the end, and from Stop to stopped.
    failed : str
        What went wrong; empty when nothing did.
    states : dict
        The traits of each widget by its model's id.
    """

    base: str
    path: str
    epochs: int | None = None
    stops: bool = False
    ready: float | None = None
    finished: float | None = None
    stopped: float | None = None
    failed: str = ""
    waited: bool = False
    kernel: str = ""
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    browser: str = field(default_factory=lambda: uuid.uuid4().hex)
    _session: str = field(default_factory=lambda: uuid.uuid4().hex)
    _cookies: dict[str, str] = field(default_factory=dict)
    _socket: WebSocketClientConnection | None = None
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _listening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Ask for the page, in line if need be, and join its kernel."""
        began = time.perf_counter()
        while not self.kernel:
            text = await self._fetched(self.path)
            found = re.search(r'"kernelId": "([^"]+)"', text)
            if found:
                self.kernel = found[1]
            else:
                self.waited = True
                await asyncio.sleep(1)
        address = f"{self.base.replace('http', 'ws', 1)}api/kernels/{self.kernel}/channels?session_id={self._session}"
        self._socket = await websocket_connect(
            address, subprotocols=[frames.PROTOCOL], max_message_size=MOST_BYTES, connect_timeout=PATIENCE_S
        )
        self._listening = asyncio.create_task(self._listen())
        control = uuid.uuid4().hex
        opening = {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}}
        opened = packed("shell", "comm_open", opening, self._session)
        await self._send_packed(opened)
        await self._comm(control, {"method": "request_states"})
        await self.until(lambda: self._find("total_steps", "status") is not None)
        await self._custom(
            self._model("temperature", "alpha", "step"), {"hello": {"browser": self.browser, "query": ""}}
        )
        await self.until(lambda: self.state in ("idle", "finished", "stopped"))
        self.ready = time.perf_counter() - began

    @property
    def state(self) -> str:
        """State of training."""
        return str(self.states[self._model("total_steps", "status")].get("state", ""))

    async def drag(self) -> None:
        """Drag T."""
        scene = self._model("temperature", "alpha", "step")
        for move in range(MOVES):
            await self._comm(scene, {"method": "update", "state": {"temperature": 2.0 + move / 4}, "buffer_paths": []})
            await asyncio.sleep(0.05)

    async def train(self) -> None:
        """Train to the end; whoever stops does so in the middle, and goes on."""
        if self.epochs is not None:
            setup = self._model("epochs", "learning_rate", "units")
            await self._comm(setup, {"method": "update", "state": {"epochs": self.epochs}, "buffer_paths": []})
        transport = self._model("total_steps", "status")
        began = time.perf_counter()
        await self._custom(transport, {"command": "train"})
        if self.stops:
            await self.until(lambda: self.state == "running" and self.states[transport].get("step", 0) > 0)
            pressed = time.perf_counter()
            await self._custom(transport, {"command": "stop"})
            await self.until(lambda: self.state == "stopped")
            self.stopped = time.perf_counter() - pressed
            await self._custom(transport, {"command": "train"})
        await self.until(lambda: self.state in ("finished", "failed"))
        if self.state == "failed":
            raise RuntimeError(self.states[transport].get("status", ""))
        self.finished = time.perf_counter() - began

    async def leave(self) -> None:
        """Close the page, which ends its kernel."""
        if self.kernel:
            with contextlib.suppress(HTTPClientError, RuntimeError):  # stock Voila wants a browser for that
                await self._fetched(f"voila/api/shutdown/{self.kernel}", method="POST")
        self.vanish()

    def vanish(self) -> None:
        """Be gone without a word."""
        if self._listening is not None:
            self._listening.cancel()
        if self._socket is not None:
            self._socket.close()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something holds."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: bool(self.failed) or true()), PATIENCE_S)
        if self.failed:
            raise RuntimeError(self.failed)

    def _find(self, *traits: str) -> str | None:
        return next((model for model, state in self.states.items() if set(traits) <= state.keys()), None)

    def _model(self, *traits: str) -> str:
        found = self._find(*traits)
        if found is None:
            raise RuntimeError(f"no widget has {traits}")
        return found

    async def _listen(self) -> None:
        assert self._socket is not None
        while (frame := await self._socket.read_message()) is not None:
            message = frames.read(frame)  # type: ignore[arg-type]
            if message.kind != "comm_msg":
                continue
            content = json.loads(message.parts[3])
            data = content["data"]
            async with self._changed:
                if data.get("method") == "update_states":
                    self.states |= {model: one["state"] for model, one in data["states"].items()}
                elif data.get("method") == "update":
                    self.states.setdefault(content["comm_id"], {}).update(data["state"])
                self._changed.notify_all()
        async with self._changed:
            self.failed = self.failed or "the socket was closed"
            self._changed.notify_all()

    async def _comm(self, comm: str, data: dict[str, Any]) -> None:
        await self._send_packed(packed("shell", "comm_msg", {"comm_id": comm, "data": data}, self._session))

    async def _custom(self, comm: str, content: dict[str, Any]) -> None:
        await self._comm(comm, {"method": "custom", "content": content})

    async def _send_packed(self, message: bytes) -> None:
        assert self._socket is not None
        await self._socket.write_message(message, binary=True)

    async def _fetched(self, path: str, method: str = "GET") -> str:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if "_xsrf" in self._cookies:
            headers["X-XSRFToken"] = self._cookies["_xsrf"]
        asked = HTTPRequest(
            self.base + path,
            method=method,
            headers=headers,
            body="" if method == "POST" else None,
            request_timeout=PATIENCE_S,
            connect_timeout=PATIENCE_S,
        )
        answer = await AsyncHTTPClient().fetch(asked, raise_error=False)
        if answer.code not in (200, 204, 503):
            raise RuntimeError(f"{method} {path}: {answer.code}")
        for cookie in answer.headers.get_list("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.body.decode()


async def visit(viewer: Viewer) -> None:
    """Open, drag, train and leave; what goes wrong is kept."""
    try:
        await viewer.open()
        await viewer.drag()
        await viewer.train()
    except Exception as error:
        viewer.failed = f"{type(error).__name__}: {error}"
    finally:
        await viewer.leave()


class Memory:
    """Looks at the memory of a process and of all that it started, while a block lasts.

    Attributes
    ----------
    most : int
        The most that was seen, in MB.
    """

    def __init__(self, pid: int) -> None:
        self.pid, self.most = pid, 0
        self._over = threading.Event()

    def now(self) -> int:
        """Memory of all of them, in MB; what they share counts once."""
        used = [room.usage(pid) for pid in family(self.pid)]
        return sum(one.share for one in used if one is not None)

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            self.most = max(self.most, self.now())

    @contextlib.contextmanager
    def watched(self) -> Iterator[Memory]:
        watching = threading.Thread(target=self._watch)
        watching.start()
        try:
            yield self
        finally:
            self._over.set()
            watching.join()


def family(pid: int) -> list[int]:
    """A process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        below = [int(child) for child in children.read_text().split()]
    except OSError:
        return []
    return [pid, *(one for child in below for one in family(child))]


@contextlib.contextmanager
def server(*command: str, keep: str = "") -> Iterator[tuple[str, int]]:
    """A server while a block lasts: its address, and its process id; runs are kept in a folder, which may be given."""
    with tempfile.TemporaryDirectory() as own:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "KDVIZ_KEEP": keep or own},
        )
        assert process.stdout is not None
        try:
            base = ""
            while not base:
                line = process.stdout.readline()
                if not line:
                    raise RuntimeError("the server did not start")
                found = re.search(r"http://[\w.]+:\d+/", line)
                base = found[0] if found else ""
            reader = threading.Thread(target=process.stdout.read, daemon=True)
            reader.start()
            yield base, process.pid
        finally:
            process.terminate()
            process.wait(60)


async def a_class(base: str, path: str, viewers: int, epochs: int | None, *, stops: bool = True) -> list[Viewer]:
    """Let so many viewers come at once; the first presses Stop in the middle."""
    AsyncHTTPClient.configure(None, max_clients=viewers + 1)
    all_of_them = [Viewer(base, path, epochs, stops=stops and not i) for i in range(viewers)]
    await asyncio.gather(*map(visit, all_of_them))
    return all_of_them


def told(name: str, viewers: list[Viewer], memory: int) -> None:
    """Print what a class was like."""
    print(f"{name}: {len(viewers)} viewers, {sum(bool(one.failed) for one in viewers)} failed")
    for one in viewers:
        if one.failed:
            print(f"  {one.failed}")
    for word in ("ready", "finished", "stopped"):
        seconds = [value for one in viewers if (value := getattr(one, word)) is not None]
        if seconds:
            print(f"  {word}: median {statistics.median(seconds):.1f} s, last {max(seconds):.1f} s")
    print(f"  memory at most: {memory:,} MB, {memory // max(1, len(viewers))} MB a viewer", flush=True)


def compared(ours: list[Viewer], stock: list[Viewer]) -> None:
    """Print how many times as long stock Voila takes, for as many viewers."""
    print(f"stock Voila over kdviz serve, {len(stock)} viewers under each:")
    for word in ("ready", "finished"):
        those, these = ([value for one in some if (value := getattr(one, word)) is not None] for some in (stock, ours))
        if those and these:
            median, last = statistics.median(those) / statistics.median(these), max(those) / max(these)
            print(f"  {word}: median {median:.1f} times as long, last {last:.1f} times as long", flush=True)


def held(name: str, command: list[str], path: str, viewers: int, epochs: int | None) -> list[Viewer]:
    """Let a class come to a server of its own, and print what it was like."""
    with server(*command) as (base, pid), Memory(pid).watched() as memory:
        came = asyncio.run(a_class(base, path, viewers, epochs))
    told(name, came, memory.most)
    return came


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--viewers", type=int, default=30)
    parser.add_argument("--epochs", type=int, help="instead of the Lab's own")
    parser.add_argument(
        "--stock",
        type=int,
        default=4,
        help="viewers under stock Voila, and as many under kdviz serve beside it (4); 0 for none",
    )
    options = parser.parse_args()

    def ours(viewers: int) -> list[Viewer]:
        command = ["kdviz.app.cli", "serve", "--no-browser", "--port", "0", "--viewers", str(viewers)]
        return held("kdviz serve", command, f"voila/render/{places.LAB}", viewers, options.epochs)

    came = ours(options.viewers)
    if options.stock:
        stock = held(
            "stock Voila",
            ["voila", str(places.lab()), "--no-browser", "--port=18866"],
            "",
            options.stock,
            options.epochs,
        )
        compared(came if options.viewers == options.stock else ours(options.stock), stock)
    return int(any(one.failed for one in came))


if __name__ == "__main__":
    sys.exit(main())
