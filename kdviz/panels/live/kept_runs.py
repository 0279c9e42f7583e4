"""The runs that a page of a catalogue has kept for a browser: a folder for each choice, of which the newest stay."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ...distill.schema import Anything, MapOf, OneOf
from . import browser_folder

FILE = "page.json"  # written last: without it there is nothing to take up
VERSION = 1
MOST = 12


def place_of(folder: Path, settings: Mapping[str, Any]) -> Path:
    """Return where the run of a choice is kept."""
    said = json.dumps(dict(settings), sort_keys=True)
    return folder / hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def keep(place: Path, said: Mapping[str, Any]) -> None:
    """Write what the page has to know of a run, then let the oldest go.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    browser_folder.keep(place / FILE, VERSION, {"kdviz": _version(), "run": dict(said)})
    for old in sorted(filter(Path.is_dir, place.parent.iterdir()), key=_age)[:-MOST]:
        forget(old)  # of one that ended half-way too, which no choice would find


def kept(place: Path) -> dict[str, Any] | None:
    """Return what :func:`keep` wrote; None where there is nothing, or another version of kdviz wrote it."""
    fields = {"kdviz": OneOf((_version(),)), "run": MapOf(Anything())}
    read = browser_folder.kept(place / FILE, VERSION, fields)
    return None if read is None else dict(read["run"])


def forget(place: Path) -> None:
    """Remove what is kept of a run."""
    with suppress(OSError):
        (place / FILE).unlink(missing_ok=True)
    shutil.rmtree(place, ignore_errors=True)


def move(before: Path, place: Path) -> None:
    """Keep a run, whose choices were edited, in another place from now on."""
    forget(place)
    with suppress(OSError):
        before.rename(place)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


@cache
def _version() -> str:
    return version("kdviz")
