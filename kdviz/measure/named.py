"""What the models that stand beside each other are called in a sentence."""

from __future__ import annotations

from ..words import mark, t

NAMES = {
    "teacher": mark("teacher"),
    "student": mark("student"),
    "twin": mark("twin"),
}


def named(who: str) -> str:
    """Return "teacher", "student" or "twin" in the reader's language, any other name as it is.

    >>> named("student"), named("a wide student")
    ('student', 'a wide student')
    """
    return t(NAMES[who]) if who in NAMES else who
