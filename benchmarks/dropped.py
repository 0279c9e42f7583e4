"""Connections opened and dropped, and browsers killed: ``python benchmarks/dropped.py``.

A hundred connections to one ``kdviz serve``, ten at a time, in turns: half a request line, half a header, half a body,
a page that nobody waits for, a page that is left in the middle, a handshake for a socket that comes to nothing, a page
whose socket is cut, and one that is cut while its run is training. Then browsers (Chromium processes of their own) open
the Lab and train, and are killed outright. Printed: what the server had before and has a minute later (kernels,
memory, sockets, files), how long it took to answer in between, and when each killed browser's kernel ended and where
its run is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import psutil
from playwright.sync_api import Page, expect, sync_playwright

from kdviz.app import chromium, places
from kdviz.panels.lab.session_store import SessionStore

classes = importlib.import_module("class")  # whose viewers speak to a kernel as a browser does

PAGE = f"voila/render/{places.LAB}"
AT_ONCE = 10
GONE_S = 60.0  # after which nothing may be left
PATIENCE_MS = 300_000
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0"]
SLACK_MB = 60  # a server that has served keeps what its libraries hold


@dataclass(frozen=True)
class Has:
    """What a server has.

    Attributes
    ----------
    kernels : int
    megabytes : int
        Of all its processes; what they share counts once.
    sockets : int
        Connections of visitors.
    files : int
        In its temporary folder.
    """

    kernels: int
    megabytes: int
    sockets: int
    files: int

    @classmethod
    def of(cls, pid: int, port: int, folder: Path) -> Has:
        """Look at a server."""
        connections = psutil.Process(pid).net_connections("tcp")
        visitors = [one for one in connections if one.laddr and one.laddr.port == port and one.raddr]
        files = [path for path in folder.rglob("*") if path.is_file()]
        return cls(len(kernels(pid)), classes.Memory(pid).now(), len(visitors), len(files))

    def left(self, before: Has) -> str:
        """What is left that was not there before, in words; empty for nothing."""
        counts = [
            f"{mine - earlier} {name}"
            for name, mine, earlier in (
                ("kernels", self.kernels, before.kernels),
                ("MB", self.megabytes - SLACK_MB, before.megabytes),
                ("sockets", self.sockets, before.sockets),
                ("files", self.files, before.files),
            )
            if mine > earlier
        ]
        return ", ".join(counts)


def kernels(pid: int) -> list[psutil.Process]:
    """The running kernels of a server."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "ipykernel_launcher" in " ".join(child.cmdline()) and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child)
    return found


async def half(base: str, sent: str, *, read: int = 0) -> None:
    """Send text, read so many bytes of the answer, and be gone without a farewell."""
    at = urlsplit(base)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    writer.write(sent.format(host=at.netloc).encode())
    with suppress(OSError):
        await writer.drain()
        if read:
            await reader.read(read)
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, as by a dead line
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def cut(base: str, *, trains: bool = False) -> None:
    """Open the Lab, join its kernel, train perhaps, and be gone."""
    viewer = classes.Viewer(base, PAGE)
    with suppress(RuntimeError):  # more than there may be are refused
        await viewer.open()
        if trains:
            await viewer._custom(viewer._model("total_steps", "status"), {"command": "train"})
            await viewer.until(lambda: viewer.state == "running")
    viewer.vanish()


GET = f"GET /{PAGE} HTTP/1.1\r\nHost: {{host}}\r\n\r\n"
JOIN = (
    "GET /api/kernels/00000000-0000-0000-0000-000000000000/channels HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
BODY = "POST /voila/api/shutdown/0 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\nhalf"
WAYS: tuple[Callable[[str], Coroutine[Any, Any, None]], ...] = (
    lambda base: half(base, "GET /voi"),
    lambda base: half(base, "GET / HTTP/1.1\r\nHost: {host}\r\nAccept"),
    lambda base: half(base, BODY),
    lambda base: half(base, GET),
    lambda base: half(base, GET, read=500),
    lambda base: half(base, JOIN),
    cut,
    lambda base: cut(base, trains=True),
)


async def dropped(base: str, count: int) -> float:
    """Open and drop so many connections; return the longest that the server took to answer in between, in seconds."""
    longest = 0.0
    for begin in range(0, count, AT_ONCE):
        some = (WAYS[i % len(WAYS)](base) for i in range(begin, min(count, begin + AT_ONCE)))
        dropping = asyncio.gather(*some)
        longest = max(longest, await asyncio.to_thread(answers, base))
        await dropping
    return longest


def answers(base: str) -> float:
    """Seconds until the index has come."""
    began = time.perf_counter()
    with urlopen(base, timeout=GONE_S) as answer:
        assert answer.status == 200
        answer.read()
    return time.perf_counter() - began


@contextmanager
def browser(address: str) -> Iterator[tuple[subprocess.Popen[bytes], Page]]:
    """A Chromium of its own at an address, which may be killed in the block."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, sync_playwright() as playwright:
        command = [str(chromium.find()), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            told = Path(profile) / "DevToolsActivePort"
            while not told.exists() or "\n" not in told.read_text():
                if started.poll() is not None:
                    raise RuntimeError("the browser did not start")
                time.sleep(0.05)
            port = told.read_text().split()[0]
            page = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}").contexts[0].pages[0]
            page.goto(address)
            yield started, page
        finally:
            end(started)


def end(started: subprocess.Popen[bytes]) -> None:
    """Kill a browser with all its processes."""
    if started.poll() is None:
        family = psutil.Process(started.pid).children(recursive=True)
        started.kill()
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(family, timeout=10)
    started.wait()


def killed_browser(server: int, base: str, query: str = "") -> tuple[float, int]:
    """Open the Lab, train, and kill the browser: seconds until the kernel ended, and the step that is kept."""
    before = {one.pid for one in kernels(server)}
    with browser(f"{base}{PAGE}?{query}") as (started, page):
        expect(page.locator(".kd-transport[data-state=idle]")).to_be_visible(timeout=PATIENCE_MS)
        which = page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId")
        own = [one for one in kernels(server) if f"kernel-{which}.json" in " ".join(one.cmdline())]
        page.get_by_role("button", name="Train", exact=True).click()
        stepped = "() => document.querySelector('[role=progressbar]').ariaValueNow > 0"
        expect(page.locator(".kd-transport[data-state=running]")).to_be_visible(timeout=PATIENCE_MS)
        page.wait_for_function(stepped, timeout=PATIENCE_MS)
        token = page.evaluate("localStorage.getItem('kdviz-browser')")
        end(started)
    began = time.perf_counter()
    _, alive = psutil.wait_procs(own, timeout=2 * GONE_S)
    if alive or not own:
        raise RuntimeError(f"the kernel of a killed browser lives on ({len(before)} kernels were there before)")
    (kept,) = SessionStore(token).offers()
    return time.perf_counter() - began, kept.steps_done


def settled(look: Callable[[], Has], before: Has) -> tuple[Has, float]:
    """Look until nothing is left, or the time is over: what there is, and after how many seconds."""
    began = time.perf_counter()
    while (has := look()).left(before) and time.perf_counter() - began < GONE_S:
        time.sleep(1)
    return has, time.perf_counter() - began


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--browsers", type=int, default=3)
    options = parser.parse_args()
    wrong = False
    with tempfile.TemporaryDirectory() as there, tempfile.TemporaryDirectory() as kept:
        os.environ["TMPDIR"] = there
        given = ["--no-browser", "--port", "0", "--viewers", "30"]
        with classes.server("kdviz.app.cli", "serve", *given, keep=kept) as (base, pid):
            os.environ.update(TMPDIR=tempfile.gettempdir(), KDVIZ_KEEP=kept)
            port = int(urlsplit(base).port or 0)
            asyncio.run(classes.a_class(base, PAGE, 1, 1))  # what comes with the first visit is no leak

            def look() -> Has:
                return Has.of(pid, port, Path(there))

            settled(look, Has(1, 10**6, 0, 10**6))
            before = look()
            print(f"before: {before}", flush=True)
            longest = asyncio.run(dropped(base, options.connections))
            print(f"{options.connections} dropped, the index answered within {longest:.2f} s: {look()}", flush=True)
            after, seconds = settled(look, before)
            left = after.left(before)
            print(f"after {seconds:.0f} s: {after}; left: {left or 'nothing'}", flush=True)
            wrong = bool(left)
            for _ in range(options.browsers):
                seconds, step = killed_browser(pid, base)
                wrong = wrong or seconds > GONE_S
                print(f"a browser was killed: its kernel ended after {seconds:.0f} s, step {step} is kept", flush=True)
            after, seconds = settled(look, before)
            print(f"at the end: {after}; left: {after.left(before) or 'nothing'}", flush=True)
            wrong = wrong or bool(after.left(before))
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
