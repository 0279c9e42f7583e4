"""The code of a scheme: its own file of the engine."""

from __future__ import annotations

import posixpath
from pathlib import Path

from ...distill import schemes

FOLDER = Path(schemes.__file__).parent


def source(file: str) -> str:
    """Return the text of a module of :mod:`kdviz.distill.schemes`, or of one beside it: "../terms/on_policy"."""
    return (FOLDER / f"{file}.py").read_text(encoding="utf-8")


def place(file: str) -> str:
    """Return where it stands in the package."""
    return posixpath.normpath(f"kdviz/distill/schemes/{file}.py")
