"""What a browser's studies leave on disk: one file for each finished run, and what was chosen last.

A run's file is named by a hash of all that decides it (:mod:`kdviz.study.folder`), so any study of the same browser
that has the run takes it up: after a reload, after the kernel died, and with another axis.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...distill.schema import Anything, MapOf
from ..live import browser_folder

CHOSEN = "chosen.json"
MOST_FILES = 3000  # runs a browser; some 20 MB
HALF_DONE_DAYS = 7
VERSION = 1


def keep_choices(folder: Path, settings: dict[str, Any]) -> None:
    """Keep what is chosen, so that a page without a link opens with it."""
    browser_folder.keep(folder / CHOSEN, VERSION, {"settings": settings})


def kept_choices(folder: Path) -> dict[str, Any] | None:
    """Return what was chosen last; None where nothing is kept, or it cannot be read."""
    read = browser_folder.kept(folder / CHOSEN, VERSION, {"settings": MapOf(Anything())})
    return None if read is None else dict(read["settings"])


def prune(folder: Path, most: int = MOST_FILES) -> None:
    """Remove the oldest runs beyond so many, and old stacks that were stopped half-way and never gone on with."""
    with suppress(OSError):
        runs = sorted((path for path in folder.glob("*.json") if path.name != CHOSEN), key=_age)
        for path in runs[: max(0, len(runs) - most)]:
            path.unlink(missing_ok=True)
        for path in folder.glob(".stack-*"):
            if _age(path) < time.time() - HALF_DONE_DAYS * 86_400:
                path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
