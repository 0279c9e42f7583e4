"""Notebooks in the served folder: read within bounds, and nothing in them trusted."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from tornado import web

from kdviz.app.inside import inside
from kdviz.words import ENGLISH, markdown

MOST_BYTES = 32 * 1024**2
PICTURES = re.compile(r".*\.(png|jpe?g|gif|svg|webp)", re.IGNORECASE | re.DOTALL)
# BCP 47, as far as its shape goes: https://www.rfc-editor.org/rfc/bcp/bcp47.txt
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}")
TAG = re.compile(r"[\w-]{1,64}", re.ASCII)
KINDS = frozenset({"code", "markdown", "raw"})


class UnreadableError(ValueError):
    """A notebook that cannot be shown, with what is wrong as the end of a sentence that begins with its name."""


class RefusedError(web.HTTPError):
    """A request that is answered with a short page.

    Parameters
    ----------
    status : int
        The HTTP status.
    sentence : str
        What the page says.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, "%s", sentence)
        self.sentence = sentence


def parsed(path: Path) -> dict[str, Any]:
    """The JSON object in a notebook's file, not further looked at.

    Parameters
    ----------
    path : pathlib.Path
        A regular file.

    Returns
    -------
    dict

    Raises
    ------
    UnreadableError
        When it is too large, or holds no JSON object.
    """
    try:
        known = path.stat()
    except (OSError, ValueError):
        raise UnreadableError("it cannot be opened") from None
    if known.st_size > MOST_BYTES:
        raise UnreadableError(f"it has {known.st_size / 1e6:.0f} MB, and {MOST_BYTES / 1e6:.0f} MB is the maximum")
    try:
        value = _json(path.read_bytes().decode("utf-8-sig"))
    except OSError:
        raise UnreadableError("it cannot be opened") from None
    except UnicodeDecodeError:
        raise UnreadableError("it is not UTF-8 text") from None
    except (ValueError, RecursionError):
        raise UnreadableError("it is not JSON") from None
    if not isinstance(value, dict):
        raise UnreadableError("it holds no JSON object")
    return value


def _json(text: str) -> Any:
    value = json.loads(text)
    if "\\ud" in text.lower():
        # Half a surrogate pair is fine in JSON and cannot be sent as UTF-8.
        value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return value


def read(path: Path) -> nbformat.NotebookNode:
    """A notebook in format 4, cleaned of what a page has no use for.

    Parameters
    ----------
    path : pathlib.Path
        A regular file.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    UnreadableError
        When it is no notebook.
    """
    content = parsed(path)
    check(content)
    try:
        if content.get("nbformat", 4) == 4:
            notebook = nbformat.from_dict(content)
        else:
            notebook = nbformat.reads(json.dumps(content), as_version=4, capture_validation_error={})
    except Exception:  # an old format that is not what it says can fail anywhere in the conversion
        raise UnreadableError("it is not a notebook of format 4, nor of an older one that can be converted") from None
    check(notebook)
    return _cleaned(notebook)


def check(notebook: Mapping[str, Any]) -> None:
    """Refuse what lacks a notebook's shape.

    Parameters
    ----------
    notebook : mapping
        What its file holds.

    Raises
    ------
    UnreadableError
        Naming the field that is wrong.

    Examples
    --------
    >>> check({"nbformat": 4, "metadata": {}, "cells": 5})
    Traceback (most recent call last):
    kdviz.app.notebooks.UnreadableError: its cells must be a list, got int
    """
    if not isinstance(notebook.get("metadata", {}), dict):
        raise UnreadableError(f"its metadata must be an object, got {_kind(notebook['metadata'])}")
    version = notebook.get("nbformat", 4)
    if type(version) is not int or not 1 <= version <= 4:
        raise UnreadableError(f"its nbformat must be a number from 1 to 4, got {repr(version)[:20]}")
    if version != 4:
        return
    cells = notebook.get("cells", [])
    if not isinstance(cells, list):
        raise UnreadableError(f"its cells must be a list, got {_kind(cells)}")
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict):
            raise UnreadableError(f"its cell {number} must be an object, got {_kind(cell)}")
        if not isinstance(cell.get("cell_type"), str) or cell["cell_type"] not in KINDS:
            raise UnreadableError(f"its cell {number} must have the cell_type code, markdown or raw")
        if text_of(cell.get("source", "")) is None:
            raise UnreadableError(f"the source of its cell {number} must be text")


def _kind(value: object) -> str:
    return {"NoneType": "null", "NotebookNode": "an object", "dict": "an object"}.get(
        type(value).__name__, type(value).__name__
    )


def text_of(source: object) -> str | None:
    """A cell's source, which may stand in the file as a list of lines; None when it is no text."""
    if isinstance(source, str):
        return source
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return None


def words(metadata: object) -> dict[str, str]:
    """What ``metadata.kdviz`` says of a page: `title`, `description` and `lang`, each only if it is what it should be.

    Examples
    --------
    >>> words({"kdviz": {"title": "A", "lang": '"><script>', "description": 3}})
    {'title': 'A'}
    """
    own = metadata.get("kdviz") if isinstance(metadata, dict) else None
    if not isinstance(own, dict):
        return {}
    found = {name: " ".join(own[name].split()) for name in ("title", "description") if isinstance(own.get(name), str)}
    if isinstance(own.get("lang"), str) and LANGUAGE.fullmatch(own["lang"]):
        found["lang"] = own["lang"]
    return found


def _cleaned(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Only what the page is made of, in the shape that Voila and its templates expect."""
    metadata = notebook.get("metadata", {})
    kept: dict[str, Any] = {"kdviz": words(metadata)}
    if isinstance(metadata.get("title"), str):
        kept["title"] = metadata["title"]
    for name in ("kernelspec", "language_info"):
        entry = metadata.get(name)
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            texts = {key: value for key, value in entry.items() if isinstance(value, str)}
            kept[name] = {"display_name": entry["name"], **texts} if name == "kernelspec" else texts
    cells = [_cell(cell) for cell in notebook.get("cells", [])]
    seen = {""}
    for number, cell in enumerate(cells):
        if cell["id"] in seen:
            cell["id"] = f"cell-{number}"
        seen.add(cell["id"])
    return nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": kept, "cells": cells})


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {"cell_type": cell["cell_type"], "source": text_of(cell.get("source", "")), "metadata": {}}
    ident, metadata = cell.get("id"), cell.get("metadata")
    kept["id"] = ident if isinstance(ident, str) and TAG.fullmatch(ident) else ""
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    if isinstance(tags, list):
        kept["metadata"]["tags"] = [tag for tag in tags if isinstance(tag, str) and TAG.fullmatch(tag)]
    if cell["cell_type"] == "code":
        return {**kept, "outputs": [], "execution_count": None}
    attachments = cell.get("attachments")
    if isinstance(attachments, dict):
        kept["attachments"] = {
            name: {kind: data for kind, data in bundle.items() if isinstance(data, str)}
            for name, bundle in attachments.items()
            if isinstance(bundle, dict)
        }
    return kept


def translate(notebook: nbformat.NotebookNode, language: str) -> None:
    """Put a page's texts into another language, as far as they are translated, and say so if any is."""
    about = notebook.metadata.kdviz
    if language == ENGLISH or "lang" in about or "page" in about:  # a lesson is written in one language
        return
    before = [cell.source for cell in notebook.cells]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = markdown.translated(cell.source, language)
    if "title" in about:
        about["title"] = markdown.translated(about["title"], language)
    if before != [cell.source for cell in notebook.cells]:
        about["lang"] = language


@lru_cache(maxsize=64)
def _trouble(path: Path, _changed: int, _size: int) -> str:
    try:
        read(path)
    except UnreadableError as wrong:
        return str(wrong)
    return ""


def trouble(path: Path) -> str:
    """Why a notebook cannot be shown, as the end of a sentence; empty when it can be."""
    try:
        known = path.stat()
    except (OSError, ValueError):
        return "it cannot be opened"
    return _trouble(path, known.st_mtime_ns, known.st_size)


class Notebooks(LargeFileManager):
    """What Voila reads of the served folder: notebooks, and the pictures that they show.

    Attributes
    ----------
    about : callable
        What the page of a notebook, by its path, has to know beside it; None for nothing.
    language : callable
        The language of the page that is being made.
    """

    about: Callable[[str], dict[str, Any] | None] = staticmethod(lambda path: None)
    language: Callable[[], str] = staticmethod(lambda: ENGLISH)

    def file_exists(self, path: str) -> bool:
        """Whether `path` is a picture below the folder. Asked by Voila for each picture in a text."""
        return PICTURES.fullmatch(path) is not None and inside(Path(self.root_dir), path) is not None

    def get(self, path: str, *_: Any, **__: Any) -> dict[str, Any]:
        """A notebook's or picture's model.

        Raises
        ------
        RefusedError
            When there is no such file below the folder, or it cannot be shown.
        """
        place = inside(Path(self.root_dir), path.strip("/"))
        if place is None:
            raise RefusedError(404, "There is no such notebook in the served folder.")
        name = place.name
        if PICTURES.fullmatch(path):
            if place.stat().st_size > MOST_BYTES:
                raise RefusedError(413, f"{name} is too large to be shown.")
            return {"type": "file", "path": path, "content": base64.encodebytes(place.read_bytes()).decode()}
        try:
            notebook = read(place)
        except UnreadableError as wrong:
            raise RefusedError(422, f"{name} cannot be shown: {wrong}.") from None
        page = self.about(path.strip("/"))
        if page is not None:
            notebook.metadata.kdviz["page"] = page
        translate(notebook, self.language())
        return {"type": "notebook", "path": path, "content": notebook}
