"""Export: a panel as one HTML file that needs no kernel, no server and no network.

The file carries the widgets' own JavaScript and CSS, their state and the films of all runs, as `widgets/stand_in.py`
writes them down; `widgets/exported.js` opens it.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ipywidgets

from ...figures.one_file import policy, script_json
from ...whole_files import write_whole
from ...widgets import Runs, Scene, bundle
from ...widgets.from_page import Box
from ...widgets.stand_in import Changes, within, written
from ...widgets.traits import View
from ...words import language, mark, t

LOCKED = ("branch", "diagnosis", "repeat", "twins")  # controls that ask Python
UNDER_WAY = ("loading", "running")
WITHOUT_SCRIPT = mark("What is recorded here is drawn by JavaScript. Allow it for this file and reload.")
MADE = mark(
    "Made on {when} with kdviz {version}. What was recorded is all here: temperature, steps and examples can be moved. "
    "Training, branches and the digit pad need Python: {command}."
)
MONTHS = (
    mark("January"),
    mark("February"),
    mark("March"),
    mark("April"),
    mark("May"),
    mark("June"),
    mark("July"),
    mark("August"),
    mark("September"),
    mark("October"),
    mark("November"),
    mark("December"),
)


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
    without = without_python(view, changes)
    script = bundle.script(Path(bundle.__file__).with_name("exported.js"))
    return TEMPLATE.format(
        policy=policy(script, modules=True),
        title=html.escape(title),
        heading=html.escape(title),
        style=PAGE_STYLE,
        widget=html.escape(view.model_id),
        language=language(),
        without_script=html.escape(t(WITHOUT_SCRIPT)),
        made=_made(datetime.now(UTC)),
        version=version("kdviz"),
        data=script_json(written([view], without)),
        script=script,
    )


def without_python(view: ipywidgets.Widget, changes: Changes | None = None) -> Changes:
    """Return what stands in a page without Python in place of what the widgets of ``view`` hold now.

    Parameters
    ----------
    view : Box or kdviz widget
    changes : dict of widget to dict, optional
        More of the kind, by widget and trait name; they come first.
    """
    everything = list(within(view))
    without: dict[ipywidgets.Widget, Mapping[str, Any]] = {**(changes or {})}
    without |= {one: {**without.get(one, {}), "undo": ""} for one in everything if isinstance(one, Runs)}
    for box in everything:
        if isinstance(box, Box):
            without[box] = {"children": [one for one in box.children if not _needs_python(one)]}
    left_out = [v.part for v in everything if _needs_python(v)]
    for scene in {v.scene for v in everything if isinstance(getattr(v, "scene", None), Scene)}:
        without[scene] = {**_scene_changes(scene, left_out), **without.get(scene, {})}
    return without


def _made(now: datetime) -> str:
    """Return the footer: when it was made, and what it can do."""
    date = t("{day} {month} {year}", day=now.day, month=t(MONTHS[now.month - 1]), year=now.year)
    when = f'<time datetime="{now.isoformat(timespec="seconds")}">{date}, {now:%H:%M} UTC</time>'
    return t(MADE, when=when, version=version("kdviz"), command="<code>kdviz serve</code>")


def _needs_python(widget: ipywidgets.Widget) -> bool:
    """Whether a view is nothing without Python; what was measured is something, such as the groups' rates."""
    return isinstance(widget, View) and (widget.needs_python or not getattr(widget, "found", True))


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
        "runs": [row | {"removable": False} for row in scene.runs],
        "earlier": [row | {"removable": False} for row in scene.earlier if row["same_page"]],
        "state": "paused" if scene.state in UNDER_WAY else scene.state,
    }


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
"""

TEMPLATE = """<!DOCTYPE html>
<html lang="{language}">
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
<noscript>{without_script}</noscript>
<div data-widget="{widget}"></div>
<footer>{made}</footer>
</main>
<script type="application/json" id="kd-export">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""
