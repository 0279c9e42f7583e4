"""Sessions on disk: where they are, which of them are whole, and which have to go."""

from __future__ import annotations

import os
import re
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs

from ...distill import durable
from ...distill.schema import Anything, MapOf, OneOf, Record, Text, Whole, or_null, parse

FORMAT = 2
KEPT_AT_MOST = 3  # sessions a browser
DAYS = 14
SEEN_ON = 3  # so many days a session must be found too old before it goes: a clock may be wrong for one of them
BYTES = 300 * 2**20  # a browser
TOKEN = re.compile(r"[0-9a-f]{32}")
ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")
SAVE = re.compile(r"save-(\d{8,})-([0-9a-f]{32})\.json")  # its number in this browser's folder, and its hash
FILE = re.compile(r"([0-9a-f]{32})\.safetensors")  # its hash
DISCARDED = "discarded-"  # begins the name of what was discarded last, and can be brought back for a while
DISCARDED_S = 3600.0
OLD = "old"  # holds the days on which a session was found too old

Found = tuple[Path, dict[str, Any]]


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
        with open(place / durable.CURRENT, "rb") as file:
            return file.read(1000).decode("utf-8", errors="replace").strip()
    except OSError:
        return ""


def number(place: Path) -> int:
    """Return the number of the save in force: each save of a browser has one more than the last. 0 without any."""
    named = SAVE.fullmatch(current(place))
    return int(named[1]) if named else 0


def next_number(browser: Path) -> int:
    """Return what the next save of a browser will be called by; the caller has the lock."""
    return 1 + max(map(number, _places(browser)), default=0)


def read(place: Path) -> dict[str, Any] | None:
    """Return what the save in force says; None where there is none, or not all of it is there.

    The tensors are known by their size alone: `check_files` looks into them.
    """
    name = current(place)
    named = SAVE.fullmatch(name)
    if not named:
        return None
    try:
        text = (place / name).read_bytes()
        if durable.digest_of(text) != named[2]:
            return None
        manifest = parse(text, "a kept session")
        _WRITTEN.check(manifest, "session")
        datetime.fromisoformat(manifest["when"]).astimezone(UTC)
        whole = {f for entry in manifest["runs"].values() for f in files_of(entry)} == set(manifest["files"]) and all(
            FILE.fullmatch(file) and (place / file).stat().st_size == size for file, size in manifest["files"].items()
        )
    except (OSError, ValueError, OverflowError):
        return None
    return manifest if whole else None


def check_files(place: Path, manifest: dict[str, Any]) -> None:
    """Raise unless each file of tensors is what was written: its name is its hash."""
    for file in manifest["files"]:
        if durable.digest(place / file) != file.removesuffix(".safetensors"):
            raise ValueError(f"{file} is not what was written")


def _places(browser: Path) -> list[Path]:
    try:
        return [place for place in browser.iterdir() if ID.fullmatch(place.name)]
    except OSError:
        return []


def sessions(browser: Path) -> list[Found]:
    """Return the whole sessions in a browser's folder, the newest first: by the numbers of their saves, not a clock."""
    whole = [(place, manifest) for place in _places(browser) if (manifest := read(place)) is not None]
    return sorted(whole, key=lambda found: (found[1]["number"], found[0].name), reverse=True)


def damaged(browser: Path) -> list[Path]:
    """Return the sessions in a browser's folder that were kept once and cannot be read."""
    return [place for place in _places(browser) if (place / durable.CURRENT).exists() and read(place) is None]


def prune(browser: Path, own: str) -> None:
    """Remove what is too many or too large, the oldest first, the own session never; then, in all browsers' folders,
    what is too old. The caller has the lock of this one."""
    whole = sessions(browser)
    mine = [found for found in whole if found[0].name == own]
    room, kept = BYTES, 0
    for place, manifest in [*mine, *(found for found in whole if found[0].name != own)]:
        room -= sum(manifest["files"].values())
        if place.name != own and (kept >= KEPT_AT_MOST or room < 0):
            remove(place)
        else:
            kept += 1
    _prune_by_age(browser, own)
    try:
        others = [other for other in browser.parent.iterdir() if TOKEN.fullmatch(other.name) and other != browser]
    except OSError:
        return
    for other in others:
        try:
            with durable.only_writer(other, 0):
                _prune_by_age(other, own)
                remove_empty(other)
        except OSError:
            continue  # someone saves there


def _prune_by_age(browser: Path, own: str) -> None:
    """Remove what is too old in a browser's folder, and what a saver left that died at its first save."""
    for place in browser.glob(f"{DISCARDED}*"):
        if abs(time.time() - place.stat().st_mtime) > DISCARDED_S:
            shutil.rmtree(place, ignore_errors=True)
    for place in _places(browser):
        if place.name == own:
            continue
        if not (place / durable.CURRENT).exists() or _is_over(place):
            remove(place)


def _is_over(place: Path) -> bool:
    """Return whether a session has been here for too long, as the clock has said on several days by now.

    A clock that is wrong for a while, and right again, says so on too few of them. A session that cannot be read goes
    the same way, counted from when it was last written to.
    """
    manifest = read(place)
    try:
        when = place.stat().st_mtime if manifest is None else datetime.fromisoformat(manifest["when"]).timestamp()
        if time.time() - when <= DAYS * 86_400:
            (place / OLD).unlink(missing_ok=True)
            return False
        today = datetime.now(UTC).date().isoformat()
        days = {*_days(place), today}
        (place / OLD).write_text("\n".join(sorted(days)), encoding="utf-8")
    except (OSError, OverflowError):
        return False
    return len(days) >= SEEN_ON


def _days(place: Path) -> set[str]:
    try:
        return set((place / OLD).read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return set()


def remove(place: Path) -> None:
    """Remove a session: first it is in force no more, then its files go."""
    (place / durable.CURRENT).unlink(missing_ok=True)
    shutil.rmtree(place, ignore_errors=True)


def discard(place: Path) -> None:
    """Put a session aside under another name, in the place of the one discarded before; `restore` brings it back."""
    for other in place.parent.glob(f"{DISCARDED}*"):
        shutil.rmtree(other, ignore_errors=True)
    place.rename(place.with_name(DISCARDED + place.name))
    (place.with_name(DISCARDED + place.name)).touch()


def restore(place: Path) -> bool:
    """Bring back a session that was discarded last; return whether it was still there."""
    aside = place.with_name(DISCARDED + place.name)
    if not aside.is_dir() or place.exists():
        return False
    aside.rename(place)
    return True


def remove_empty(browser: Path) -> None:
    """Remove a browser's folder where it holds nothing but the lock, which the caller has."""
    if [path.name for path in browser.iterdir()] == [durable.LOCK]:
        (browser / durable.LOCK).unlink()  # whoever waits for it sees that it is gone, and makes a new one
        browser.rmdir()


_NAME, _WHATEVER = Text(longest=100), MapOf(Anything())
_ENTRY = Record({"described": _WHATEVER, "rest": _NAME, "snapshots": MapOf(_NAME), "film": or_null(_NAME)})
_WRITTEN = Record(
    {
        **{"version": OneOf((FORMAT,)), "kdviz": Text(), "number": Whole(1)},
        **{name: Text() for name in ("title", "state", "when")},
        **{"steps_done": Whole(), "total_steps": Whole()},
        **{"session": _WHATEVER, "runs": MapOf(_ENTRY), "files": MapOf(Whole(most=2**62))},
    }
)
