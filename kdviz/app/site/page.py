"""One page of a site, and its index, as texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import version
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kdviz.app import pages, places
from kdviz.figures.one_file import script_json
from kdviz.words import language, t

from .cells import drawn
from .links import SERVE, Links
from .parts import Parts

if TYPE_CHECKING:
    from jinja2 import Environment

# No code in a page but its site's own files and the modules made of them. A page that is opened from disk has no origin
# that 'self' would name in every browser; `file:` lets in what lies on the reader's own disk, and nothing on a host.
POLICY = (
    "default-src 'none'; script-src 'self' file: blob:; style-src 'self' file: 'unsafe-inline'; "
    "img-src 'self' file: data: blob:; font-src 'self' file: data:; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class Neighbour:
    """A lesson before or after this one."""

    address: str
    title: str


@dataclass
class Made:
    """A page and what comes with it.

    Attributes
    ----------
    text : str
    links : Links
        With the pictures to copy.
    """

    text: str
    links: Links


def lesson(
    entry: pages.Entry,
    shown: Mapping[str, Any],
    links: Links,
    parts: Parts,
    *,
    before: Neighbour | None = None,
    after: Neighbour | None = None,
) -> Made:
    """Return a notebook's page.

    Parameters
    ----------
    entry : Entry
    shown : mapping
        What :mod:`kdviz.app.site.run` wrote down.
    links : Links
    parts : Parts
        Gets what the page shares with others.
    before, after : Neighbour, optional
    """
    content = drawn(shown["cells"], links)
    widgets, scripts, sheets = parts.taken_out(shown["page"]) if shown["page"] else (None, [], [])
    if content.figures:
        scripts = [parts.figures(), *scripts]
    text = _page(
        "lesson.html",
        parts,
        title=entry.title,
        description=entry.description,
        up="../" * links.pages[entry.path].count("/"),
        scripts=scripts,
        sheets=sheets,
        body=content.body,
        headings=content.headings,
        wide=entry.path == places.LAB,
        before=before,
        after=after,
        widgets=script_json(widgets) if widgets else "",
        foot=_foot(links.name),
    )
    return Made(text, links)


def index(entries: Sequence[pages.Entry], addresses: Mapping[str, str], parts: Parts, *, docs: str = "") -> str:
    """Return the list of pages, with a link to the documentation where that is somewhere."""
    groups = [(group, list(some)) for group, some in groupby(entries, key=lambda one: one.group)]
    return _page(
        "index.html",
        parts,
        title="kdviz",
        description=_words()["head"],
        up="",
        scripts=[parts.miniatures()],
        sheets=[],
        groups=groups,
        first=places.LAB,
        addresses={path: quote(address) for path, address in addresses.items()},
        foot=f'<a href="{escape(docs)}">{escape(t("Documentation"))}</a>. {_foot()}' if docs else _foot(),
    )


def _page(template: str, parts: Parts, **values: Any) -> str:
    return (
        _templates()
        .get_template(template)
        .render(parts=parts, policy=POLICY, version=version("kdviz"), say=_words(), language=language(), **values)
    )


def lab_note() -> str:
    """Return what the Lab's page says of itself."""
    return t(
        "This is a recorded run: T, α, steps, examples and views can be moved. Training one of your own needs Python: "
        "{command}.",
        command=SERVE,
    )


def _foot(notebook: str = "") -> str:
    """Return the last line: what made the page, and how to have it with Python."""
    made = t("Made with kdviz {version}.", version=version("kdviz"))
    if not notebook:
        return made
    link = f'<a href="{quote(notebook)}" download>{escape(notebook)}</a>'
    command = f"<code>kdviz serve {escape(notebook)}</code>"
    live = t("With Python the whole page is live: download {notebook}, then {command}.", notebook=link, command=command)
    return f"{live} {made}"


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("kdviz.app.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _words() -> dict[str, str]:
    """Return the texts of the templates."""
    return {
        "skip": t("To the text"),
        "theme": t("Colours"),
        "auto": t("Auto"),
        "light": t("Light"),
        "dark": t("Dark"),
        "code": t("Code"),
        "all_code": t("Show all code"),
        "answered": t("{n} of {of} answered"),
        "site": t("Site"),
        "all": t("All pages"),
        "contents": t("On this page"),
        "onward": t("Lessons before and after"),
        "before": t("Before"),
        "after": t("Next"),
        "head": t("A small network learns from a large one. Read, predict, then see what came. No server is needed."),
        "without_script": t(
            "Text, tables and pictures are here. Questions, sliders and figures need JavaScript: allow it and reload."
        ),
    }
