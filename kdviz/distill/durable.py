"""Folders that several processes may write to, and files that survive a power cut."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

CURRENT = "CURRENT"
LOCK = ".lock"
WAIT_S = 600.0  # for another writer to finish: large saves on slow disks take minutes


@contextmanager
def only_writer(folder: Path, wait_s: float = WAIT_S) -> Iterator[None]:
    """Be the only writer to ``folder``, among threads and processes, within the block.

    The system drops the lock of a process that dies, so no cleanup is needed before the next one can write.
    The empty file ``.lock`` stays.

    Parameters
    ----------
    folder : Path
        An existing folder.
    wait_s : float
        How long to wait for another writer, in seconds.

    Raises
    ------
    TimeoutError
        If another writer takes longer than that.
    """
    lock = FileLock(folder / LOCK, timeout=wait_s, thread_local=False)  # one object per block: threads wait as well
    try:
        lock.acquire()
    except Timeout:
        raise TimeoutError(
            f"another process has been writing to {folder} for {wait_s:g} s; wait for it, or choose another folder"
        ) from None
    try:
        yield
    finally:
        lock.release()


def to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are safely on the disk."""
    if path.is_dir():
        if os.name == "nt":  # Windows cannot open a folder, and writes its names with the files
            return
        handle = os.open(path, os.O_RDONLY)
    else:
        handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def point_to(folder: Path, name: str) -> None:
    """Make ``CURRENT`` point to ``name``, atomically."""
    pointer = folder / f"{CURRENT}.{uuid.uuid4().hex[:8]}"
    try:
        pointer.write_text(name, encoding="utf-8")
        to_disk(pointer)
        os.replace(pointer, folder / CURRENT)
    finally:
        pointer.unlink(missing_ok=True)
    to_disk(folder)


def digest(path: Path) -> str:
    """Return the BLAKE2b hash of a file's content, 32 hexadecimal characters."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, partial(hashlib.blake2b, digest_size=16)).hexdigest()


def digest_of(content: bytes) -> str:
    """Return the same hash of bytes."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def no_room(what: str, folder: Path, needed: int, error: BaseException) -> OSError:
    """Return the error for a failed write: one sentence with how much space is missing."""
    free = shutil.disk_usage(folder).free
    missing = max(0, needed - free)
    room = f"{free / 1e6:,.1f} MB are free, {missing / 1e6:,.1f} MB are missing" if missing else _reason(error)
    return OSError(f"{what} needs {needed / 1e6:,.1f} MB in {folder} and could not be written: {room}")


def _reason(error: BaseException) -> str:
    return " ".join(str(getattr(error, "strerror", None) or error).split())
