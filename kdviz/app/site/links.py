"""Where links of a notebook lead on the site: to other pages of it, or to a sentence on what needs Python."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from kdviz.app import places
from kdviz.app.inside import inside
from kdviz.words import t

MOST_BYTES = 1024**2
SERVE = "<code>kdviz serve</code>"
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp")


class Links:
    """The links of one page, and the pictures that it brings along.

    Parameters
    ----------
    path : str
        The notebook below ``root``, with forward slashes.
    root : pathlib.Path
        The folder of notebooks.
    pages : mapping of str to str
        Addresses on the site of the notebooks that it has, by path.

    Attributes
    ----------
    pictures : dict of str to pathlib.Path
        Files to copy, by their place on the site.
    lab_link : str
        The first link to the Lab; empty where there is none.
    """

    def __init__(self, path: str, root: Path, pages: Mapping[str, str]) -> None:
        self.path, self.root, self.pages = path, root, pages
        self.pictures: dict[str, Path] = {}
        self.lab_link = ""
        self._noted = False
        self._places: set[str] = {"main"}

    @property
    def name(self) -> str:
        """The notebook's file name, under which it lies beside its page."""
        return posixpath.basename(self.path)

    def html(self, text: str, url: str) -> str:
        """Return a link; the words alone where it leads to what the site does not have."""
        parts = urlsplit(url)
        if parts.scheme in ("http", "https"):
            return f'<a href="{escape(url)}" rel="noopener">{text}</a>'
        if parts.scheme or parts.netloc:
            return text
        if not parts.path:
            return f'<a href="{escape(url)}">{text}</a>'
        target = self._target(parts.path)
        if target not in self.pages:
            return f"{text} ({self._serve()})" if parts.path.endswith(".ipynb") else text
        address = posixpath.relpath(self.pages[target], posixpath.dirname(self.pages[self.path]) or ".")
        more = (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")
        link = f'<a href="{escape(quote(address) + more)}">{text}</a>'
        self.lab_link = self.lab_link or (link if target == places.LAB else "")
        return link

    def picture(self, url: str) -> str:
        """Return where a picture lies; one that lies beside the notebook travels along."""
        parts = urlsplit(url)
        target = self._target(parts.path)
        found = inside(self.root, target) if not parts.scheme and target.lower().endswith(PICTURES) else None
        if found is not None and found.stat().st_size <= MOST_BYTES:
            self.pictures[target] = found
        return url if parts.scheme in ("data", "") else ""

    def place(self, heading: str) -> str:
        """Return a heading's place on the page, by which it can be linked to."""
        base = re.sub(r"[^\w]+", "-", heading.lower()).strip("-") or "section"
        name, number = base, 1
        while name in self._places:
            number += 1
            name = f"{base}-{number}"
        self._places.add(name)
        return name

    def exercise(self) -> str:
        """Return the sentence below an exercise."""
        notebook = f'<a href="{quote(self.name)}" download>{escape(t("the notebook"))}</a>'
        command = f"<code>jupyter lab {escape(self.name)}</code>"
        return t(
            "Python checks this exercise: download {notebook}, then {command}.", notebook=notebook, command=command
        )

    def needs_python(self) -> str:
        """Return the sentence in place of what only Python can show."""
        return t("This part needs Python: {command}.", command=SERVE)

    def lab_note(self) -> str:
        """Return, once, what must be known of the Lab that a link leads to; else nothing."""
        if not self.lab_link or self._noted:
            return ""
        self._noted = True
        return t(
            "The Lab of this site plays a recorded run; training one of your own needs Python: {command}.",
            command=SERVE,
        )

    def _serve(self) -> str:
        return t("needs Python: {command}", command=SERVE)

    def _target(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.path), unquote(path)))
