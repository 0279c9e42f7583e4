"""Lessons as pages: which notebooks show their code, and what a lesson's page knows of the other lessons.

A page shows code where its notebook says ``"lesson": true`` in ``metadata.kdviz``, or is one of the course that comes
with kdviz. No other notebook's code leaves the server.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from nbformat import NotebookNode

from . import pages
from .inside import inside
from .notebooks import words

RENDERED = "/voila/render/"  # what stands before a notebook's path in its page's address


def about(root: Path, path: str, *, alone: bool = False, lab: str = "") -> dict[str, Any] | None:
    """Return what a lesson's page knows of itself and of the lessons in its folder; None for any other page.

    Parameters
    ----------
    root : pathlib.Path
        The served folder.
    path : str
        Of the notebook, below it.
    alone : bool
        Whether no other page is served.
    lab : str
        The address at which JupyterLab has the same notebook; empty where there is none.

    Returns
    -------
    dict or None
        ``path``, ``lab``, and ``lessons``: for each in order its ``file`` name, ``title``, ``place`` and ``minutes``.
    """
    place = inside(root, path)
    if place is None:
        return None
    own = pages.entry(root / path, root)
    if not own.lesson:
        return None
    others = [own] if alone else lessons_beside(root, root / path)
    listed = [{"file": Path(e.path).name, "title": e.title, "place": e.place, "minutes": e.minutes} for e in others]
    return {"path": path, "lab": lab, "lessons": listed}


def lessons_beside(root: Path, path: Path) -> list[pages.Entry]:
    """Return the lessons of a notebook's folder that can be shown, in the order to begin in."""
    found = (pages.entry(one, root) for one in islice(sorted(path.parent.glob("[!.]*.ipynb")), pages.MOST))
    lessons = [one for one in found if one.lesson and not one.trouble and inside(root, one.path) is not None]
    return sorted(lessons, key=lambda one: (one.place or pages.MOST, one.path))


def in_jupyter(handler: Any, notebook: NotebookNode, cwd: str) -> NotebookNode:
    """Voila's ``prelaunch_hook`` where it runs inside a Jupyter server, as on Binder."""
    path = unquote(str(handler.request.path)).partition(RENDERED)[2]
    own = words(notebook.metadata)
    page = about(Path(handler.contents_manager.root_dir), path, lab=f"{handler.base_url}lab/tree/{quote(path)}")
    notebook.metadata["kdviz"] = own if page is None else {**own, "page": page}
    return notebook
