"""Executes one notebook and writes down what it shows: ``python -m kdviz.app.site.run NOTEBOOK TARGET``.

No kernel: widgets live in this process, so that their state, films and what they know without Python can be written
down at the end. A process for each notebook keeps its random numbers, threads and memory to itself.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO, TextIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ipywidgets
    from IPython.core.interactiveshell import InteractiveShell

    from kdviz.panels.live.panel import Panel

PANEL = "application/vnd.kdviz.panel+json"  # what a panel, a widget or a checked exercise leaves among a cell's outputs
EXPECTED_TO_FAIL = "raises-exception"  # tag of a cell, as nbclient has it
LAB_SECONDS = 1800.0
FILM_BYTES = 1_600_000  # of all films of a page; as text they take a third more
NEEDED = {  # for figures as JSON, answers and kept runs of this process alone
    "PLOTLY_RENDERER": "plotly_mimetype",
    "MPLBACKEND": "agg",
}


MOST_SAID = 400  # characters of what a cell has raised


class FailedError(ValueError):
    """A cell that could not be run, with what was raised as the end of a sentence.

    Parameters
    ----------
    text : str
    lacks_data : bool
        Whether its data are not on this machine.
    """

    def __init__(self, text: str, *, lacks_data: bool = False) -> None:
        super().__init__(text)
        self.lacks_data = lacks_data


def executed(path: Path) -> dict[str, Any]:
    """Return the cells of a notebook with what they show, and the page's widgets.

    Parameters
    ----------
    path : pathlib.Path
        Left as it is; what it writes goes to a folder that is removed.

    Returns
    -------
    dict
        ``cells`` (see :mod:`kdviz.app.site.cells`), and ``page``: what ``stand_in.written`` returns.

    Raises
    ------
    FailedError
        Naming the cell.
    """
    from kdviz.app import notebooks

    notebook = notebooks.read(path)
    shown = Shown()
    with _folder_like(path.parent) as folder, _environment(folder):
        shell = _shell(shown) if has_code(path) else None
        cells = []
        for number, cell in enumerate(notebook.cells, start=1):
            tags = cell.metadata.get("tags", [])
            kept = {"kind": cell.cell_type, "source": cell.source, "tags": tags}
            if cell.cell_type == "code":
                kept["outputs"] = shown.of(shell, cell.source, number, may_fail=EXPECTED_TO_FAIL in tags)
                kept["reveals"] = shown.revealed()
            elif "attachments" in cell:
                kept["attachments"] = cell.attachments
            cells.append(kept)
        return {"cells": cells, "page": shown.written()}


def has_code(path: Path) -> bool:
    """Whether there is anything to run in a notebook."""
    from kdviz.app import notebooks

    return any(cell.cell_type == "code" and cell.source.strip() for cell in notebooks.read(path).cells)


class Shown:
    """What the cells of one notebook show: outputs as they come, and the objects behind them."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any]] = []
        self.objects: list[Any] = []
        self.source = ""  # of the cell that runs
        self._asked: list[Any] = []
        self._open: set[str] = set()  # questions whose truth a run has yet to bring, by their widgets' ids

    def of(self, shell: InteractiveShell | None, source: str, number: int, *, may_fail: bool) -> list[dict[str, Any]]:
        """Run a cell and return its outputs."""
        if shell is None:
            return []
        self.outputs.clear()
        self.source = source
        with redirect_stdout(Printed(self.outputs)), redirect_stderr(StringIO()):
            result = shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        if error is not None and not may_fail:
            first = (str(error).strip() or "no message").split("\n")[0][:MOST_SAID]
            # kdviz's own sentence on data that are not there; a file that a notebook misses has a number.
            lacks_data = isinstance(error, FileNotFoundError) and error.errno is None
            kind = "" if lacks_data else f"{type(error).__name__}: "
            raise FailedError(f"cell {number}: {kind}{first}", lacks_data=lacks_data)
        made = [{"print": one["print"]} if "print" in one else self._output(one["data"]) for one in self.outputs]
        return [*made, *([{"waits": True}] if error is not None else [])]

    def _output(self, data: dict[str, Any]) -> dict[str, Any]:
        if PANEL not in data:
            return {"data": {kind: value for kind, value in data.items() if isinstance(value, str | dict)}}
        return self.described(self.objects[data[PANEL]["number"]])

    def described(self, made: Any) -> dict[str, Any]:
        """Describe a panel, a widget or a checked exercise for the page."""
        from kdviz.lessons import Checked
        from kdviz.lessons.shown import Shown as Asked

        if isinstance(made, Checked):
            return {"checked": made._repr_html_(), "passed": bool(made)}
        view = _view(made)
        if view is None:
            return {"needs_python": True}
        if not isinstance(made, Asked):
            return {"widget": view.model_id, "asks": []}
        self._asked.append(made)
        self._open |= _unknown(made)
        return {"widget": view.model_id, "asks": [one.model_id for one in made.widgets]}

    def revealed(self) -> list[str]:
        """Return the questions whose truth has come since this was asked last."""
        before, self._open = self._open, {one for made in self._asked for one in _unknown(made)}
        return sorted(before - self._open)

    def keep(self, made: Any) -> dict[str, Any]:
        """Take an object that a cell displays; its place stands in the output."""
        self.objects.append(made)
        return {PANEL: {"number": len(self.objects) - 1}}

    def written(self) -> dict[str, Any] | None:
        """Return all widgets of the page as they are now, for a page without Python."""
        if not self.objects:
            return None
        from kdviz.panels.live.export import without_python
        from kdviz.panels.live.panel import Panel
        from kdviz.widgets.stand_in import written

        views: list[ipywidgets.Widget] = []
        changes: dict[ipywidgets.Widget, Mapping[str, Any]] = {}
        for made in self.objects:
            view = _view(made)
            if view is None:
                continue
            views.append(view)
            panels = [one for one in (made, getattr(made, "opened", None)) if isinstance(one, Panel)]
            for panel in panels:
                _wait(panel)
            known = {widget: traits for panel in panels for widget, traits in panel._without_python().items()}
            changes |= without_python(view, known)
        _thin(views)
        return written(list(dict.fromkeys(views)), changes) if views else None


def _unknown(asked: Any) -> set[str]:
    return {question.model_id for question in asked.unknown}


def _wait(panel: Panel) -> None:
    """Wait until a panel shows all that it has been asked for."""
    from kdviz.panels.compare import Compare
    from kdviz.panels.live.page import AT_REST, LivePage

    if isinstance(panel, LivePage):
        panel.wait("idle", *AT_REST, timeout_s=LAB_SECONDS)
    elif isinstance(panel, Compare):
        panel.wait(LAB_SECONDS)


def _thin(views: Sequence[ipywidgets.Widget]) -> None:
    """Keep so many frames of the films of a page that it stays small: every second, every fourth and so on."""
    from kdviz.widgets import Scene
    from kdviz.widgets.stand_in import within

    scenes = {getattr(one, "scene", None) for view in views for one in within(view)}
    films = [film for scene in scenes if isinstance(scene, Scene) for film in scene.films.values() if len(film)]
    for film in films:
        film.limit = FILM_BYTES // len(films)
        film.put(film.frames[-1])


class Printed(TextIOBase):
    """Standard output: what is printed stands among the outputs, in order."""

    def __init__(self, outputs: list[dict[str, Any]]) -> None:
        self._outputs = outputs

    def write(self, text: str) -> int:
        if self._outputs and "print" in self._outputs[-1]:
            self._outputs[-1]["print"] += text
        else:
            self._outputs.append({"print": text})
        return len(text)


def recorded_lab() -> dict[str, Any]:
    """Return the Lab with its default run, trained to the end, as a cell that shows it."""
    import kdviz as kd
    from kdviz.lessons.quick import quick

    shown = Shown()
    with tempfile.TemporaryDirectory() as folder, _environment(Path(folder)):
        lab = kd.panels.Lab(epochs=2) if quick() else kd.panels.Lab()
        lab.command("train")
        if not lab.wait("finished", timeout_s=LAB_SECONDS):
            raise FailedError(f"the Lab's default run did not end: {lab.status}")
        shown.keep(lab)
        cell = {"kind": "code", "source": "", "tags": [], "outputs": [shown.described(lab)]}
        found = {"cells": [cell], "page": shown.written()}
        lab.close()
    return found


def _view(made: Any) -> ipywidgets.Widget | None:
    """Return the widget that is drawn, if a page without Jupyter can draw it."""
    from kdviz.panels.live.panel import Panel
    from kdviz.widgets.stand_in import within

    view = made.view if isinstance(made, Panel) else made
    try:
        list(within(view))
    except TypeError:
        return None
    return view


def _shell(shown: Shown) -> InteractiveShell:
    """Return an IPython that hands over what its cells display, and prints no traceback."""
    import ipywidgets
    from IPython.core.displayhook import CapturingDisplayHook, DisplayHook
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from kdviz.lessons import Checked
    from kdviz.panels.live.panel import Panel

    class Results(CapturingDisplayHook):
        def __call__(self, result: Any = None) -> None:
            if not DisplayHook.semicolon_at_end_of_expression(shown.source):
                super().__call__(result)

    class Quiet(InteractiveShell):
        def _showtraceback(self, *_: Any) -> None:
            """A cell that fails is told of by who runs it."""

    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "nocolor"
    shell = Quiet.instance(config=settings)
    publisher = CapturingDisplayPublisher()
    publisher.outputs = shown.outputs
    shell.display_pub = publisher
    shell.display_trap.hook = Results(shell=shell, outputs=shown.outputs)
    formatter = shell.display_formatter
    assert formatter is not None
    for kind in (Panel, ipywidgets.Widget, Checked):
        formatter.mimebundle_formatter.for_type(kind, lambda made, **_: shown.keep(made))
    return shell


@contextmanager
def _folder_like(folder: Path) -> Iterator[Path]:
    """A folder to run in, with a copy of what lies beside a notebook."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as copy:
        for path in folder.iterdir():
            if path.is_file() and path.suffix not in (".ipynb", ".json") and not path.name.startswith("."):
                shutil.copy(path, copy)
        os.chdir(copy)
        try:
            yield Path(copy)
        finally:
            os.chdir(before)


@contextmanager
def _environment(folder: Path) -> Iterator[None]:
    """Nobody's answers and runs are in the site, and none of its own stay on the machine."""
    before = dict(os.environ)
    os.environ |= {**NEEDED, "KDVIZ_ANSWERS": str(folder), "KDVIZ_KEEP": str(folder / "kept")}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def main(arguments: list[str]) -> int:
    """Write what a notebook shows, or ``LAB`` the Lab, to a file as JSON; or what went wrong, and return 1."""
    source, target = arguments
    try:
        found = recorded_lab() if source == "LAB" else executed(Path(source))
        status = 0
    except ValueError as error:
        found, status = (
            {"trouble": str(error), **({"lacks_data": True} if getattr(error, "lacks_data", False) else {})},
            1,
        )
    text = json.dumps(found, ensure_ascii=False)
    Path(target).write_text(re.sub("[\ud800-\udfff]", "\ufffd", text), encoding="utf-8")
    return status


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))  # whatever threads a notebook has left
