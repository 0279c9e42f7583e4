"""What other packages bring: they name a module by an entry point, and it registers what it has when it is imported."""

from __future__ import annotations

import warnings
from importlib.metadata import entry_points

_asked: set[str] = set()


def load(group: str) -> None:
    """Import what installed packages name under an entry point, once; what cannot be imported is told and left out.

    Parameters
    ----------
    group : str
        "kdviz.methods" or "kdviz.views".
    """
    if group in _asked:
        return
    _asked.add(group)
    for found in entry_points(group=group):
        try:
            found.load()
        except Exception as error:  # another package's fault must not end this one
            told = " ".join(str(error).split())[:200]
            warnings.warn(f"{found.value}, of {group}, is left out: {told}", UserWarning, stacklevel=3)
