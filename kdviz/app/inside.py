"""Which file a path of an address names: one inside the served folder, or none."""

from __future__ import annotations

import os
import stat
import unicodedata
from pathlib import Path

LONGEST_PATH = 4096  # bytes
LONGEST_NAME = 255  # bytes
WITHHELD = "solutions"  # a folder below the served one that lies there for those who teach


def speakable(path: str) -> bool:
    """Whether `path` can be a plain path in an address.

    No control characters, no backslash or drive, no empty, hidden, ``.`` or ``..`` part, nothing overlong.

    Examples
    --------
    >>> speakable("course/01-soft targets.ipynb")
    True
    >>> [speakable(path) for path in ("../a", "a//b", "/a", ".git/a", "a\\x00", "c:a", "")]
    [False, False, False, False, False, False, False]
    """
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        return False
    if len(encoded) > LONGEST_PATH or any(unicodedata.category(letter) == "Cc" or letter in "\\:" for letter in path):
        return False
    return all(part and not part.startswith(".") and len(part.encode()) <= LONGEST_NAME for part in path.split("/"))


def inside(root: Path, path: str) -> Path | None:
    """The regular file below `root` that `path` names, links followed.

    Parameters
    ----------
    root : pathlib.Path
        The served folder.
    path : str
        A path below it, with forward slashes.

    Returns
    -------
    pathlib.Path or None
        Its true place; None when there is no such file, when it is hidden, no regular file, or when a link leads out
        of `root`, and in a folder of solutions.
    """
    return _kept(root, root / path) if speakable(path) else None


def leads_out(root: Path, place: Path) -> bool:
    """Whether `place`, links followed, is none that is served: outside `root`, hidden, withheld, or nowhere."""
    return _true_place(root, place) is None


def _kept(root: Path, place: Path) -> Path | None:
    true = _true_place(root, place)
    try:
        # A pipe or a device named like a notebook would be waited for without end.
        regular = true is not None and stat.S_ISREG(os.stat(true).st_mode)
    except OSError:
        return None
    return true if regular else None


def _true_place(root: Path, place: Path) -> Path | None:
    try:
        base, true = root.resolve(strict=True), place.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # RuntimeError: links in a circle
        return None
    if not true.is_relative_to(base):
        return None
    if any(part.startswith(".") or part.casefold() == WITHHELD for part in true.relative_to(base).parts):
        return None
    return true
