"""When a lesson tells what is right: a lecturer's choice, in one line, in the environment or in a page's link."""

from __future__ import annotations

import os
from urllib.parse import parse_qs

from .kept import shared

AT_ONCE, SUBMITTED, NEVER = "at-once", "submitted", "never"
WAYS = (AT_ONCE, SUBMITTED, NEVER)
VARIABLE = "KDVIZ_TELL"


def way(name: str | None = None) -> str:
    """Return when it is told: of what is given here, by ``KDVIZ_TELL`` and by a Voila page's link, what tells least.

    So a link can take away what a notebook gives, and never give what a notebook or a server takes away.

    Parameters
    ----------
    name : {"at-once", "submitted", "never"}, optional
        After each answer; after ``lesson.submit()``; not by this notebook at all. By default at once.

    Raises
    ------
    ValueError
        For another name, here or in the environment; in a link another name says nothing.

    Examples
    --------
    >>> way("never")
    'never'
    """
    given = os.environ.get(VARIABLE) or AT_ONCE
    said = [_known("tell", AT_ONCE if name is None else name), _known(VARIABLE, given), *_of_link()]
    return max(said, key=WAYS.index)


def _known(place: str, name: str) -> str:
    if name not in WAYS:
        raise ValueError(f"{place} must be one of {', '.join(WAYS)}, got {name!r}")
    return name


def _of_link() -> list[str]:
    if not shared():
        return []
    return [one for one in parse_qs(os.environ.get("QUERY_STRING", "")[:2000]).get("tell", []) if one in WAYS]
