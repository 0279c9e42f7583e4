"""What holds for every request: which addresses are looked at, and which headers each answer has."""

from __future__ import annotations

import html
import re
from http.client import responses
from typing import Any
from urllib.parse import unquote_to_bytes

from jupyter_server.base.handlers import APIHandler
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPConnection, HTTPMessageDelegate, HTTPServerRequest
from tornado.iostream import IOStream
from tornado.routing import Router
from tornado.web import Application, RequestHandler
from voila.handler import BaseVoilaHandler

LONGEST_ADDRESS = 16 * 1024
MOST_CONNECTIONS = 512
HOST = re.compile(r"[\w.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?", re.ASCII)

# Code comes from this server only, and from the modules that anywidget makes of a widget's text (blob:). Styles are
# set inline by JupyterLab's widgets and by plotly. No page asks another machine for anything.
PAGE = {
    "default-src": "'none'",
    "script-src": "'self' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
# A picture in the served folder may be an SVG with a script in it, opened by itself.
FILE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
ANSWER = "default-src 'none'; frame-ancestors 'none'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def page_policy(host: str) -> str:
    """The Content-Security-Policy of pages.

    Parameters
    ----------
    host : str
        The request's ``Host``. Named for sockets, as older Safari does not count them to ``'self'``.

    Returns
    -------
    str
    """
    sockets = f" ws://{host} wss://{host}" if HOST.fullmatch(host) else ""
    return "; ".join(f"{name} {value}{sockets if name == 'connect-src' else ''}" for name, value in PAGE.items())


class Guarded(RequestHandler):
    """Put before a handler of Jupyter, Voila or Tornado: headers on every answer, and errors without paths."""

    policy: str | None = None  # that of pages

    def set_default_headers(self) -> None:
        super().set_default_headers()
        for name, value in HEADERS.items():
            self.set_header(name, value)
        policy = ANSWER if isinstance(self, APIHandler) else self.policy
        self.set_header("Content-Security-Policy", policy or page_policy(self.request.host))
        self.clear_header("Server")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if isinstance(self, (APIHandler, BaseVoilaHandler)):
            super().write_error(status_code, **kwargs)
            return
        error = kwargs.get("exc_info", (None, None, None))[1]
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(short_page(status_code, getattr(error, "sentence", ""), self.settings.get("base_url", "/")))


def guarded(handler: type[RequestHandler]) -> type[RequestHandler]:
    """`handler` with `Guarded` before it."""
    return handler if issubclass(handler, Guarded) else type(handler.__name__, (Guarded, handler), {})


def short_page(status: int, sentence: str, start: str) -> str:
    """A page of one sentence that needs no file of ours, with a link to the start."""
    title = f"{status} {responses.get(status, '')}".strip()
    text = html.escape(sentence or "The server has no page at this address.")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<h1>{title}</h1>\n<p>{text}</p>\n<p><a href="{html.escape(start)}">To the start</a></p>\n</html>\n'
    )


def doubt(uri: str) -> tuple[int, str] | None:
    """What is wrong with an address, before anything takes it for a path.

    Parameters
    ----------
    uri : str
        As it stands in the request, percent signs and all.

    Returns
    -------
    tuple of (int, str) or None
        An HTTP status and a sentence.

    Examples
    --------
    >>> doubt("/voila/render/course/01.ipynb?T=20")
    >>> doubt("/voila/files/%c0%ae%c0%ae/etc/passwd")
    (400, 'An address must be UTF-8 text, each other byte with a percent sign.')
    """
    if len(uri) > LONGEST_ADDRESS:
        return 414, f"An address has {LONGEST_ADDRESS} characters at most, this one {len(uri)}."
    path = uri.partition("?")[0]
    try:
        plain = unquote_to_bytes(path.encode("ascii")).decode("utf-8")
        uri.encode("ascii")
    except UnicodeError:
        return 400, "An address must be UTF-8 text, each other byte with a percent sign."
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in plain + uri):
        return 400, "An address has no control characters."
    if not path.startswith("/"):
        return 400, "An address begins with a slash."
    parts = plain.split("/")
    if "\\" in plain or any(part in {".", ".."} for part in parts) or "" in parts[1:-1]:
        return 404, "The server has no page at this address."
    return None


class Refusal(Guarded):
    """A short page for an address that no handler is to see."""

    def initialize(self, status: int = 404, sentence: str = "") -> None:
        self.status, self.sentence = status, sentence

    def prepare(self) -> None:
        self.set_status(self.status)
        self.finish(short_page(self.status, self.sentence, self.settings.get("base_url", "/")))

    def check_xsrf_cookie(self) -> None:
        pass


class Door(Router):
    """The application, behind a look at each address."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        wrong = doubt(request.uri or "")
        if wrong is None:
            return self.application.find_handler(request, **kwargs)
        status, sentence = wrong
        return self.application.get_handler_delegate(request, Refusal, {"status": status, "sentence": sentence})


class Listener(HTTPServer):
    """Tornado's server, with so many connections at a time: a process may open only so many files.

    One too many takes the place of the oldest that waits for a request, else of the oldest whose answer is not read, so
    that idle ones shut nobody out.
    """

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        super().initialize(*args, **kwargs)
        self.streams: dict[IOStream, bool] = {}  # whether it has been served at all

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        self.streams = {known: served for known, served in self.streams.items() if not known.closed()}
        if len(self.streams) >= MOST_CONNECTIONS:
            # A kernel's socket waits for a frame, not for a request: it is no longer among the connections, and stays.
            plain = {connection.stream for connection in self._connections}
            asked = {one: served for one, served in self.streams.items() if one in plain}
            idle = [one for one, served in asked.items() if not served or one.reading()]
            unread = [one for one in asked if one.writing()]
            spare = next(iter([*idle, *unread]), stream)
            spare.close()
            if spare is stream:
                return
        self.streams[stream] = False
        super().handle_stream(stream, address)

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        stream = getattr(server_conn, "stream", None)
        if stream in self.streams:
            self.streams[stream] = True
        return super().start_request(server_conn, request_conn)
