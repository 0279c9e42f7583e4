"""What other packages bring: they name a module by an entry point, and it registers what it has when it is imported."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")

_asked: set[str] = set()

Thing = TypeVar("Thing")


def load(group: str) -> None:
    """Import what installed packages name under an entry point, once; what cannot be imported is told and left out.

    Parameters
    ----------
    group : str
        "kdviz.data", "kdviz.methods", "kdviz.models" or "kdviz.views".
    """
    if group in _asked:
        return
    _asked.add(group)
    for found in entry_points(group=group):
        try:
            found.load()
        except Exception as error:  # another package's fault must not end this one
            warnings.warn(f"{found.value}, of {group}, is left out: {reason(error)}", UserWarning, stacklevel=3)


def reason(error: BaseException) -> str:
    """Return what an error says, in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__


class Added(Generic[Thing]):
    """What packages and notebooks added to a list of kdviz's own, by name.

    Parameters
    ----------
    what : str
        What is listed, for errors: "data set".
    group : str
        The entry point.
    own : callable
        Gives the names that kdviz has itself.
    """

    def __init__(self, what: str, group: str, own: Callable[[], Collection[str]]) -> None:
        self._what, self._group, self._own = what, group, own
        self._added: dict[str, tuple[str, Thing]] = {}

    def add(self, name: str, thing: Thing, by: Any) -> None:
        """Add one; a cell of a notebook that runs again replaces its own.

        Parameters
        ----------
        name : str
            In links: small letters, digits, "-" and "_".
        thing : any
        by : callable or path
            What it comes from: another one of the same name is refused.

        Raises
        ------
        ValueError
            If the name cannot be one in a link, or is taken.
        """
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ValueError(
                f"the name of a {self._what} must be small letters, digits, - and _, beginning with a letter, "
                f"got {name!r}"
            )
        if name in self._own():
            raise ValueError(f"the {self._what} {name!r} is kdviz's own; choose another name")
        origin = _origin(by)
        known = self._added.get(name)
        if known is not None and known[0] != origin:
            raise ValueError(f"the {self._what} {name!r} is that of {known[0]} already; choose another name")
        self._added[name] = origin, thing

    def all(self) -> dict[str, Thing]:
        """Return all, those of installed packages included."""
        load(self._group)
        return {name: thing for name, (_, thing) in self._added.items()}


def _origin(by: Any) -> str:
    """Return where something comes from, the same when a cell of a notebook defines it anew."""
    by = getattr(by, "func", by)  # of functools.partial
    return f"{by.__module__}.{by.__qualname__}" if hasattr(by, "__qualname__") else f"{by}"
