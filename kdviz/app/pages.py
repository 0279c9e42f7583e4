"""What the index page lists: the notebooks of a folder with a title and one line on each."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import mistune

from kdviz.words import language, mark, markdown

from .inside import leads_out, speakable
from .notebooks import MOST_BYTES, TAG, UnreadableError, check, parsed, text_of, words
from .notebooks import trouble as troubled
from .places import LAB, lessons

DEEPEST = 4
MOST = 300
LONGEST = 5_000  # characters of a cell in which its first heading and sentence are looked for
LONGEST_VISIT = 1000  # minutes
IMPORTS = re.compile(rb"(import|from) kdviz\b")  # a line break stands as \n in the file
GROUPS = {"dashboards": mark("Dashboards"), "course": mark("Lessons"), "": mark("Notebooks")}


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
    trouble : str
        Why it cannot be shown, as the end of a sentence; empty when it can be.
    place : int
        Its place in the order to begin in, from 1; 0 for none.
    minutes : int
        How long it takes a reader; 0 where that is not known.
    picture : str
        The name of its small picture in ``static/miniatures.js``, or nothing.
    lesson : bool
        Whether its page is a lesson's, which shows code.
    """

    path: str
    title: str
    description: str
    group: str
    trouble: str = ""
    place: int = 0
    minutes: int = 0
    picture: str = ""
    lesson: bool = False


class _Said(NamedTuple):
    """What a notebook says of itself."""

    title: str = ""
    description: str = ""
    trouble: str = ""
    place: int = 0
    minutes: int = 0
    picture: str = ""
    lesson: bool = False


def entry(path: Path, root: Path) -> Entry:
    """Title and description of the notebook `path` below `root`.

    ``metadata.kdviz.title`` and ``metadata.kdviz.description`` come first, then the first Markdown cell;
    ``metadata.kdviz.place``, ``minutes`` and ``picture`` say when to open it, for how long, and how it is drawn;
    ``lesson`` that its page shows code, as those of the course do without saying so.

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
    shown = os.fsencode(inside).decode("utf-8", "replace")  # a name on disk need not be UTF-8
    folder = shown.rpartition("/")[0]
    group = GROUPS.get(folder, folder.replace("/", " / "))
    said = _said_by(path)
    if not speakable(inside):
        said = _Said(trouble="its name has characters that cannot stand in an address: rename it")
    name = Path(shown).stem.replace("-", " ").replace("_", " ")
    lesson = said.lesson or path.parent.resolve() in lessons()
    return Entry(shown, **{**said._asdict(), "title": said.title or name, "lesson": lesson}, group=group)


def listing(root: Path) -> list[Entry]:
    """The notebooks below `root`, hidden folders and checkpoints left out.

    Parameters
    ----------
    root : pathlib.Path
        The served folder.

    Returns
    -------
    list of Entry
        Dashboards first, the Lab at their head, then lessons, then the rest; each group in the order to begin in, then
        of file names.
    """
    listed = [entry(path, root) for path in found(root)]
    order = {heading: place for place, heading in enumerate(GROUPS.values())}

    def rank(item: Entry) -> tuple[Any, ...]:
        return order.get(item.group, len(order)), item.group, item.path != LAB, item.place or MOST, item.path

    return sorted(listed, key=rank)


def found(root: Path) -> Iterator[Path]:
    """The notebooks below `root` that are listed, as they lie there."""
    return islice(_walk(root, root, DEEPEST), MOST)


def uses_kdviz(path: Path) -> bool:
    """Whether a notebook seems to import kdviz."""
    try:
        return path.stat().st_size <= MOST_BYTES and IMPORTS.search(path.read_bytes()) is not None
    except OSError:
        return False


def _walk(folder: Path, root: Path, depth: int) -> Iterator[Path]:
    try:
        inside = sorted(folder.iterdir())
    except OSError:
        return
    for path in inside:
        # What a link names outside the folder was not put there to be served.
        if path.name.startswith(".") or leads_out(root, path):
            continue
        if path.suffix == ".ipynb":
            yield path
        elif path.is_dir() and depth > 1:
            yield from _walk(path, root, depth - 1)


def _said_by(path: Path) -> _Said:
    """What a notebook says of itself, read again only when its file has changed."""
    try:
        known = path.stat()
    except OSError:
        return _Said(trouble="it cannot be opened")
    if not path.is_file():
        return _Said(trouble="it is a folder" if path.is_dir() else "it is no file")
    return _said_read(path, known.st_mtime_ns, known.st_size, language())


@lru_cache(maxsize=2 * MOST)
def _said_read(path: Path, _changed: int, _size: int, spoken: str) -> _Said:
    try:
        notebook = parsed(path)
        check(notebook)
    except UnreadableError as wrong:
        return _Said(trouble=str(wrong))
    older = notebook.get("nbformat", 4) != 4  # whether it can be brought up is seen by doing it
    title, description = _first_words(notebook, spoken)
    return _Said(title, description, troubled(path) if older else "", *_on_the_index(notebook.get("metadata", {})))


def _on_the_index(metadata: Mapping[str, Any]) -> tuple[int, int, str, bool]:
    """Place, minutes, picture, and whether it is a lesson, each only if it is what it should be.

    >>> _on_the_index({"kdviz": {"place": 1, "minutes": 10, "picture": "lab"}})
    (1, 10, 'lab', False)
    >>> _on_the_index({"kdviz": {"place": -1, "minutes": True, "picture": '"><script>', "lesson": "true"}})
    (0, 0, '', False)
    """
    own = metadata.get("kdviz")
    said = own if isinstance(own, dict) else {}
    place, minutes = (
        value if type(value) is int and 0 < value < LONGEST_VISIT else 0
        for value in (said.get("place"), said.get("minutes"))
    )
    picture = said.get("picture")
    drawn = picture if isinstance(picture, str) and TAG.fullmatch(picture) else ""
    return place, minutes, drawn, said.get("lesson") is True


def _first_words(notebook: Mapping[str, Any], spoken: str) -> tuple[str, str]:
    """Title and description, in another language as far as they are translated."""
    metadata = words(notebook.get("metadata", {}))
    title, description = (markdown.translated(metadata.get(name, ""), spoken) for name in ("title", "description"))
    cells = notebook.get("cells", [])
    for cell in cells if isinstance(cells, list) else []:  # an older format keeps them elsewhere
        if not isinstance(cell, dict) or cell.get("cell_type") != "markdown":
            continue
        blocks = iter(_blocks(markdown.translated((text_of(cell.get("source", "")) or "")[:LONGEST], spoken)))
        heading = next((b for b in blocks if b["type"] == "heading" and b["attrs"]["level"] <= 2), None)
        if heading is not None:
            return title or _plain(heading), description or _first_sentence(blocks)
    return title, description


def _blocks(text: str) -> list[dict[str, Any]]:
    """The blocks of a Markdown text, none where it is nested too deep to be read."""
    try:
        return _markdown()(text)  # type: ignore[return-value]
    except RecursionError:
        return []


@cache
def _markdown() -> mistune.Markdown:
    return mistune.create_markdown(renderer="ast", plugins=["math", "table"])


def _first_sentence(blocks: Iterator[dict[str, Any]]) -> str:
    for block in blocks:
        text = _plain(block) if block["type"] == "paragraph" else ""
        if text:
            end = re.search(r"[.?!](?=\s|$)", text)
            return text[: end.end()] if end else text
    return ""


def _plain(token: Mapping[str, Any]) -> str:
    """The words of a heading or paragraph: without pictures, HTML and the marks of Markdown."""
    return " ".join("".join(_pieces(token)).split())


def _pieces(token: Mapping[str, Any]) -> Iterator[str]:
    match token["type"]:
        case "image" | "inline_html":
            return
        case "softbreak" | "linebreak":
            yield " "
        case _ if "children" in token:
            for child in token["children"]:
                yield from _pieces(child)
        case _:
            yield token.get("raw", "")
