"""The lessons that come with kdviz, by name: each a module of ``kdviz/lessons/course`` with one class."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from .lesson import Lesson

FOLDER = Path(__file__).parent / "course"


def names() -> tuple[str, ...]:
    """Return the names of the lessons that there are.

    >>> "temperature" in names()
    True
    """
    return tuple(sorted(file.stem for file in FOLDER.glob("[a-z]*.py")))


def kind(name: str) -> type[Lesson]:
    """Return the class of a lesson.

    Raises
    ------
    ValueError
        If there is none of this name; the sentence names those that there are.
    """
    if name not in names():
        raise ValueError(f"there is no lesson {name!r}; there are {', '.join(names())}")
    module = import_module(f"{__package__}.course.{name}")
    return next(
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Lesson) and one.__module__ == module.__name__
    )


def begin(name: str, **options: Any) -> Lesson:
    """Return a lesson of the course, with the answers that are kept of it.

    Parameters
    ----------
    name : str
        One of :func:`names`.
    **options
        ``tell`` and ``folder``: see :class:`kdviz.lessons.Lesson`.
    """
    return kind(name)(**options)
