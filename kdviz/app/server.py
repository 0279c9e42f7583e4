"""The web server: Voila's, with its handlers for pages, index and kernel sockets replaced by ours."""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
import socket
from collections.abc import Callable
from itertools import groupby
from typing import Any

from jupyter_core.utils import run_sync
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import RedirectHandler, authenticated
from voila.app import Voila
from voila.handler import BaseVoilaHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

from kdviz.app import pages
from kdviz.app.serve import Served
from kdviz.app.sockets import KernelSocket


class PageHandler(TornadoVoilaHandler):
    """A notebook as a page. Each theme can use a warm kernel: the page itself picks its colours."""

    @authenticated
    async def get(self, path: str | None = None) -> None:
        # Reading it sets the cookie without which the page, when it is closed, may not end its kernel.
        _ = self.xsrf_token
        await super().get(path)

    def should_use_rendered_notebook(self, notebook_data: dict[str, Any], pool_size: int, *_: Any) -> bool:
        return pool_size > 0 and len(notebook_data) > 0


class IndexHandler(BaseVoilaHandler):
    """The list of dashboards and lessons."""

    def initialize(self, **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self.what: Served = kwargs["what"]

    @authenticated
    async def get(self) -> None:
        entries = await asyncio.to_thread(pages.listing, self.what.root)
        groups = [(name, list(found)) for name, found in groupby(entries, key=lambda item: item.group)]
        self.write(self.render_template("list.html", groups=groups, first=self.what.first))


class Server(Voila):
    """Voila for one :class:`~kdviz.app.serve.Served`.

    Attributes
    ----------
    what : Served
        What is served.
    anyone : bool
        Whether other machines may reach it.
    listening : socket.socket
        The bound socket to serve on.
    when_ready : callable
        Called with the base address once requests are answered.
    """

    name = "voila"
    what: Served
    anyone: bool = False
    listening: socket.socket
    when_ready: Callable[[str], None]

    def start(self) -> None:
        self.port = self.listening.getsockname()[1]
        super().start()

    def initialize(self, argv: list[str] | None = None) -> None:
        super().initialize(argv)
        # Outputs of notebooks are made here and now; whether a file was ever marked as trusted says nothing.
        logging.getLogger("Server").addFilter(lambda record: "is not trusted" not in record.getMessage())
        self.log.addFilter(lambda record: "is not trusted" not in record.getMessage())

    def init_settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = super().init_settings()
        # Answer to this machine's own names only, so that no foreign page can reach in by a name of its own.
        settings["allow_remote_access"] = self.anyone
        return settings

    def init_handlers(self) -> list[Any]:
        ours = {VoilaKernelWebsocketHandler: KernelSocket, TornadoVoilaHandler: PageHandler}
        handlers: list[Any] = []
        for pattern, handler, *rest in super().init_handlers():
            if handler in {TornadoVoilaTreeHandler, VoilaContentsHandler}:
                continue
            handlers.append((pattern, ours.get(handler, handler), *rest))
        if not self.what.alone:
            index = {"voila_configuration": self.voila_configuration, "what": self.what}
            handlers.append((self.server_url, IndexHandler, index))
            handlers.append((f"{self.server_url}voila/tree/?.*", RedirectHandler, {"url": self.server_url}))
        return handlers

    def listen(self) -> None:
        HTTPServer(self.app).add_socket(self.listening)
        self.ioloop = IOLoop.current()
        self.ioloop.add_callback(self._ready)
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            print("Ending the kernels ...", flush=True)
        finally:
            self.stop()

    def _ready(self) -> None:
        if self.voila_configuration.preheat_kernel and not self.what.alone:
            self.kernel_manager.fill_if_needed(delay=0, notebook_name=self.what.first)
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        self.when_ready(f"http://{host}:{self.port}")

    def stop(self) -> None:
        # A second Ctrl-C must not leave kernels behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        run_sync(self._end_kernels)()
        shutil.rmtree(self.connection_dir, ignore_errors=True)

    async def _end_kernels(self) -> None:
        # Voila would wait for kernels that it is about to start.
        pools: dict[str, list[asyncio.Task[Any]]] = getattr(self.kernel_manager, "_pools", {})
        for task in [task for pool in pools.values() for task in pool]:
            task.cancel()
        pools.clear()
        await self.kernel_manager.shutdown_all(now=True)
