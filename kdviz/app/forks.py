"""Kernels forked from a warm process, as a provisioner of Jupyter's: for Linux, and for Python's own kernel.

Whatever cannot be forked is spawned as ever: other kernels, other systems, and any kernel while the warm process fails.
Both are bounded in memory, where the system does that (Linux).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any, ClassVar

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from kdviz.app import room
from kdviz.app.warm import CROWDED, READY, ROOM

NAME = "kdviz-forks"
ENTRY = EntryPoint(NAME, "kdviz.app.forks:Forks", KernelProvisionerFactory.GROUP_NAME)
READY_S = 300.0  # a warm process that is not ready by then is given up
FORK_S = 90.0  # the same of a fork
TRIES = 2  # warm processes in a row that were of no use, after which kernels are spawned
PR_SET_CHILD_SUBREAPER = 36

_log = logging.getLogger("kdviz")


class UselessError(RuntimeError):
    """The warm process does not fork; with the reason as the end of a sentence."""


class Warm:
    """The warm process, seen from the server."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._door: socket.socket | None = None
        self._ready = False
        self._failures = 0
        self._turn = asyncio.Lock()

    def start(self) -> None:
        """Start it; it gets ready by itself."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            given = [str(theirs.fileno()), str(os.getpid()), ROOM]
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "kdviz.app.warm", *given],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"},
            )
        self._door, self._ready = ours, False

    @property
    def pid(self) -> int | None:
        """Its process id; None where there is none."""
        return self._process.pid if self._process is not None else None

    def stop(self) -> None:
        """End it; its kernels live on."""
        if self._door is not None:
            self._door.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._door = self._process = None

    async def fork(self, cmd: list[str], env: dict[str, str], cwd: str, megabytes: int = 0) -> Forked:
        """Fork a kernel, with a new warm process where the old one is of no use.

        ``megabytes`` is what it may take beside what it shares; 0 for no limit.

        Raises
        ------
        UselessError
            When none could be made that is.
        """
        asked = json.dumps({"cmd": cmd, "env": env, "cwd": cwd, "megabytes": megabytes}).encode()
        async with self._turn:
            while self._failures < TRIES:
                if self._process is None:
                    self.start()
                try:
                    pid = await asyncio.to_thread(self._fork, asked)
                except (OSError, UselessError, ValueError) as error:
                    self._failures += 1
                    _log.warning("The warm process is made anew: %s.", error)
                    self.stop()
                else:
                    self._failures = 0
                    return Forked(pid)
        raise UselessError("no warm process could be made")

    def _fork(self, asked: bytes) -> int:
        door = self._door
        assert door is not None
        if not self._ready:
            self._await(door)
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                socket.send_fds(door, [b"fork"], [theirs.fileno()])
            ours.settimeout(FORK_S)
            with _adopting():
                said = ours.recv(32)  # by the kernel, once it is our child
            if not said:
                raise UselessError("it has more than one thread" if self._crowded(door) else "it did not fork")
            ours.sendall(asked)
            ours.shutdown(socket.SHUT_WR)
        return int(said)

    def _await(self, door: socket.socket) -> None:
        door.settimeout(READY_S)
        said = door.recv(32)
        if said == CROWDED:
            raise UselessError("what it imports starts threads")
        if said != READY:
            raise UselessError("it ended before it was ready")
        self._ready = True

    @staticmethod
    def _crowded(door: socket.socket) -> bool:
        door.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            return door.recv(32) == CROWDED
        return False


@contextlib.contextmanager
def _adopting() -> Any:
    """While this lasts, a grandchild whose parent ends becomes our child."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise UselessError("this system does not hand processes on")
    try:
        yield
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


class Forked:
    """A child that this process did not start itself, with what is used of `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status, once it has ended."""
        return self._reaped(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and return its exit status."""
        late = None if timeout is None else time.monotonic() + timeout
        while self._reaped(0 if late is None else os.WNOHANG) is None:
            if late is not None and time.monotonic() > late:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(0.01)
        assert self.returncode is not None
        return self.returncode

    def _reaped(self, options: int) -> int | None:
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, options)
            except ChildProcessError:  # someone else has its status
                self.returncode = 1
            else:
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(15)

    def kill(self) -> None:
        """End it."""
        self.send_signal(9)


def can_fork(cmd: list[str]) -> bool:
    """Whether a kernel is this Python's own, started in the usual way.

    Examples
    --------
    >>> can_fork([sys.executable, "-m", "ipykernel_launcher", "-f", "kernel.json"]) == (sys.platform == "linux")
    True
    >>> can_fork(["julia", "kernel.jl"])
    False
    """
    usual = [part for part in cmd if part != "-Xfrozen_modules=off"]
    return (
        sys.platform == "linux" and len(usual) == 5 and usual[:4] == [sys.executable, "-m", "ipykernel_launcher", "-f"]
    )


def limits_memory() -> bool:
    """Whether this system can bound what a process takes."""
    return sys.platform == "linux"


def _limit(pid: int, megabytes: int) -> None:
    """Bound the memory of a process that has just been started; one that has ended needs no bound."""
    import resource

    most = megabytes * 1024**2
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_DATA, (most, most))


class Forks(LocalProvisioner):
    """Starts a kernel by a fork of the warm process, where there is one and the kernel is Python's own."""

    warm: ClassVar[Warm | None] = None
    megabytes: ClassVar[int] = 0

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Launch a kernel with a command."""
        if self.warm is None or not can_fork(cmd):
            return await self._spawn(cmd, **kwargs)
        env = {**(kwargs.get("env") or os.environ), "JPY_PARENT_PID": str(os.getpid())}
        cwd = str(kwargs.get("cwd") or os.getcwd())
        try:
            forked = await self.warm.fork(cmd, env, cwd, self.megabytes)
        except UselessError as error:
            _log.warning("Kernels are spawned from now on: %s.", error)
            type(self).warm = None
            return await self._spawn(cmd, **kwargs)
        self.process = forked  # type: ignore[assignment]  # as much of a Popen as is used
        self.pid = self.pgid = forked.pid
        self.cwd = cwd
        return self.connection_info

    async def _spawn(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start a kernel from nothing: what others share is its own, beside what it may take."""
        started = await super().launch_kernel(cmd, **kwargs)
        if self.megabytes and self.pid is not None and limits_memory():
            _limit(self.pid, room.IMPORTED + self.megabytes)
        return started


@contextlib.contextmanager
def use(warm: Warm | None, megabytes: int = 0) -> Iterator[None]:
    """While this lasts, all kernels of this process that can be forked are forked from `warm`, which ends with it.

    Parameters
    ----------
    warm : Warm or None
        None spawns all of them.
    megabytes : int
        What each kernel may take beside what all have; 0 for no limit.
    """
    factory = KernelProvisionerFactory.instance()
    usual = factory.default_provisioner_name
    factory.provisioners[NAME] = ENTRY  # an installation of an older version does not name it
    Forks.warm, Forks.megabytes, factory.default_provisioner_name = warm, megabytes, NAME
    try:
        yield
    finally:
        if warm is not None:
            warm.stop()
        Forks.warm, Forks.megabytes, factory.default_provisioner_name = None, 0, usual
