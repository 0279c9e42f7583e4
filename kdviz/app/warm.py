"""The warm process: it has imported everything, and forks a kernel whenever the server wants one. Linux only.

It has one thread, holds nothing of any viewer, and never learns anything of one: what a kernel is started with (its
connection file, environment and folder) is read by the kernel itself, from a line that the server hands through. A
kernel is forked twice, so that it becomes the server's own child: the server reaps it, and it ends with the server.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

READY, CROWDED = b"ready", b"threads"
ROOM = "-" * 400  # on the command line: where a kernel writes its own
ADOPTED_S = 60.0  # after which a kernel whose parent is not the server gives up
PR_SET_PDEATHSIG, PR_SET_THP_DISABLE = 1, 41


@dataclass
class Fresh:
    """What a process that was just started has, taken before anything is made ready: its kernels begin with it."""

    cpus: set[int] = field(default_factory=lambda: os.sched_getaffinity(0))
    torch_threads: int = 0


def make_ready() -> Fresh:
    """Import what kernels of pages import, and make the Lab once, on one thread: with it come its data.

    Returns
    -------
    Fresh
    """
    import torch

    fresh = Fresh()
    fresh.torch_threads = torch.get_num_threads()
    one = sorted(fresh.cpus)[os.getpid() % len(fresh.cpus)]  # not the same one for several servers
    os.sched_setaffinity(0, {one})  # no library starts a pool of threads for one CPU
    torch.set_num_threads(1)
    from ipykernel import ipkernel, kernelapp, zmqshell  # noqa: F401

    with _as_in_a_kernel():
        from kdviz import panels

        with contextlib.suppress(OSError, ValueError):  # without its data it says so on the page
            panels.Lab().close()
    return fresh


@contextlib.contextmanager
def _as_in_a_kernel() -> Iterator[None]:
    """While this lasts, what is imported finds IPython at work: plotly, tqdm and ipywidgets look once, and for good."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    own = sys.modules["__main__"], sys.displayhook, sys.excepthook
    settings = Config()
    settings.IPKernelApp = Config()
    settings.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=settings)
    try:
        yield
    finally:
        InteractiveShell.clear_instance()
        atexit.unregister(shell.atexit_operations)
        sys.modules["__main__"], sys.displayhook, sys.excepthook = own


def threads() -> int:
    """How many threads this process has."""
    return len(os.listdir("/proc/self/task"))


def forked(door: socket.socket, server: int) -> socket.socket | None:
    """Fork a kernel for each line that comes through `door`.

    Parameters
    ----------
    door : socket.socket
        The server's.
    server : int
        Its process id.

    Returns
    -------
    socket.socket or None
        In a new kernel its line to the server; None in the warm process, once the server has gone.
    """
    while True:
        said, files, _, _ = socket.recv_fds(door, 16, 1)
        if not said:
            return None
        if not files:
            continue
        if threads() > 1:  # a fork would take along whatever the others hold locked
            door.send(CROWDED)
            os.close(files[0])
            continue
        middle = os.fork()
        if middle:
            os.close(files[0])
            os.waitpid(middle, 0)
            continue
        if os.fork():
            os._exit(0)
        door.close()
        line = socket.socket(fileno=files[0])
        _belong_to(server)
        return line


def _belong_to(server: int) -> None:
    """Wait until this process is the server's child, and end with it from then on."""
    late = time.monotonic() + ADOPTED_S
    while os.getppid() != server:
        if time.monotonic() > late:
            os._exit(1)
        time.sleep(0.001)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:  # it went meanwhile
        os._exit(1)


def prctl(option: int, value: int) -> bool:
    """Set one thing of this process; whether the system does that."""
    return ctypes.CDLL(None, use_errno=True).prctl(option, ctypes.c_ulong(value), 0, 0, 0) == 0


def begin_anew(line: socket.socket, fresh: Fresh) -> list[str]:
    """Make this process as if it had just been started: files, signals, environment, folder, randomness, name.

    Parameters
    ----------
    line : socket.socket
        To the server: it is told the process id, and says what to start.
    fresh : Fresh
        What `make_ready` found.

    Returns
    -------
    list of str
        The command line that is asked for, with which the process is named.
    """
    line.sendall(str(os.getpid()).encode())
    with line.makefile("rb") as said:
        asked = json.load(said)
    line.close()
    os.setsid()
    for number in [int(name) for name in os.listdir("/proc/self/fd")]:
        if number > 2:
            with contextlib.suppress(OSError):  # the listing's own
                os.close(number)
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    tempfile.tempdir = None
    os.sched_setaffinity(0, fresh.cpus)
    _draw_anew(fresh)
    _limit(asked["megabytes"])
    command: list[str] = asked["cmd"]
    _name(command)
    return command


def _draw_anew(fresh: Fresh) -> None:
    """Random numbers by chance, as in every new process; the fork drew Python's own."""
    import numpy as np
    import torch

    torch.default_generator.seed()
    torch.set_num_threads(fresh.torch_threads)
    np.random.seed()


def _limit(megabytes: int) -> None:
    """Let this process take so much memory more than it has now; 0 for no limit."""
    import resource

    if megabytes:
        has = int(Path("/proc/self/status").read_text().partition("VmData:")[2].split()[0]) * 1024
        most = has + megabytes * 1024**2
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _name(command: list[str]) -> None:
    """Show `command` in lists of processes, in place of the warm process's."""
    numbers = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(numbers[45]), int(numbers[46])
    room = end - start
    if start and room > 2:
        text = " ".join(command).encode()[: room - 2]
        # The last byte says that a process has named itself: the name ends at the first zero.
        ctypes.memmove(start, text + b"\0" * (room - 1 - len(text)) + b" ", room)


def run_kernel(command: list[str]) -> None:
    """Be the kernel that `command` would start."""
    import ipykernel_launcher
    from ipykernel.kernelapp import IPKernelApp

    own = command[command.index("-f") :]
    sys.argv = [str(ipykernel_launcher.__file__), *own]
    # Pages keep no history of what was typed: it would be one file for all viewers. That its parent goes, the system
    # tells a fork; 1 is Jupyter's word for a parent that need not be watched.
    IPKernelApp.launch_instance([*own, "--HistoryManager.enabled=False"], parent_handle=1)


def main() -> None:
    """Get ready, say so, and fork kernels until the server goes: ``-m kdviz.app.warm SOCKET SERVER ROOM``."""
    descriptor, server = (int(given) for given in sys.argv[1:3])
    door = socket.socket(fileno=descriptor)
    prctl(PR_SET_THP_DISABLE, 1)
    fresh = make_ready()
    gc.collect()
    gc.freeze()  # what is here is shared: a collection would write to each of its pages
    door.sendall(READY if threads() == 1 else CROWDED)
    line = forked(door, server)
    if line is not None:
        run_kernel(begin_anew(line, fresh))


if __name__ == "__main__":
    main()
