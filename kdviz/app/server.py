"""The web server: Voila's, with its handlers for pages, index and kernel sockets replaced by ours."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import re
import secrets
import shutil
import signal
import socket
from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from jupyter_core.utils import run_sync
from jupyter_server.base.handlers import JupyterHandler
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RedirectHandler, authenticated
from voila.app import Voila
from voila.handler import BaseVoilaHandler
from voila.request_info_handler import RequestInfoSocketHandler
from voila.static_file_handler import AllowListFileHandler, TemplateStaticFileHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler
from voila.voila_identity_provider import VoilaIdentityProvider

from kdviz import words
from kdviz.app import collected, collecting, guard, lecturer, lesson_pages, notebooks, pages, spoken
from kdviz.app.classroom import Classroom
from kdviz.app.collected import Collected
from kdviz.app.guard import Guarded, guarded
from kdviz.app.inside import inside
from kdviz.app.kernels import Visit, visit
from kdviz.app.notebooks import Notebooks, RefusedError
from kdviz.app.serve import Served
from kdviz.app.sockets import MOST_IN, KernelSocket

FLUSH_S = 120.0  # a reader of a page that takes nothing for so long is gone
HEARTBEAT = "<script>window.voila_heartbeat()</script>"  # Voila's word that a cell still runs; ours need none
CUT = (
    '<div class="kd-notice kd-failed" role="alert">The page stopped here: Python ended on the server. Reload it.</div>'
)
LOOK_MS = 5000  # between two looks for kernels whose page has gone
PLACE = "kdviz-place"  # the cookie by which one who waits is known
NO_PAGE = "There is no such notebook in the served folder."


class Visitors(VoilaIdentityProvider):
    """Jupyter's token and cookie, without its pages for logging in and out."""

    def get_handlers(self) -> list[tuple[str, object]]:
        return []


class Asking(Guarded):
    """Before a handler of pages: who has no token is asked for it on a short page."""

    def get_login_url(self) -> str:
        raise HTTPError(403)


class Waiting(Asking, BaseVoilaHandler):
    """A handler that knows who waits for a seat."""

    kernel_manager: Any  # Kernels, with what Voila adds to them

    @property
    def who(self) -> str:
        """The visitor, as far as the line knows one from another."""
        known = self.get_cookie(PLACE, "") or ""
        return known if re.fullmatch(r"[\w-]{22}", known, re.ASCII) else ""

    def says(self, place: int) -> str:
        """What a visitor reads who is in line."""
        if place == 1:
            return words.t("You are the next. The page opens by itself.")
        return words.t("You are number {n} in line. The page opens by itself.", n=words.number(place))

    def come_in_or_wait(self) -> bool:
        """Whether there is a seat; otherwise the page of those who wait is the answer."""
        who = self.who or secrets.token_urlsafe(16)
        if self.kernel_manager.line.enters(who):
            return True
        self.set_cookie(PLACE, who, httponly=True, samesite="Lax")
        self.set_status(503)
        self.set_header("Retry-After", "5")
        self.set_header("Cache-Control", "no-store")
        language = spoken.language(self, browser=False)
        with words.speaking(language):
            texts = {
                "language": language,
                "wait": words.t("Please wait"),
                "title": words.t("All pages are taken"),
                "says": self.says(self.kernel_manager.line.place(who)),
                "again": words.t("Look again"),
            }
        self.write(self.render_template("wait.html", query=spoken.query(language), **texts))
        return False


class PlaceHandler(Waiting):
    """Tells one who waits her place."""

    policy = guard.ANSWER

    @authenticated
    async def get(self) -> None:
        place = self.kernel_manager.line.place(self.who) if self.who else 0
        self.set_header("Cache-Control", "no-store")
        with words.speaking(spoken.language(self, browser=False)):
            self.write({"place": place, "says": self.says(place)})


class PageHandler(Waiting, TornadoVoilaHandler):
    """A notebook as a page. Each theme can use a warm kernel: the page itself picks its colours."""

    def initialize(self, what: Served, **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self.what = what

    @authenticated
    async def get(self, path: str | None = None) -> None:
        # Reading it sets the cookie without which the page, when it is closed, may not end its kernel.
        _ = self.xsrf_token
        if path and (self.what.alone or not path.lower().endswith(".ipynb")):
            self._redirect_to_picture(path)
            return
        name = str(self.what.first) if self.what.alone else str(path)
        place = inside(self.what.root, name)
        if place is None:
            raise RefusedError(404, NO_PAGE)
        trouble = await asyncio.to_thread(notebooks.trouble, place)
        await asyncio.to_thread(self.contents_manager.about, name)  # its folder is read here, not between requests
        if trouble:
            raise RefusedError(422, f"{place.name} cannot be shown: {trouble}.")
        self._forget_token()
        if not self.come_in_or_wait():
            return
        asked = Visit(str(self.request.remote_ip), page=name, language=spoken.language(self, browser=False))
        with self.kernel_manager.comes(asked):
            asked.kernel = await self._claim(name)
            visit.set(asked)
            await self._stream(path, asked)

    def _forget_token(self) -> None:
        """The kernel gets the requested address, without what does not concern a notebook: the token, a name."""
        query = "&".join(one for one in self.request.query.split("&") if not one.startswith(("token=", "learner=")))
        self.request.query = query
        self.request.uri = f"{self.request.path}?{query}" if query else self.request.path

    def _redirect_to_picture(self, path: str) -> None:
        if not notebooks.PICTURES.fullmatch(path) or inside(self.what.root, path) is None:
            raise RefusedError(404, NO_PAGE)
        self.redirect_to_file(path)

    async def _claim(self, name: str) -> str | None:
        """The warm kernel that is handed out next, alive and with its page in it; any other is thrown away."""
        manager = self.kernel_manager
        pool = [] if self._needs_a_new_kernel() else getattr(manager, "_pools", {}).get(name, [])
        while pool:
            first = pool[0]
            try:
                kernel_id = (await asyncio.shield(first))["kernel_id"]
            except Exception as error:  # it could not be started; the page starts one of its own, or says why
                self.log.warning("The warm kernel of %s could not be started (%s).", name, type(error).__name__)
                _without(pool, first)
                continue
            if await manager.sound(kernel_id):
                if pool[:1] == [first]:
                    manager.owners[kernel_id] = self.request.remote_ip
                    return str(kernel_id)
                continue  # another visitor was quicker
            if _without(pool, first):
                self.log.warning("The warm kernel of %s had died; another is started.", name)
                try:
                    await manager.shutdown_kernel(kernel_id, now=True)
                except Exception as error:  # Jupyter may be starting it anew; the visitor's page is made all the same
                    self.log.warning("The dead kernel of %s could not be put away (%s).", name, type(error).__name__)
                manager.fill_if_needed(notebook_name=name)
        return None

    async def _stream(self, path: str | None, asked: Visit) -> None:
        """Send the page as it is made, no faster than it is read."""
        try:
            async for part in self.get_generator(path=path):
                if part.strip() != HEARTBEAT:
                    self.write(part)
                elif asked.kernel is None or await self.kernel_manager.sound(asked.kernel):
                    self.write("\n")
                else:  # Voila waits without end for a kernel that did not start
                    raise RuntimeError("its kernel ended before the page was made")
                if not await self._read():
                    await self._end(asked)
                    return
        except Exception as error:
            await self._end(asked)
            if self._headers_written:
                self.log.warning("The page %s stopped half way: %s.", self.request.path, error)
                self.write(CUT)
            elif "No Jupyter kernel" in str(error):
                raise RefusedError(422, "This notebook needs a kernel that is not installed here.") from None
            else:
                raise

    async def _read(self) -> bool:
        """Send what is written; whether somebody takes it."""
        try:
            await asyncio.wait_for(self.flush(), FLUSH_S)
        except (StreamClosedError, TimeoutError):
            return False
        return True

    async def _end(self, asked: Visit) -> None:
        """Nobody will see this page: its kernel need not wait to be culled."""
        if asked.kernel is not None and asked.kernel in self.kernel_manager:
            await self.kernel_manager.shutdown_kernel(asked.kernel, now=True)

    def should_use_rendered_notebook(self, notebook_data: dict[str, Any], pool_size: int, *_: Any) -> bool:
        return pool_size > 0 and len(notebook_data) > 0 and not self._needs_a_new_kernel()

    def _needs_a_new_kernel(self) -> bool:
        """Whether the address asks for what a warm kernel did not know when it made its page, right answers and all."""
        return not {"lang", "tell"}.isdisjoint(self.request.query_arguments)


def _without(pool: list[Any], item: object) -> bool:
    """Take `item` out of `pool`; whether it was there."""
    there = item in pool
    if there:
        pool.remove(item)
    return there


class PictureHandler(Asking, JupyterHandler, AllowListFileHandler):
    """A picture that lies beside the notebooks."""

    policy = guard.FILE

    @authenticated
    async def get(self, path: str, include_body: bool = True) -> None:
        if inside(Path(self.root), path) is None:
            raise RefusedError(404, "There is no such file in the served folder.")
        await AllowListFileHandler.get(self, path, include_body)


class TemplateFiles(Guarded, TemplateStaticFileHandler):
    """Scripts and styles of the page templates: ``TEMPLATE/static/FILE``, and no other form of address."""

    def parse_url_path(self, url_path: str) -> str:
        if not re.fullmatch(r"[\w-]+/static/.+", url_path, re.ASCII):
            raise HTTPError(404)
        path: str = super().parse_url_path(url_path)
        return path


class RequestSocket(Guarded, RequestInfoSocketHandler):
    """Tells a warm kernel, on this machine, what its visitor asked for. Pages do not come here."""

    def prepare(self) -> None:
        local = ipaddress.ip_address(str(self.request.remote_ip)).is_loopback
        known = self.path_kwargs.get("kernel_id") in self.settings["kernel_manager"]
        if not local or not known or "Origin" in self.request.headers:
            raise HTTPError(403)

    def on_close(self) -> None:
        mine = [kernel_id for kernel_id, waiter in self._waiters.items() if waiter is self]
        for kernel_id in mine:
            del self._waiters[kernel_id]


class IndexHandler(Asking, BaseVoilaHandler):
    """The list of dashboards and lessons."""

    def initialize(self, **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self.what: Served = kwargs["what"]

    @authenticated
    async def get(self) -> None:
        language = spoken.language(self)
        query = spoken.query(language)
        with words.speaking(language):
            entries = await asyncio.to_thread(pages.listing, self.what.root)  # in the same language
            groups = [(words.t(name), list(found)) for name, found in groupby(entries, key=lambda item: item.group)]
            self.write(
                self.render_template(
                    "list.html",
                    groups=groups,
                    first=self.what.first,
                    language=language,
                    query=query,
                    texts=_texts_of_index(),
                )
            )


def _texts_of_index() -> dict[str, str]:
    return {
        "what": words.t(
            "A small network learns from a large one, and you watch. Every page is live and runs in its own kernel."
        ),
        "number": words.t("Open this as number "),
        "begin": words.t("Begin here"),
        "minutes": words.t("min"),
        "answered": words.t("· {n} of {of} answered"),
        "trouble": words.t("Cannot be shown"),
        "teacher": words.t("teacher"),
        "student": words.t("student"),
        "empty": words.t("There is no notebook in this folder. Put a file that ends in .ipynb there and reload."),
    }


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
    room : Classroom
        How many viewers there may be, and what else is bounded.
    trainings : pathlib.Path or None
        Where those who train wait for one another.
    answers : Collected or None
        Where answers are collected; None for not at all.
    looks : Looks
        What the lecturer's page shows.
    when_ready : callable
        Called with the base address once requests are answered.
    """

    name = "voila"
    what: Served
    anyone: bool = False
    listening: socket.socket
    room: Classroom = Classroom()
    trainings: Path | None = None
    answers: Collected | None = None
    looks: lecturer.Looks
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
        self.contents_manager = Notebooks(parent=self)
        self.contents_manager.about = partial(lesson_pages.about, self.what.root, alone=self.what.alone)
        self.contents_manager.language = lambda: asked.language if (asked := visit.get()) else words.language()
        settings["contents_manager"] = self.contents_manager
        settings["default_handler_class"] = guard.Refusal
        settings["websocket_max_message_size"] = MOST_IN
        settings["xsrf_cookie_kwargs"] = {"samesite": "Lax"}
        return settings

    def init_handlers(self) -> list[Any]:
        ours: dict[Any, type[Any]] = {
            VoilaKernelWebsocketHandler: KernelSocket,
            TornadoVoilaHandler: PageHandler,
            AllowListFileHandler: PictureHandler,
            TemplateStaticFileHandler: TemplateFiles,
            RequestInfoSocketHandler: RequestSocket,
        }
        self.kernel_manager.seats, self.kernel_manager.of_client = self.room.viewers, self.room.of_client
        self.looks = lecturer.Looks(self.kernel_manager, self.trainings, self.room.trainings, self.answers)
        configured = {"voila_configuration": self.voila_configuration}
        looks = {**configured, "looks": self.looks}
        handlers: list[Any] = [
            (f"{self.server_url}kdviz/place", PlaceHandler, configured),
            (f"{self.server_url}{lecturer.PATH}", lecturer.LecturerHandler, looks),
        ]
        if self.answers is not None:
            taken = {**configured, "answers": self.answers}
            handlers.append((f"{self.server_url}{collected.PATH}", collecting.AnswersHandler, taken))
            handlers.append((f"{self.server_url}{lecturer.TABLE}", lecturer.TableHandler, looks))
        for pattern, handler, *rest in super().init_handlers():
            if handler in {TornadoVoilaTreeHandler, VoilaContentsHandler}:
                continue
            if handler is TornadoVoilaHandler:
                rest = [{**rest[0], "what": self.what}]
            handlers.append((pattern, guarded(ours.get(handler, handler)), *rest))
        if not self.what.alone:
            index = {**configured, "what": self.what}
            handlers.append((self.server_url, IndexHandler, index))
            handlers.append((f"{self.server_url}voila/tree/?.*", guarded(RedirectHandler), {"url": self.server_url}))
        return handlers

    def listen(self) -> None:
        listener = guard.Listener(
            guard.Door(self.app),
            idle_connection_timeout=120,
            body_timeout=30,
            max_body_size=64 * 1024,  # a page that ends its kernel says no more than that
            max_header_size=64 * 1024,
            max_buffer_size=2 * MOST_IN,
        )
        listener.add_socket(self.listening)
        self.ioloop = IOLoop.current()
        self.ioloop.add_callback(self._ready)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_interrupt)
        try:
            self.ioloop.start()
        finally:
            self.stop()

    def _on_interrupt(self, *_: Any) -> None:
        """End the loop at its next turn: raised where it comes, an interrupt can be lost in a destructor."""
        print("Ending the kernels ...", flush=True)
        self.ioloop.asyncio_loop.call_soon_threadsafe(self.ioloop.stop)  # type: ignore[attr-defined]

    def _ready(self) -> None:
        if self.voila_configuration.preheat_kernel and not self.what.alone:
            self.kernel_manager.fill_if_needed(delay=0, notebook_name=self.what.first)
        PeriodicCallback(self.kernel_manager.end_left, LOOK_MS).start()
        PeriodicCallback(self.looks.clear, LOOK_MS).start()
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        self.when_ready(f"http://{host}:{self.port}{self.base_url.rstrip('/')}")

    def stop(self) -> None:
        # A second Ctrl-C must not leave kernels behind.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        run_sync(self._end_kernels)()
        shutil.rmtree(self.connection_dir, ignore_errors=True)

    async def _end_kernels(self) -> None:
        # Voila would wait for kernels that it is about to start.
        pools: dict[str, list[asyncio.Task[Any]]] = getattr(self.kernel_manager, "_pools", {})
        for task in [task for pool in pools.values() for task in pool]:
            task.cancel()
        pools.clear()
        # One may go with its page meanwhile, which is no reason to leave the others.
        manager = self.kernel_manager
        await asyncio.gather(
            *(manager.shutdown_kernel(which, now=True) for which in manager.list_kernel_ids()), return_exceptions=True
        )
        with contextlib.suppress(HTTPError):
            await manager.shutdown_all(now=True)
