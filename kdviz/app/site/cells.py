"""Executed cells as HTML: text with formulas, tables, pictures, figures, places for widgets, folded code."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from typing import Any

from nbconvert.filters.markdown_mistune import MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from kdviz.app.mathml import MathRenderer
from kdviz.figures.one_file import script_json
from kdviz.lessons.student import GAP
from kdviz.words import t

from .links import Links

PLOTLY = "application/vnd.plotly.v1+json"
FIGURE_HEIGHT = 450  # plotly's own
PICTURES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp")
HIDDEN = "hide-input"  # tag of a cell that only draws
SECTION = re.compile(r"<h[12][ >]")
HEADING = re.compile(r'<h2 id="([^"]*)">(.*?)</h2>', re.DOTALL)
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
TAGS = re.compile(r"<[^>]*>")


@dataclass
class Drawn:
    """What a page is made of.

    Attributes
    ----------
    body : str
        HTML.
    headings : list of (str, str)
        Place on the page and words (HTML without tags) of the second-level headings.
    figures : list of dict
        Of plotly, in order.
    """

    body: str = ""
    headings: list[tuple[str, str]] = field(default_factory=list)
    figures: list[dict[str, Any]] = field(default_factory=list)


def drawn(cells: list[dict[str, Any]], links: Links) -> Drawn:
    """Return the cells of a notebook as HTML.

    What a cell brings after a question of the same section waits until that is answered, and so does the text below it;
    a cell that brings the truth of a question waits for that wherever it stands.
    """
    made, waiting = Drawn(), _Waiting()
    parts: list[tuple[str, str]] = []  # questions that a part waits for, and its HTML
    for cell in cells:
        if cell["kind"] == "markdown":
            html = _with_note(_rendered(cell["source"], links, cell.get("attachments", {})), links)
            begins = SECTION.search(html)
            before, after = (html[: begins.start()], html[begins.start() :]) if begins else (html, "")
            parts.append((waiting.for_text, _column(before)))
            if after:
                waiting = _Waiting()
                parts.append(("", _column(after)))
        elif cell["kind"] == "code":
            questions = waiting.for_cell(cell)
            parts.append((questions, _code_cell(cell, links, made)))
    chunks = groupby((part for part in parts if part[1]), key=lambda part: part[0])
    made.body = "\n".join(_joined(questions, [html for _, html in some]) for questions, some in chunks)
    made.headings = [(place, TAGS.sub("", words)) for place, words in HEADING.findall(made.body)]
    return made


class _Waiting:
    """What waits in a section: for the questions that came first."""

    def __init__(self) -> None:
        self._asked: list[str] = []
        self.for_text = ""  # the questions that text waits for, once something does

    def for_cell(self, cell: Mapping[str, Any]) -> str:
        """Return the questions that a cell waits for."""
        asks = [one for output in cell["outputs"] for one in output.get("asks", ())]
        self._asked += [one for one in cell.get("reveals", ()) if one not in self._asked]
        if asks:
            self._asked += asks if len(asks) == 1 else []  # nothing waits for a quiz
            self.for_text = ""
            return ""
        if not cell["outputs"] or _is_exercise(cell):
            return self.for_text
        self.for_text = " ".join(self._asked)
        return self.for_text


class _Renderer(MathRenderer):
    """Markdown of a page: links and pictures as they are on the site, headings that can be linked to."""

    def __init__(self, links: Links, attachments: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(None, escape=False, exclude_anchor_links=True, attachments=dict(attachments))
        self._links = links

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return self._links.html(text, url)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        source = self._embed_image_or_attachment(url) if url.startswith("attachment:") else self._links.picture(url)
        return f'<img src="{escape(source)}" alt="{escape(TAGS.sub("", text))}">'

    def heading(self, text: str, level: int, **_: Any) -> str:
        return f'<h{level} id="{self._links.place(TAGS.sub("", text))}">{text}</h{level}>\n'

    def table(self, text: str) -> str:
        return _scrolled(f"<table>\n{text}</table>")


def _rendered(source: str, links: Links, attachments: Mapping[str, Mapping[str, str]] | None = None) -> str:
    return str(MarkdownWithMath(renderer=_Renderer(links, attachments or {})).render(source))


def _column(html: str) -> str:
    return f'<div class="kd-site-text">{html}</div>' if html.strip() else ""


def _with_note(html: str, links: Links) -> str:
    """Say once, at the end of the section with the first link to the Lab, that it plays a recorded run."""
    note = links.lab_note()
    if not note:
        return html
    ends = SECTION.search(html, html.index(links.lab_link))
    at = ends.start() if ends else len(html)
    return f'{html[:at]}<p class="kd-site-needs">{note}</p>\n{html[at:]}'


def _is_exercise(cell: Mapping[str, Any]) -> bool:
    return GAP in cell["source"] or any("checked" in output or "waits" in output for output in cell["outputs"])


def _code_cell(cell: Mapping[str, Any], links: Links, made: Drawn) -> str:
    outputs = "\n".join(_output(output, links, made) for output in cell["outputs"])
    folded = code(cell["source"], hidden=HIDDEN in cell["tags"], opened=_is_exercise(cell))
    return f'<div class="kd-site-cell">{folded}{outputs}</div>'


def code(source: str, *, hidden: bool = False, opened: bool = False) -> str:
    """Return Python, folded: ``hidden`` where it only draws, ``opened`` where it is an exercise's text."""
    if not source.strip():
        return ""
    text = highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n")
    look = "kd-code kd-code-hidden" if hidden else "kd-code"
    state = " open data-kd-exercise" if opened else ""
    return (
        f'<details class="{look}"{state}><summary>{escape(t("Code"))}</summary>'
        f'<pre tabindex="0"><code>{text}</code></pre></details>'
    )


def _joined(questions: str, parts: list[str]) -> str:
    """Return parts one after the other; those that wait for questions come once these are answered, or on request."""
    html = "\n".join(parts)
    if not questions:
        return html
    note = escape(t("What came is shown once you have answered the question above."))
    return (
        f'<div class="kd-site-after" data-kd-after="{questions}"><p class="kd-site-after-note">{note} '
        f'<button type="button">{escape(t("Show it now"))}</button></p>\n'
        f'<div class="kd-site-after-body">\n{html}\n</div></div>'
    )


def _output(output: Mapping[str, Any], links: Links, made: Drawn) -> str:
    if "widget" in output:
        return f'<div class="kd-site-widget" data-widget="{output["widget"]}"></div>'
    if "print" in output:
        return _printed(output["print"])
    if output.get("passed"):
        return str(output["checked"])
    if "checked" in output:
        return f'<p class="kd-site-needs">{links.exercise()}</p>'
    if "waits" in output:
        return f'<p class="kd-site-needs">{escape(t("This cell waits for your code."))}</p>'
    if "needs_python" in output:
        return f'<p class="kd-site-needs">{links.needs_python()}</p>'
    return _of_data(output["data"], links, made)


def _of_data(data: Mapping[str, Any], links: Links, made: Drawn) -> str:
    if PLOTLY in data:
        return _figure(data[PLOTLY], made)
    if "text/html" in data:
        return _scrolled(data["text/html"])
    if "text/markdown" in data:
        return _column(_rendered(data["text/markdown"], links))
    for kind in PICTURES:
        if kind in data:
            content = data[kind] if kind != "image/svg+xml" else base64.b64encode(data[kind].encode()).decode()
            alt = escape(data.get("text/plain", ""))
            return f'<img src="data:{kind};base64,{content}" alt="{alt}">'
    if "text/latex" in data:
        return _column(_rendered(data["text/latex"], links))
    return _printed(data.get("text/plain", ""))


def _figure(figure: Mapping[str, Any], made: Drawn) -> str:
    """Return the place of a figure, which is drawn when it comes into sight, and its numbers."""
    number = len(made.figures)
    made.figures.append(dict(figure))
    layout = figure.get("layout", {})
    title = (layout.get("title") or {}).get("text", "") if isinstance(layout.get("title"), dict) else ""
    label = escape(TAGS.sub("", title) or t("Figure"))
    height = int(layout.get("height") or FIGURE_HEIGHT)
    wide = f";max-width:{int(layout['width'])}px" if layout.get("width") else ""
    shown = {"data": figure.get("data", []), "layout": _on_page(layout)}
    return (
        f'<div class="kd-site-figure" role="img" aria-label="{label}" data-figure="kd-figure-{number}" '
        f'style="height:{height}px{wide}"></div>'
        f'<script type="application/json" id="kd-figure-{number}">{script_json(shown)}</script>'
    )


def _on_page(layout: Mapping[str, Any]) -> dict[str, Any]:
    """Return a layout without its width and without its template's ground and grid, which are the page's to set."""
    template = (layout.get("template") or {}).get("layout", {})
    colours = {name: template[name] for name in ("colorway", "colorscale") if name in template}
    return {**colours, **{name: value for name, value in layout.items() if name not in ("template", "width")}}


def _printed(text: str) -> str:
    lines = [line.rsplit("\r", 1)[-1] for line in ANSI.sub("", text).rstrip("\n").split("\n")]
    return f'<pre class="kd-site-printed" tabindex="0">{escape(chr(10).join(lines))}</pre>' if any(lines) else ""


def _scrolled(html: str) -> str:
    return f'<div class="kd-site-table" tabindex="0" role="group" aria-label="{escape(t("Table"))}">{html}</div>'
