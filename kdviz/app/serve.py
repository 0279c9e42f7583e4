"""``kdviz serve``: Voila underneath, with our own page, index and manners."""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import logging
import os
import re
import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kdviz import words
from kdviz.app import classroom, collected, own_folder, pages, places

if TYPE_CHECKING:
    from traitlets.config import Config

MISSING = 'kdviz serve needs Voila: pip install "kdviz[app]"'
PORT = 8866
PORTS_TRIED = 20
FILES = 4096
BASE_URL_PART = re.compile(r"[A-Za-z0-9._~@%-]+")
TOKEN = re.compile(r"[A-Za-z0-9._~-]{8,256}")
OPEN_TO_ALL = (
    "warning: with an empty --token anyone who reaches this address can run code here; leave it out to get a token."
)
UNBOUNDED = "warning: this system does not bound the memory of a process: --memory does not hold here."


@dataclass(frozen=True)
class Served:
    """What is served, and which page comes first.

    Attributes
    ----------
    root : pathlib.Path
        The folder below which notebooks are found; nothing outside it is served.
    first : str or None
        The page to open and to keep a kernel warm for, below `root`; None for the index.
    alone : bool
        Whether `first` is the only page and stands at the address itself.
    """

    root: Path
    first: str | None
    alone: bool

    @property
    def title(self) -> str:
        """The name of the first page."""
        return pages.entry(self.root / self.first, self.root).title if self.first else "kdviz"

    @property
    def notebooks(self) -> Iterator[Path]:
        """The notebooks that are served."""
        return iter([self.root / str(self.first)]) if self.alone else pages.found(self.root)

    @property
    def address(self) -> str:
        """The path of the first page in the server's address."""
        if self.first is None or self.alone:
            return "/"
        return f"/voila/render/{self.first}"


def served(path: str | None) -> Served:
    """What `path` asks for.

    Parameters
    ----------
    path : str or None
        A notebook, a folder, or None for the notebooks that kdviz brings.

    Returns
    -------
    Served

    Raises
    ------
    FileNotFoundError
        When there is no such notebook or folder.

    Examples
    --------
    >>> served("no/such.ipynb")
    Traceback (most recent call last):
    FileNotFoundError: no/such.ipynb is neither a notebook nor a folder: pass the path of one that exists
    """
    if path is None:
        root = places.notebooks()
        return Served(root, places.LAB if places.lab().exists() else None, alone=False)
    asked = Path(path).expanduser()
    if asked.is_dir():
        return Served(asked.resolve(), None, alone=False)
    if asked.is_file() and asked.suffix == ".ipynb":
        return Served(asked.resolve().parent, asked.resolve().name, alone=True)
    raise FileNotFoundError(f"{path} is neither a notebook nor a folder: pass the path of one that exists")


def check_address(ip: str, anyone: bool) -> None:
    """Refuse an address that other machines can reach, unless that is what is wanted.

    Parameters
    ----------
    ip : str
        The address to listen on.
    anyone : bool
        Whether other machines may reach it.

    Raises
    ------
    ValueError
        When `ip` is no loopback address and `anyone` is false.

    Examples
    --------
    >>> check_address("127.0.0.1", anyone=False)
    >>> check_address("0.0.0.0", anyone=False)
    Traceback (most recent call last):
    ValueError: --ip 0.0.0.0 can be reached from other machines, and whoever reaches it can run code here: add --anyone if that is wanted
    """  # noqa: E501
    if ip == "localhost" or anyone:
        return
    try:
        loopback = ipaddress.ip_address(ip).is_loopback
    except ValueError:
        raise ValueError(f"--ip must be an IP address such as 127.0.0.1, got {ip}") from None
    if not loopback:
        raise ValueError(
            f"--ip {ip} can be reached from other machines, and whoever reaches it can run code here: "
            "add --anyone if that is wanted"
        )


def token(given: str | None, anyone: bool) -> str:
    """The token that visitors must show, once; a cookie keeps it.

    Parameters
    ----------
    given : str or None
        What ``--token`` says: ``"new"`` makes one, ``""`` asks for none.
    anyone : bool
        Whether other machines may reach the server. Then a token is made unless one was given.

    Returns
    -------
    str
        Empty for none.

    Raises
    ------
    ValueError
        When `given` cannot stand in an address, or can be guessed.

    Notes
    -----
    On 127.0.0.1 no token is asked for, as a page of another site cannot read answers from here, nor start a kernel by a
    name of its own, and other machines do not reach it. Other users of the *same* machine do: where there are any,
    ``--token new`` keeps them out.

    Examples
    --------
    >>> token(None, anyone=False)
    ''
    >>> len(token(None, anyone=True)) >= 43
    True
    >>> token("12345", anyone=True)
    Traceback (most recent call last):
    ValueError: --token must have 8 to 256 of the characters A-Z a-z 0-9 . _ ~ -, got 5 characters: give a longer one, or 'new'
    """  # noqa: E501
    if given == "new" or (given is None and anyone):
        return secrets.token_urlsafe(32)
    if not given:
        return ""
    if not TOKEN.fullmatch(given):
        raise ValueError(
            f"--token must have 8 to 256 of the characters A-Z a-z 0-9 . _ ~ -, got {len(given)} characters: "
            "give a longer one, or 'new'"
        )
    return given


def base_url(given: str) -> str:
    """What stands before each address, with a slash at both ends.

    Raises
    ------
    ValueError
        When it cannot stand in an address.

    Examples
    --------
    >>> base_url("/"), base_url("user/ada/kdviz")
    ('/', '/user/ada/kdviz/')
    >>> base_url("/a b/")
    Traceback (most recent call last):
    ValueError: --base-url must be a path such as /user/ada/kdviz/, got '/a b/'
    """
    parts = given.strip("/").split("/")
    if parts == [""]:
        return "/"
    if not all(BASE_URL_PART.fullmatch(part) and set(part) != {"."} for part in parts):
        raise ValueError(f"--base-url must be a path such as /user/ada/kdviz/, got {given!r}")
    return f"/{'/'.join(parts)}/"


def host_for_others(ip: str) -> str:
    """What other machines call this one, in an address; empty where they do not reach `ip`.

    Examples
    --------
    >>> host_for_others("192.0.2.7"), host_for_others("127.0.0.1"), host_for_others("2001:db8::7")
    ('192.0.2.7', '', '[2001:db8::7]')
    """
    known = ipaddress.ip_address("127.0.0.1" if ip == "localhost" else ip)
    if (
        known.is_unspecified
    ):  # listens on all addresses: the one that leads out of this machine, to which nothing is sent
        beyond = ("192.0.2.1", 9) if known.version == 4 else ("2001:db8::1", 9)
        with socket.socket(socket.AF_INET if known.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as asking:
            try:
                asking.connect(beyond)
                known = ipaddress.ip_address(asking.getsockname()[0].partition("%")[0])
            except OSError:  # there is no network
                return ""
    if known.is_loopback or known.is_unspecified:
        return ""
    return f"[{known}]" if known.version == 6 else str(known)


def bind(ip: str, port: int | None) -> socket.socket:
    """A socket that listens on `ip`.

    Parameters
    ----------
    ip : str
        The address to listen on.
    port : int or None
        0 takes any free port; None takes 8866, or the next free one above it.

    Returns
    -------
    socket.socket

    Raises
    ------
    ValueError
        When the port is taken or may not be used.
    """
    if port is not None and not 0 <= port <= 65535:
        raise ValueError(f"--port must be between 0 and 65535, got {port}")
    for candidate in _candidates(port):
        try:
            family = socket.AF_INET6 if ":" in ip else socket.AF_INET
            listening = socket.create_server((ip, candidate), family=family, backlog=128)
        except OSError as error:
            if port is not None:
                raise ValueError(
                    f"port {port} cannot be used ({error.strerror}): end what uses it, or give another with --port"
                ) from None
        else:
            listening.setblocking(False)
            return listening
    raise ValueError(f"no port from {PORT} on is free: give one with --port")


def _candidates(port: int | None) -> Iterator[int]:
    if port is not None:
        yield port
    else:
        yield from range(PORT, PORT + PORTS_TRIED)
        yield 0


def more_files() -> int | None:
    """Let this process open up to 4096 files, where the system's hard limit allows it.

    Each page takes some twenty: its kernel's lines, and its own. macOS begins with 256.

    Returns
    -------
    int or None
        How many it may open now; None where that is not told (Windows).
    """
    try:
        import resource
    except ImportError:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft


def configuration(what: Served, options: argparse.Namespace) -> Config:
    """Voila's settings.

    Parameters
    ----------
    what : Served
        What is served.
    options : argparse.Namespace
        ``ip``, ``anyone``, ``base_url``, ``theme``, ``debug``, ``answers`` and ``no_preheat`` of the command line, and
        the ``token`` that is asked for.

    Returns
    -------
    traitlets.config.Config
    """
    from traitlets.config import Config

    settings = Config()
    settings.Voila.root_dir = str(what.root)
    if what.alone:
        settings.Voila.notebook_path = str(what.root / str(what.first))
    settings.Voila.ip = options.ip
    settings.Voila.base_url = options.base_url
    settings.Voila.open_browser = False
    settings.Voila.token = options.token
    settings.Voila.identity_provider_class = "kdviz.app.server.Visitors"
    settings.Visitors.cookie_options = {"samesite": "Lax"}
    settings.Voila.config_file_paths = []
    settings.Voila.log_level = logging.INFO if options.debug else logging.WARNING
    voila = settings.VoilaConfiguration
    voila.template = places.TEMPLATE
    voila.theme = options.theme
    voila.allow_template_override = "NO"
    voila.allow_theme_override = "NO"  # the page itself follows ?theme=, so that a warm kernel fits each theme
    voila.show_tracebacks = options.debug
    voila.strip_sources = True
    voila.preheat_kernel = what.first is not None and not options.no_preheat
    voila.default_pool_size = 1
    voila.resources = {
        "kdviz": {
            "index": "" if what.alone else options.base_url,
            "debug": options.debug,
            "host": host_for_others(options.ip) if options.anyone else "",
            "words": words.for_script(*places.PAGE_SCRIPTS),
            "answers": options.base_url + collected.PATH if options.answers else "",
            "learner": user.name if (user := collected.of_hub()) else "",
        }
    }
    settings.VoilaExporter.markdown_renderer_class = "kdviz.app.mathml.MathRenderer"
    settings.VoilaExporter.anchor_link_text = " "
    voila.file_allowlist = [r".*\.(png|jpe?g|gif|svg|webp)"]
    # It wants JupyterLab's file browser, which no page has: 4.6.0 logs an error on each page (voila's issue 1499).
    voila.extension_denylist = ["@jupyterhub/jupyter-server-proxy"]
    voila.multi_kernel_manager_class = "kdviz.app.kernels.Kernels"
    settings.VoilaKernelManager.preheat_denylist = [".*"]  # the server warms what it wants by name
    # A page left open keeps its kernel, with the student in it. A kernel that no page is joined to goes.
    settings.MappingKernelManager.cull_idle_timeout = 600
    settings.MappingKernelManager.cull_interval = 60
    settings.MappingKernelManager.cull_connected = False
    # What passes between the server and a kernel is encrypted where the kernel can.
    settings.KernelManager.transport_encryption = "auto"
    # On one machine a socket ends with its page. Jupyter's ping, as Voila sets it, cuts healthy ones every 30 seconds.
    settings.Voila.tornado_settings = {"ws_ping_interval": 0}
    return settings


def warms(what: Served, options: argparse.Namespace) -> bool:
    """Whether kernels are forked from a warm process: the system forks, and the pages use kdviz."""
    forks = sys.platform == "linux" and not options.no_preheat
    return forks and any(pages.uses_kdviz(path) for path in what.notebooks)


@contextlib.contextmanager
def _kernels(*, forked: bool, megabytes: int) -> Iterator[None]:
    """How kernels are started meanwhile; each may take so much memory more than all have, where it is not 0."""
    from kdviz.app import forks

    warm = forks.Warm() if forked else None
    if megabytes and not forks.limits_memory():
        print(UNBOUNDED, file=sys.stderr, flush=True)
    with forks.use(warm, megabytes):
        if warm is not None:
            warm.start()  # it gets ready while the server does
        yield


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted.

    Parameters
    ----------
    options : argparse.Namespace
        The command line of ``kdviz serve``.

    Returns
    -------
    int
        The exit status.

    Raises
    ------
    ValueError, FileNotFoundError, ImportError
        With one sentence, when it cannot start.
    """
    check_address(options.ip, options.anyone)
    options.token = token(options.token, options.anyone)
    options.base_url = base_url(options.base_url)
    if options.anyone and not options.token:
        print(OPEN_TO_ALL, file=sys.stderr, flush=True)
    what = served(options.path)
    answers = collected.Collected(options.answers) if options.answers else None
    places.make_template_known()
    listening = bind(options.ip, options.port)
    with contextlib.ExitStack() as ended:  # also where it cannot start
        ended.callback(listening.close)
        forked = warms(what, options)
        room = classroom.of(options, forked=forked)
        own = ended.enter_context(own_folder.held())
        trainings = room.tell_kernels(own)
        try:
            ended.enter_context(_kernels(forked=forked, megabytes=room.megabytes))
            from kdviz.app import lecturer
            from kdviz.app.server import Server
        except ModuleNotFoundError as error:
            raise ImportError(f"{MISSING} ({error.name} is missing)") from None
        more_files()
        settings = configuration(what, options)
        settings.Voila.connection_dir_root = str(own)
        server = Server(config=settings)
        server.what, server.room, server.trainings = what, room, trainings
        server.anyone = options.anyone
        server.answers = answers
        server.listening = listening
        query = f"?token={options.token}" if options.token else ""
        others = host_for_others(options.ip) if options.anyone else ""

        def ready(base: str) -> None:
            _announce(what, base, query, others, open_browser=not options.no_browser)
            if answers:
                print(f"Answers are collected in {answers.folder}.", flush=True)
            if options.anyone or (answers and not collected.of_hub()) or options.viewers is not None:
                host = f"http://{others}:{base.rpartition(':')[2]}" if others else base
                _announce_class(room, f"{host}/{lecturer.PATH}?key={server.looks.key}")

        server.when_ready = ready
        server.initialize([])
        server.start()
    return 0


def _announce(what: Served, base: str, query: str, others: str, *, open_browser: bool) -> None:
    """Say on stdout where the pages are, for other machines too, and open the first one."""
    first = base + what.address + query
    print(f"{what.title}: {first}", flush=True)
    if not what.alone and what.first is not None:
        print(f"All pages: {base}/{query}", flush=True)
    if others and f"//{others}:" not in base:
        print(f"From other computers: http://{others}:{base.rpartition(':')[2]}/{query}", flush=True)
    print("Press Ctrl-C to end.", flush=True)
    if open_browser and _has_browser():
        threading.Thread(target=webbrowser.open, args=(first,), daemon=True).start()


def _announce_class(room: classroom.Classroom, lecturers: str) -> None:
    """Say how many find room, and where the lecturer looks after them."""
    print(f"Room for {room.viewers} viewers, {room.trainings or 'all'} train at once.", flush=True)
    print(f"For the lecturer alone: {lecturers}", flush=True)


def _has_browser() -> bool:
    """Whether a page can be opened on a screen. A text browser would take over the terminal."""
    screen = sys.platform in {"win32", "darwin"} or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    if not screen:
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
