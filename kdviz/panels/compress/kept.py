"""What a browser has made on the Compress page: its points and what was chosen last, one file on disk."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...distill import durable, schema
from ...distill.schema import Anything, ListOf, MapOf, Number, OneOf, Record, Whole
from ..live.browser_folder import browser_folder
from .choices import compress_kinds

FILE = "points.json"
VERSION = 1
MOST_POINTS = 60  # on the page, and in the file

_COUNT = Whole(least=0)
_ABOVE = Number(above=0)
POINT = Record(
    {
        "id": _COUNT,
        "settings": Record(compress_kinds()),
        **dict.fromkeys(("errors", "examples", "teacher_errors", "bytes", "gzipped", "steps", "planned"), _COUNT),
        **dict.fromkeys(("ms", "ratio", "ratio_low", "ratio_high"), _ABOVE),
        **dict.fromkeys(("low_of_teacher", "high_of_teacher"), Number()),
    },
    {
        "twin_errors": _COUNT,
        "low": Number(),
        "high": Number(),
        "verdict": OneOf(("fewer", "more", "within the noise")),
    },
)


def folder_of(browser: str) -> Path | None:
    """Return where a browser's points are kept; None without a browser.

    Raises
    ------
    ValueError
        If the token is none.
    """
    return browser_folder(browser, "compress")


def keep(folder: Path, points: Sequence[dict[str, Any]], settings: dict[str, Any]) -> None:
    """Write the points, so that a reload or a dead kernel loses none."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{FILE}.{uuid.uuid4().hex[:8]}"
    try:
        said = {"version": VERSION, "settings": settings, "points": list(points)}
        fresh.write_text(json.dumps(said), encoding="utf-8")
        durable.to_disk(fresh)
        os.replace(fresh, folder / FILE)
    finally:
        fresh.unlink(missing_ok=True)


def kept(folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Return the points and what was chosen last; what cannot be read is left out."""
    try:
        read = schema.read(folder / FILE, "kept points")
        Record({"version": OneOf((VERSION,)), "settings": MapOf(Anything()), "points": ListOf(Anything())}).check(
            read, "points"
        )
    except (OSError, ValueError):
        return [], None
    points = [one for one in read["points"] if _fits(POINT, one)]
    settings = read["settings"] if _fits(Record(compress_kinds()), read["settings"]) else None
    return points[-MOST_POINTS:], settings


def _fits(kind: Record, value: Any) -> bool:
    try:
        kind.check(value, "kept")
    except ValueError:
        return False
    return True
