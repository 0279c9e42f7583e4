"""What a browser has made on the Compress page: its points and what was chosen last, one file on disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...distill import durable
from ...distill.schema import Anything, Flag, ListOf, MapOf, Number, OneOf, Record, Text, Whole
from ..live import browser_folder
from .choices import compress_kinds
from .trial import PARTS

FILE = "points.json"
VERSION = 2
MOST_POINTS = 60  # on the page, and in the file
WAIT_S = 10.0  # for another page that is writing

_COUNT = Whole(least=0)
_ABOVE = Number(above=0)
COUNTED = Record(
    {
        **dict.fromkeys(("errors", "examples", "teacher_errors"), _COUNT),
        **dict.fromkeys(("low_of_teacher", "high_of_teacher"), Number()),
    },
    {
        "twin_errors": _COUNT,
        "low": Number(),
        "high": Number(),
        "verdict": OneOf(("fewer", "more", "within the noise")),
    },
)
POINT = Record(
    {
        "id": _COUNT,
        "settings": Record(compress_kinds()),
        **dict.fromkeys(("bytes", "gzipped", "steps", "planned"), _COUNT),
        **dict.fromkeys(("ms", "ratio", "ratio_low", "ratio_high"), _ABOVE),
        **dict.fromkeys(PARTS, COUNTED),
        "opened": Flag(),
    },
)
FILED = {"settings": MapOf(Anything()), "points": ListOf(Anything()), "opened": ListOf(Text(longest=100))}


@dataclass(frozen=True)
class Kept:
    """What is kept of a browser.

    Attributes
    ----------
    points : list of dict
    settings : dict or None
        What was chosen last; None for nothing that can be read.
    opened : list of str
        Teachers whose test errors were looked at.
    """

    points: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] | None = None
    opened: list[str] = field(default_factory=list)


def keep(
    folder: Path,
    points: Sequence[dict[str, Any]],
    settings: dict[str, Any],
    opened: Iterable[str] = (),
    known: Sequence[dict[str, Any]] = (),
) -> Kept:
    """Write the points, so that a reload or a dead kernel loses none; return what is kept now.

    Parameters
    ----------
    known : sequence of dict
        The points as this page has last read or written them: what another page of the browser has made since then
        stays, with a number of its own, and what it has removed goes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with durable.only_writer(folder, WAIT_S):
        there = _read(folder)
        ours, opened = list(points), set(opened)
        if there is not None:
            opened |= set(there.opened)
            ours = [one for one in ours if not _has(known, one) or _has(there.points, one)]
            for one in there.points:
                if not _has(known, one) and not _has(ours, one):
                    ours.append({**one, "id": 1 + max((other["id"] for other in ours), default=0)})
        written = Kept(ours[-MOST_POINTS:], settings, sorted(opened))
        browser_folder.keep(folder / FILE, VERSION, asdict(written))
    return written


def kept(folder: Path) -> Kept:
    """Return what is kept; what cannot be read is left out."""
    return _read(folder) or Kept()


def _has(points: Sequence[dict[str, Any]], wanted: dict[str, Any]) -> bool:
    """Whether a point, which each page numbers in its own way, is among some."""
    return any({**one, "id": 0} == {**wanted, "id": 0} for one in points)


def _read(folder: Path) -> Kept | None:
    read = browser_folder.kept(folder / FILE, VERSION, FILED)
    if read is None:
        return None
    points = [one for one in read["points"] if browser_folder.fits(POINT, one)]
    settings = read["settings"] if browser_folder.fits(Record(compress_kinds()), read["settings"]) else None
    return Kept(points[-MOST_POINTS:], settings, read["opened"])
