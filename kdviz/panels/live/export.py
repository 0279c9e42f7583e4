"""Export: a panel as one HTML file that needs no kernel, no server and no network.

The file carries the widgets' own JavaScript and CSS, their state as JSON (numbers as base64) and the films of all runs.
`standin.js` plays the part of Jupyter: models that are set and listened to, and nobody behind them.
"""

from __future__ import annotations

import base64
import gzip
import html
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np

from ...figures.one_file import policy, script_json, write_whole
from ...widgets import Bias, Scene, bundle
from ...widgets.library import Library
from ...widgets.recording import LogitRecording
from ...widgets.traits import Stateful, View

LOCKED = ("branch", "diagnosis", "repeat")  # controls that ask Python
UNDER_WAY = ("loading", "running")
BOXES = {ipywidgets.Box: "widget-box", ipywidgets.VBox: "widget-vbox", ipywidgets.HBox: "widget-hbox"}
LEFT_OUT_OF_STATE = ("layout", "tabbable", "tooltip")

Changes = Mapping[ipywidgets.Widget, Mapping[str, Any]]


def write(view: ipywidgets.Widget, path: str | Path, *, title: str, changes: Changes | None = None) -> Path:
    """Write ``view`` with all it shows now into one HTML file; see :meth:`kdviz.panels.live.panel.Panel.to_html`.

    Parameters
    ----------
    view : Box or kdviz widget
    path : path
        Replaced in one go if it is there.
    title : str
    changes : dict of widget to dict, optional
        Values by trait name that stand in the file in place of those of now.

    Returns
    -------
    pathlib.Path
    """
    return write_whole(path, page(view, title=title, changes=changes))


def page(view: ipywidgets.Widget, *, title: str, changes: Changes | None = None) -> str:
    """Return the text of the file."""
    views: list[View] = []
    body = _layout(view, views)
    scenes = list({id(v.scene): v.scene for v in views if getattr(v, "scene", None) is not None}.values())
    drawn = [v for v in views if not _needs_python(v)]
    models = {v.model_id: _state(v, (changes or {}).get(v, {})) for v in drawn}
    left_out = [v.part for v in views if _needs_python(v)]
    libraries = [v._library for v in drawn if v._library is not None]
    models |= {library.model_id: _state(library, {}) for library in libraries}
    models |= {s.model_id: _state(s, {**_scene_changes(s, left_out), **(changes or {}).get(s, {})}) for s in scenes}
    films = {s.model_id: {run: _film(film) for run, film in dict(s.films).items() if len(film)} for s in scenes}
    modules = {v.model_id: str(v._esm) for v in drawn}
    texts = list(dict.fromkeys(modules.values()))
    data = {
        "models": models,
        "films": films,
        "modules": texts,
        "module_of": {model: texts.index(text) for model, text in modules.items()},
    }
    script = Path(__file__).with_name("standin.js").read_text(encoding="utf-8")
    sheets = dict.fromkeys(str(v._css) for v in views)
    now = datetime.now(UTC)
    return TEMPLATE.format(
        policy=policy(script, modules=True),
        title=html.escape(title),
        heading=html.escape(title),
        style=_safe_in_style("\n".join([bundle.library().css, PAGE_STYLE, *sheets])),
        body=body,
        when=now.isoformat(timespec="seconds"),
        said=f"{now.day} {now:%B %Y, %H:%M} UTC",
        version=version("kdviz"),
        data=script_json(data),
        script=script,
    )


def _layout(widget: ipywidgets.Widget, views: list[View]) -> str:
    """Return nested divs for boxes and a place for each of our widgets, which are collected in ``views``."""
    if isinstance(widget, View):
        views.append(widget)
        if _needs_python(widget):
            return ""
        return f'<div class="{_classes(widget)}" data-model="{html.escape(widget.model_id)}"></div>'
    if isinstance(widget, ipywidgets.Box):
        inside = "".join(_layout(child, views) for child in widget.children)
        return f'<div class="{_classes(widget)}">{inside}</div>'
    raise TypeError(
        f"a panel of boxes and kdviz's own widgets can be written as one file, got a {type(widget).__name__} in it; "
        "take it out of the panel's view"
    )


def _classes(widget: ipywidgets.Widget) -> str:
    names = [name for kind, name in BOXES.items() if isinstance(widget, kind)]
    return html.escape(" ".join([*names, *widget._dom_classes]))


def _needs_python(view: View) -> bool:
    """Whether a view is nothing without Python; the groups' rates are something once they were measured."""
    return view.needs_python or (isinstance(view, Bias) and not view.found)


def _parts_of_python(kind: type[View]) -> list[str]:
    """Return the parts of a page that are nothing without Python, whether this page has them or not."""
    own = [kind.part] if kind.needs_python and kind.part else []
    return own + [part for more in kind.__subclasses__() for part in _parts_of_python(more)]


def _scene_changes(scene: Scene, left_out: Sequence[str]) -> dict[str, Any]:
    """Return what of a scene is otherwise where there is no Python; parts that are left out cannot be chosen."""
    hidden = list(dict.fromkeys([*scene.hidden, *_parts_of_python(View), *left_out]))
    return {
        "hidden": hidden,
        "locked": list(dict.fromkeys([*scene.locked, *LOCKED])),
        "view": "one" if scene.view in hidden else scene.view,
        "state": "paused" if scene.state in UNDER_WAY else scene.state,
    }


def _state(view: Stateful | Library, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what JavaScript may ask of a widget, as it would travel to the page."""
    state = view.get_state()
    asked = {name: value for name, value in state.items() if not name.startswith("_") or name == "_library"}
    own = {name: value for name, value in asked.items() if name not in LEFT_OUT_OF_STATE}
    return {name: _json_of(value) for name, value in {**own, **changes}.items()}


def _json_of(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Mapping):
        return {str(key): _json_of(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_json_of(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no word for it
    return value


def _film(film: LogitRecording) -> dict[str, Any]:
    """Return a film: steps, scales, and the frames' numbers one after the other, packed."""
    frames = film.frames
    numbers = np.concatenate([frame.numbers.ravel() for frame in frames]).astype("<i2")
    packed = gzip.compress(numbers.tobytes(), mtime=0)
    return {
        "steps": [frame.step for frame in frames],
        "scales": [frame.scale for frame in frames],
        "packed": base64.b64encode(packed).decode("ascii"),
    }


def _safe_in_style(text: str) -> str:
    return text.replace("</", "<\\/")


PAGE_STYLE = """
:root { color-scheme: light dark; }
body {
  margin: 0; background: light-dark(#ffffff, #111111); color: light-dark(#1f2328, #eceef0);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif;
}
.kd-export { max-width: 1680px; margin: 0 auto; padding: 16px clamp(12px, 2.4vw, 40px) 48px; box-sizing: border-box; }
.kd-export > h1 { margin: 0 0 16px; font-size: clamp(1.625rem, 6vw, 2.25rem); line-height: 1.25; }
.kd-export > footer, .kd-export > noscript, .kd-undrawn {
  color: light-dark(#59616b, #aab1ba); font-size: 0.875rem; max-width: 68ch;
}
[hidden] { display: none !important; }
.kd-export > footer { margin-top: 24px; }
.widget-box { box-sizing: border-box; display: flex; margin: 0; min-width: 0; }
.widget-vbox { flex-direction: column; gap: 16px; }
.widget-hbox { flex-direction: row; }
.widget-box:empty { display: none !important; }
"""

TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="kdviz {version}">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
{style}
</style>
</head>
<body>
<main class="kd-export">
<h1>{heading}</h1>
<noscript>What is recorded here is drawn by JavaScript. Allow it for this file and reload.</noscript>
{body}
<footer>Made on <time datetime="{when}">{said}</time> with kdviz {version}. What was recorded is all here: temperature,
steps and examples can be moved. Training, branches and the digit pad need Python: <code>kdviz serve</code>.</footer>
</main>
<script type="application/json" id="kd-export">{data}</script>
<script>{script}</script>
</body>
</html>
"""
