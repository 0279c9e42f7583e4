"""What the pages of a site share, each once: modules, long texts, style sheets, plotly's library.

A page that is opened from disk may neither import a module nor fetch a file. It may load classic scripts, so each part
is one, which only puts a text down by its name; ``widgets/site.js`` makes modules of the texts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kdviz.app import places
from kdviz.figures.one_file import script_json
from kdviz.widgets import bundle

STATIC = Path(__file__).parent / "static"
PAGE_STATIC = places.STATIC
SHARED_FROM = 2000  # characters of a widget's text from which it is a part of its own
FOLDER = "assets"


class Parts:
    """Files of the folder ``assets``.

    Attributes
    ----------
    files : dict of str to bytes
        Contents by place on the site.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.style = self._add("site.css", _style())
        self.head = self._add("head.js", _file(PAGE_STATIC / "theme.js") + _file(STATIC / "head.js"))
        script = bundle.script(Path(bundle.__file__).with_name("site.js"))
        self.script = self._add("site.js", f"(() => {{\n{script}}})();\n")
        self.icon = self._add("icon.svg", _file(PAGE_STATIC / "icon.svg"))
        self.files[f"{FOLDER}/stix-two-math.woff2"] = (PAGE_STATIC / "stix-two-math.woff2").read_bytes()
        self.files[f"{FOLDER}/stix-two-math.OFL.txt"] = (PAGE_STATIC / "stix-two-math.OFL.txt").read_bytes()

    def miniatures(self) -> str:
        """Return the place of the index's small pictures with their numbers."""
        numbers = json.loads(_file(PAGE_STATIC / "miniatures.json"))
        text = f"globalThis.kdvizMiniatures = {script_json(numbers)};\n" + _file(PAGE_STATIC / "miniatures.js")
        return self._add("miniatures.js", text)

    def figures(self) -> str:
        """Return the place of plotly's library."""
        from plotly.offline import get_plotlyjs

        return self._add("plotly.js", get_plotlyjs())

    def taken_out(self, page: Mapping[str, Any]) -> tuple[dict[str, Any], list[str], list[str]]:
        """Take out of a page's widgets what others share.

        Parameters
        ----------
        page : mapping
            What ``kdviz.widgets.stand_in.written`` returns.

        Returns
        -------
        dict
            The page with names in place of modules and long texts (``texts``: by widget and trait).
        list of str
            Places of the scripts that it needs.
        list of str
            Places of its style sheets.
        """
        scripts: list[str] = []

        def named(text: str) -> str:
            name = _name(text)
            place = self._add(f"{name}.js", f'(globalThis.kdvizParts ??= {{}})["{name}"] = {script_json(text)};\n')
            if place not in scripts:
                scripts.append(place)
            return name

        models, texts = {}, {}
        for key, state in page["models"].items():
            long = {name for name, value in state.items() if isinstance(value, str) and len(value) >= SHARED_FROM}
            models[key] = {name: value for name, value in state.items() if name not in long}
            if long:
                texts[key] = {name: named(state[name]) for name in sorted(long)}
        sheets = [self._add(f"{_name(sheet)}.css", sheet) for sheet in page["sheets"] if sheet.strip()]
        modules = [named(text) for text in page["modules"]]
        return {**page, "models": models, "texts": texts, "modules": modules, "sheets": []}, scripts, sheets

    def _add(self, name: str, text: str) -> str:
        place = f"{FOLDER}/{name}"
        self.files[place] = text.encode()
        return place


def _style() -> str:
    font = (
        '@font-face { font-family: "STIX Two Math"; src: local("STIX Two Math"), '
        'url("stix-two-math.woff2") format("woff2"); font-display: swap; }\n'
    )
    return font + _file(PAGE_STATIC / "page.css") + _file(STATIC / "site.css")


def _file(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _name(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def renamed(text: str) -> str:
    """Return what a notebook showed, as JSON, with its widgets named in order: the same site from the same notebooks.

    >>> renamed('["0123456789abcdef0123456789abcdef", "anywidget:0123456789abcdef0123456789abcdef"]')
    '["w1", "anywidget:w1"]'
    """
    names: dict[str, str] = {}
    for found in re.findall(r'(?<=["_:])[0-9a-f]{32}(?=")', text):
        names.setdefault(found, f"w{len(names) + 1}")
    return re.sub(r'(?<=["_:])[0-9a-f]{32}(?=")', lambda found: names[found[0]], text)
