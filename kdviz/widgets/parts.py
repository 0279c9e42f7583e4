"""Joins the JavaScript and CSS parts of this folder into the text one widget carries.

A part defines plain functions and imports nothing. The last part of a widget exports `{ render }`.
The result is text on purpose: anywidget watches a path, and the watcher keeps every widget alive.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def _part(name: str, suffix: str) -> str:
    path = _FOLDER / f"{name}.{suffix}"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in _FOLDER.glob(f"*.{suffix}")))
        raise FileNotFoundError(f"no part named {name!r} with suffix .{suffix}, expected one of: {known}")
    return path.read_text(encoding="utf-8")


def esm(*names: str) -> str:
    """Join JavaScript parts, in the order given, into one ES module.

    Parameters
    ----------
    *names : str
        File names of this folder without `.js`; the last one exports the widget.

    Returns
    -------
    str
        The module's text. It has no import, so it also runs from a Blob URL without a network.

    Raises
    ------
    FileNotFoundError
        When a part is not there; the sentence lists the parts that are.

    Examples
    --------
    >>> "function softmax(" in esm("softmax")
    True
    """
    return "\n".join(_part(name, "js") for name in names)


def css(*names: str) -> str:
    """Join CSS parts, in the order given, into one style sheet.

    Parameters
    ----------
    *names : str
        File names of this folder without `.css`.

    Returns
    -------
    str
        The style sheet's text. Every class in it begins with `kd`: anywidget puts it in the page's head.

    Raises
    ------
    FileNotFoundError
        When a part is not there; the sentence lists the parts that are.

    Examples
    --------
    >>> css("theme").count("{") == css("theme").count("}")
    True
    """
    return "\n".join(_part(name, "css") for name in names)
