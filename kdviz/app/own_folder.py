"""A server's folder for what it and its kernels share while it runs; the next server removes those of killed ones."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: what a killed server left is the system's to remove
    fcntl = None  # type: ignore[assignment]

LOCKS = fcntl is not None
HELD, FRESH = "kdviz-serve-", "kdviz-new-"


@contextlib.contextmanager
def held() -> Iterator[Path]:
    """A folder in the temporary directory, locked while the block lasts and removed at its end."""
    there = Path(tempfile.gettempdir())
    _remove_left(there)
    fresh = Path(tempfile.mkdtemp(prefix=FRESH))
    lock = _locked(fresh)  # before it has its name, or another server would take it for left behind
    folder = fresh.rename(there / fresh.name.replace(FRESH, HELD, 1))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _remove_left(there: Path) -> None:
    """Remove this user's folders whose server has gone: the system took its lock away."""
    if not LOCKS:
        return
    for folder in there.glob(f"{HELD}*"):
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid == os.getuid() and (lock := _locked(folder)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _locked(folder: Path) -> int | None:
    """Lock a folder until this process ends or closes what is returned; None where another process holds it."""
    if not LOCKS:
        return None
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(opened)
        return None
    return opened
