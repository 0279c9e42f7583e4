"""What the tests of several floors share: a browser, pages that watch for errors, a real server.

The browser fixtures last one module, not the session: while Playwright's synchronous interface is open, a
loop runs in the main thread, and tests that start a loop or a browser of their own would meet it.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import hypothesis
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from kdviz.app import chromium as chromium_app
from kdviz.app import formats

formats.without_grammars()  # as in the server

# Before torch comes: two of its threads beside a browser would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No deadline: a busy machine is no defect. The same examples in every run of the gate; new ones at a developer's.
hypothesis.settings.register_profile("kdviz", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("kdviz")

# What a page is to show may take longer on a busy machine.
expect.set_options(timeout=20_000)

KDVIZ = (sys.executable, "-m", "kdviz.app.cli")
REPOSITORY = Path(__file__).resolve().parents[1]
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = {"127.0.0.1", "localhost"}
KEPT = Path(tempfile.mkdtemp(prefix="kdviz-kept-"))  # what pages keep in tests is not the user's
atexit.register(shutil.rmtree, KEPT, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what takes minutes and hardly ever fails, unless KDVIZ_FULL=1; a live page gets a second try.

    Thousands of tests drive a browser, a server or a page's threads that share two cores with all else: one that fails
    in the gate (CI is set) is run once more, and the closing summary names it (RERUN). Others have one try.
    """
    for item in items:
        if item.get_closest_marker("full") and os.environ.get("KDVIZ_FULL") != "1":
            item.add_marker(pytest.mark.skip(reason="takes minutes: KDVIZ_FULL=1"))
        is_live = "panels" in item.path.parts or {"chromium", "serve"} & set(getattr(item, "fixturenames", ()))
        if os.environ.get("CI") and is_live:
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let the collector of garbage pass over what stays to the end: a million objects of modules and tests.

    A page that ends a run or is closed collects all garbage, which would look at each of them, half a second each time.
    """
    if len(session.items) > 1000:  # the whole suite: what comes with the first optimizer is half as much again
        importlib.import_module("torch._dynamo")
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium, driven by Playwright."""
    executable = chromium_app.find()
    if executable is None:
        pytest.fail(chromium_app.MANUAL)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What went wrong in the pages of one test, and what they asked for."""

    errors: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left_the_machine: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Record what `page` does from now on."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        self.requests.append(request.url)
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.hostname not in HERE:
            self.left_the_machine.append(request.url)

    def _failed(self, request: Request) -> None:
        # A page that is closed or left takes its open requests with it.
        if request.failure != "net::ERR_ABORTED":
            self.failed.append(f"{request.failure}: {request.url}")

    def _response(self, response: object) -> None:
        status, url = response.status, response.url  # type: ignore[attr-defined]
        if status >= 400:
            self.failed.append(f"{status}: {url}")

    def check(self) -> None:
        """Fail if a page logged an error, a request failed, or a request left the machine."""
        assert not self.left_the_machine, f"requests left the machine: {self.left_the_machine}"
        assert not self.failed, f"requests failed: {self.failed}"
        assert not self.errors, f"errors in the page: {self.errors}"


@pytest.fixture
def watch() -> Watch:
    """The record that `page` fills. A test that provokes an error empties the list it filled."""
    return Watch()


def leave(page: Page) -> None:
    """Leave a page, which ends its kernel; a page that the tool closes may not end it."""
    with contextlib.suppress(PlaywrightError):  # a page that was closing is closed by now
        page.goto("about:blank")


@pytest.fixture
def page(chromium: Browser, watch: Watch) -> Iterator[Callable[..., Page]]:
    """``page(url=None, *, width=1280, height=900, dark=False, **context)`` opens a page of its own.

    At the end, console errors, failed requests and requests that left the machine fail the test.
    """
    contexts: list[BrowserContext] = []

    def open_page(
        url: str | None = None, *, width: int = 1280, height: int = 900, dark: bool = False, **options: object
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            **options,  # type: ignore[arg-type]
        )
        contexts.append(context)
        opened = context.new_page()
        opened.set_default_timeout(60_000)
        opened.set_default_navigation_timeout(240_000)  # a server that has just begun imports first, for its first page
        watch.follow(opened)
        if url is not None:
            opened.goto(url)
        return opened

    yield open_page
    try:
        watch.check()
    finally:
        for context in contexts:
            for opened in context.pages:
                if not opened.is_closed():
                    leave(opened)
            context.close()


class Server:
    """A ``kdviz serve`` in a process of its own.

    Attributes
    ----------
    url : str
        The address it printed.
    pid : int
        Its process id.
    lines : list of str
        What it printed, standard error included.
    said : threading.Condition
        Notified at each line.
    """

    def __init__(self, *arguments: str, timeout: float = 240.0, program: Sequence[str] = KDVIZ):
        self.lines: list[str] = []
        self.said = threading.Condition()
        self._queue: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            [*program, "serve", "--no-browser", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "KDVIZ_KEEP": str(KEPT)},
        )
        self.pid = self.process.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = self._wait_until_ready(timeout)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self.said:
                self.lines.append(line.rstrip("\n"))
                self.said.notify_all()
            self._queue.put(line)
        self._queue.put(None)

    def _wait_until_ready(self, timeout: float) -> str:
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                self.stop()
                pytest.fail("kdviz serve did not get ready:\n" + "\n".join(self.lines))
            if ": http://127.0.0.1:" in line:
                return line[line.index("http://") :].split()[0]

    def told(self, wanted: str, since: int = 0, timeout: float = 120.0) -> list[str]:
        """The lines it printed since `since` that hold `wanted`, once there is one."""

        def found() -> list[str]:
            return [line for line in self.lines[since:] if wanted in line]

        with self.said:
            assert self.said.wait_for(found, timeout), f"{wanted!r} was not said: {self.lines[since:]}"
            return found()

    @property
    def base(self) -> str:
        """The address of the index page, with a trailing slash."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}/"

    def stop(self, timeout: float = 20.0) -> int:
        """End the process by its id, and wait for it.

        Returns
        -------
        int
            Its exit status.
        """
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(5)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return int(self.process.returncode)


@pytest.fixture(scope="session")
def usual_servers() -> Iterator[dict[tuple[str, ...], Server]]:
    """The server that ``serve()`` starts, of all modules: each of its pages has a kernel of its own."""
    servers: dict[tuple[str, ...], Server] = {}
    yield servers
    for server in servers.values():
        server.stop()


@pytest.fixture(scope="module")
def serve(usual_servers: dict[tuple[str, ...], Server]) -> Iterator[Callable[..., Server]]:
    """``serve(path=None, *options)`` starts ``kdviz serve`` on a free port, ready when it returns.

    The same arguments give the same server again; all are ended after the module's last test, but for that without
    arguments, which serves on.
    """
    own: dict[tuple[str, ...], Server] = {}

    def start(path: str | Path | None = None, *options: str, program: Sequence[str] = KDVIZ) -> Server:
        arguments = [*([] if path is None else [str(path)]), *options]
        key = (*program, *arguments)
        servers = usual_servers if key == KDVIZ else own
        if key in servers and servers[key].process.poll() is not None:
            servers.pop(key).stop()
        if key not in servers:
            servers[key] = Server(*arguments, program=program)
        return servers[key]

    yield start
    for server in own.values():
        server.stop()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the clone."""
    return REPOSITORY
