"""Sessions on disk: where they are, which of them are whole, and which have to go."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import platformdirs

from ..distill import durable

FORMAT = 1
KEPT_AT_MOST = 3  # sessions a browser
DAYS = 14
BYTES = 300 * 2**20  # a browser
UNFINISHED_S = 86_400  # a folder without a complete save may belong to someone who is writing the first
TOKEN = re.compile(r"[0-9a-f]{32}")
ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")


def folder() -> Path:
    """Return where sessions are kept: ``KDVIZ_KEEP``, or the user's own place for such things."""
    chosen = os.environ.get("KDVIZ_KEEP")
    return Path(chosen).expanduser() if chosen else platformdirs.user_state_path("kdviz") / "lab"


def files_of(entry: dict[str, Any]) -> list[str]:
    """Return the names of all files that a run's entry needs."""
    return [entry["rest"], *entry["snapshots"].values(), *([entry["film"]] if entry["film"] else [])]


def current(place: Path) -> str:
    """Return the name of the save in force; empty where there is none."""
    try:
        return (place / durable.CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def read(place: Path) -> dict[str, Any] | None:
    """Return what the save in force says; None where there is none, or not all of its files are there."""
    name = current(place)
    if not re.fullmatch(r"save-[0-9a-f]{32}\.json", name):
        return None
    try:
        manifest = json.loads((place / name).read_text(encoding="utf-8"))
        whole = (
            manifest["version"] == FORMAT
            and all(isinstance(manifest[name], str) for name in ("title", "state", "when"))
            and all(isinstance(manifest[name], int) for name in ("steps_done", "total_steps"))
            and isinstance(manifest["session"], dict)
            and {f for entry in manifest["runs"].values() for f in files_of(entry)} == set(manifest["files"])
            and all(re.fullmatch(r"[0-9a-f]{32}\.safetensors", file) for file in manifest["files"])
            and all((place / file).stat().st_size == size for file, size in manifest["files"].items())
        )
        datetime.fromisoformat(manifest["when"]).astimezone(UTC)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return manifest if whole else None


def sessions(browser: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Return the whole sessions in a browser's folder, the newest first."""
    try:
        places = [place for place in browser.iterdir() if ID.fullmatch(place.name)]
    except OSError:
        return []
    whole = [(place, manifest) for place in places if (manifest := read(place)) is not None]
    return sorted(whole, key=lambda found: (found[1]["when"], found[0].name), reverse=True)


def is_old(manifest: dict[str, Any]) -> bool:
    """Return whether a session has been here for too long."""
    return datetime.fromisoformat(manifest["when"]) < datetime.now(UTC) - timedelta(days=DAYS)


def prune(browser: Path, own: str) -> None:
    """Remove what is too many, too old or too large; the oldest goes first, the own session never. Other browsers'
    folders lose what is too old."""
    whole = sessions(browser)
    mine = [found for found in whole if found[0].name == own]
    room, kept = BYTES, 0
    for place, manifest in [*mine, *(found for found in whole if found[0].name != own)]:
        room -= sum(manifest["files"].values())
        if place.name != own and (kept >= KEPT_AT_MOST or room < 0 or is_old(manifest)):
            remove(place)
        else:
            kept += 1
    try:
        others = [other for other in browser.parent.iterdir() if TOKEN.fullmatch(other.name)]
    except OSError:
        return
    for other in others:
        _prune_by_age(other, own)


def _prune_by_age(browser: Path, own: str) -> None:
    """Remove what is too old in a browser's folder, and the folder when it is empty; not while someone saves there."""
    try:
        with durable.only_writer(browser, 0):
            for place in browser.iterdir():
                age = time.time() - place.stat().st_mtime
                if place.name != own and ID.fullmatch(place.name) and age > UNFINISHED_S:
                    manifest = read(place)
                    if manifest is None or is_old(manifest):
                        remove(place)
            remove_empty(browser)
    except OSError:
        return  # someone else saves there, or is clearing up


def remove(place: Path) -> None:
    """Remove a session: first it is in force no more, then its files go."""
    (place / durable.CURRENT).unlink(missing_ok=True)
    shutil.rmtree(place, ignore_errors=True)


def remove_empty(browser: Path) -> None:
    """Remove a browser's folder where it holds nothing but the lock, which the caller has."""
    if [path.name for path in browser.iterdir()] == [durable.LOCK]:
        (browser / durable.LOCK).unlink()  # whoever waits for it sees that it is gone, and makes a new one
        browser.rmdir()
