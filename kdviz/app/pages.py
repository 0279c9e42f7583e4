"""What the index page lists: the notebooks of a folder with a title and one line on each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .places import LAB

DEEPEST = 4
MOST = 300
GROUPS = {"dashboards": "Dashboards", "course": "Lessons", "": "Notebooks"}


@dataclass(frozen=True)
class Entry:
    """One notebook.

    Attributes
    ----------
    path : str
        Path below the served folder, with forward slashes.
    title : str
        Its first heading, else its file name.
    description : str
        The first sentence below that heading, or nothing.
    group : str
        The name of the folder it lies in, as a heading.
    """

    path: str
    title: str
    description: str
    group: str


def entry(path: Path, root: Path) -> Entry:
    """Title and description of the notebook `path` below `root`.

    ``metadata.kdviz.title`` and ``metadata.kdviz.description`` come first, then the first Markdown cell.

    Parameters
    ----------
    path : pathlib.Path
        A notebook; one that cannot be read is listed by its file name.
    root : pathlib.Path
        The served folder.

    Returns
    -------
    Entry
    """
    inside = path.relative_to(root).as_posix()
    folder = inside.rpartition("/")[0]
    group = GROUPS.get(folder, folder.replace("/", " / "))
    title, description = _first_words(_read(path))
    return Entry(inside, title or path.stem.replace("-", " ").replace("_", " "), description, group)


def listing(root: Path) -> list[Entry]:
    """The notebooks below `root`, hidden folders and checkpoints left out.

    Parameters
    ----------
    root : pathlib.Path
        The served folder.

    Returns
    -------
    list of Entry
        Dashboards first, the Lab at their head, then lessons, then the rest; each group in the order of file names.
    """
    found = [entry(path, root) for path in _walk(root, DEEPEST)][:MOST]
    order = {heading: place for place, heading in enumerate(GROUPS.values())}
    return sorted(found, key=lambda item: (order.get(item.group, len(order)), item.group, item.path != LAB, item.path))


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    try:
        inside = sorted(folder.iterdir())
    except OSError:
        return
    for path in inside:
        if path.name.startswith("."):
            continue
        if path.is_dir() and depth > 1:
            yield from _walk(path, depth - 1)
        elif path.suffix == ".ipynb":
            yield path


def _read(path: Path) -> dict[str, Any]:
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return notebook if isinstance(notebook, dict) else {}


def _first_words(notebook: dict[str, Any]) -> tuple[str, str]:
    told = notebook.get("metadata", {}).get("kdviz", {})
    title, description = told.get("title", ""), told.get("description", "")
    for cell in notebook.get("cells", []):
        if cell.get("cell_type") != "markdown":
            continue
        source = cell.get("source", "")
        text = "".join(source) if isinstance(source, list) else source
        heading = re.search(r"^#{1,2}\s+(.+?)\s*$", text, re.MULTILINE)
        if heading:
            body = text[heading.end() :]
            return title or _plain(heading[1]), description or _first_sentence(body)
    return title, description


def _first_sentence(text: str) -> str:
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        words = _plain(" ".join(paragraph.split()))
        if words and not words.startswith(("#", "<", "!", "|", "```")):
            end = re.search(r"[.?!](?=\s|$)", words)
            return words[: end.end()] if end else words
    return ""


def _plain(text: str) -> str:
    """Markdown's links, emphasis, code and formula marks taken off."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\$+([^$]*)\$+", r"\1", text)
    return re.sub(r"[*`]|(?<!\w)_|_(?!\w)", "", text).strip()
