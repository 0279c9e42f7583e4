"""What a browser has made on the Compress page: its points and what was chosen last, one file on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...distill.schema import Anything, ListOf, MapOf, Number, OneOf, Record, Whole
from ..live import browser_folder
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


def keep(folder: Path, points: Sequence[dict[str, Any]], settings: dict[str, Any]) -> None:
    """Write the points, so that a reload or a dead kernel loses none."""
    browser_folder.keep(folder / FILE, VERSION, {"settings": settings, "points": list(points)})


def kept(folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Return the points and what was chosen last; what cannot be read is left out."""
    fields = {"settings": MapOf(Anything()), "points": ListOf(Anything())}
    read = browser_folder.kept(folder / FILE, VERSION, fields)
    if read is None:
        return [], None
    points = [one for one in read["points"] if browser_folder.fits(POINT, one)]
    settings = read["settings"] if browser_folder.fits(Record(compress_kinds()), read["settings"]) else None
    return points[-MOST_POINTS:], settings
