"""Where a page keeps on disk what one browser has made there, and how its small files are written and read."""

from __future__ import annotations

import json
import os
import re
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs

from ...distill import durable, schema
from ...distill.schema import Kind, OneOf, Record

TOKEN = re.compile(r"[0-9a-f]{32}")
DAYS = 30  # a browser in whose folder nothing was written for so long does not come back
AT_ONCE = 20  # so many folders are removed at most when a page opens, which waits for it


def browser_folder(browser: str, page: str) -> Path | None:
    """Return a page's folder for a browser: below ``KDVIZ_KEEP``, or the user's own place; None without a browser.

    Raises
    ------
    ValueError
        If the token is none: it becomes the name of a folder.
    """
    if not browser:
        return None
    if not TOKEN.fullmatch(browser):
        raise ValueError(f"a browser's token is 32 hexadecimal characters, got {browser!r}; reload the page")
    chosen = os.environ.get("KDVIZ_KEEP")
    place = Path(chosen).expanduser() if chosen else platformdirs.user_state_path("kdviz")
    return place / page / browser


def prune(own: Path, now: float) -> None:
    """Remove the folders of other browsers, beside ``own``, that are too old at the time ``now``, in seconds."""
    try:
        others = [place for place in own.parent.iterdir() if TOKEN.fullmatch(place.name) and place != own]
    except OSError:
        return
    gone = 0
    for place in others:
        if gone == AT_ONCE:
            break
        try:
            written = max(part.stat().st_mtime for part in (place, *place.iterdir()))
        except OSError:
            continue  # it is being written, or is none
        if now - written > DAYS * 86_400:
            shutil.rmtree(place, ignore_errors=True)
            gone += 1


def keep(file: Path, version: int, said: Mapping[str, Any]) -> None:
    """Write a file of JSON, with its version: the whole of it is on the disk, or what was there before.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{uuid.uuid4().hex[:8]}")
    try:
        fresh.write_text(json.dumps({"version": version, **said}), encoding="utf-8")
        durable.to_disk(fresh)
        os.replace(fresh, file)
    finally:
        fresh.unlink(missing_ok=True)


def kept(file: Path, version: int, fields: Mapping[str, Kind]) -> dict[str, Any] | None:
    """Return what :func:`keep` wrote; None where there is nothing, or it is of another version or damaged."""
    try:
        read = schema.read(file, "what is kept")
        Record({"version": OneOf((version,)), **fields}).check(read, "kept")
    except (OSError, ValueError):
        return None
    return dict(read)


def fits(kind: Record, value: Any) -> bool:
    """Return whether a part of what is kept is as it should be."""
    try:
        kind.check(value, "kept")
    except ValueError:
        return False
    return True
