"""Where notebooks and the page template are: beside the package in a clone, inside it when installed."""

from __future__ import annotations

import os
from pathlib import Path

APP = Path(__file__).resolve().parent
LAB = "dashboards/lab.ipynb"
TEMPLATE = "kdviz"
STATIC = APP / "jupyter" / "voila" / "templates" / TEMPLATE / "static"
PAGE_SCRIPTS = tuple(STATIC / name for name in ("page.js", "lesson.js", "waiting.js", "learner.js"))  # those with texts


def notebooks() -> Path:
    """The folder of dashboards and lessons.

    Returns
    -------
    pathlib.Path
        ``kdviz/app/notebooks`` in an installed package, ``notebooks`` in a clone.

    Raises
    ------
    FileNotFoundError
        When neither is there.
    """
    clone = APP.parents[1] / "notebooks"
    for folder in (APP / "notebooks", clone):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"the notebooks of kdviz were not found in {APP / 'notebooks'} or {clone}: install kdviz again"
    )


def lab() -> Path:
    """The notebook of the Distillation Lab, whether it is there or not."""
    return notebooks() / LAB


def lessons() -> tuple[Path, ...]:
    """The folders of the lessons that come with kdviz: the students' and, in a clone, the full ones."""
    try:
        return tuple((notebooks() / name).resolve() for name in ("course", "solutions"))
    except FileNotFoundError:
        return ()


def jupyter_root() -> Path:
    """The folder to put on ``JUPYTER_PATH`` so that Voila finds the template ``kdviz``."""
    return APP / "jupyter"


def make_template_known() -> None:
    """Put the page template on ``JUPYTER_PATH`` of this process and those it starts."""
    root = str(jupyter_root())
    known = [part for part in os.environ.get("JUPYTER_PATH", "").split(os.pathsep) if part]
    if root not in known:
        os.environ["JUPYTER_PATH"] = os.pathsep.join([root, *known])
