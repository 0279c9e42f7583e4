"""A widget in a real browser without a server, under the stand-in for Jupyter that exported pages carry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from kdviz.widgets import bundle
from kdviz.widgets.recording import Frame
from kdviz.widgets.scene import Scene
from kdviz.widgets.stand_in import written
from kdviz.widgets.traits import View

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>widget</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body style="margin:16px"><main id="view"></main></body></html>"""

# Makes the widgets that were written down. A model's `log` records what would travel to Python.
MOUNT = """
async ([script, page, ids, scene, where]) => {
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const { dressed, unpacked, widgetsOf } = await import(url);
  dressed(page);
  for (const films of Object.values(page.films)) await Promise.all(Object.values(films).map(unpacked));
  const widgets = widgetsOf(page);
  for (const { model } of widgets.values()) {
    const send = model.send;
    model.log = [];
    model.save_changes = () => model.log.push({ saved: { ...model.state } });
    model.send = (content) => { model.log.push({ sent: content }); send(content); };
  }
  window.models = ids.map((id) => widgets.get(id).model);
  window.model = window.models[0];
  if (scene) window.scene = widgets.get(scene).model;
  const endings = [];
  for (const [index, id] of ids.entries()) {
    let el = document.getElementById(where);
    if (index) el = el.parentElement.appendChild(document.createElement("div"));
    endings.push(await widgets.get(id).render({ el }));
  }
  window.end = () => { for (const ending of endings.splice(0)) ending(); };
}
"""

# Makes what a module exports known to the page by name.
AS_GLOBALS = """async (text) => {
  Object.assign(window, await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" }))));
}"""


def hold_the_clock(page: Page) -> None:
    """Let time pass in the page by ``page.clock.run_for`` only, however busy the machine is."""
    page.clock.install(time=0)
    page.clock.pause_at(60)


def mounting(*widgets: View) -> list[Any]:
    """Return the argument of MOUNT: the stand-in, what it makes widgets of, and which of them are mounted."""
    scene = next((w.scene for w in widgets if getattr(w, "scene", None) is not None), None)
    script = bundle.script(Path(bundle.__file__).with_name("stand_in.js"))
    return [script, written(widgets), [w.model_id for w in widgets], scene and scene.model_id, "view"]


@pytest.fixture
def mount(page: Callable[..., Page]) -> Callable[..., Page]:
    """``mount(widget, *others, width=1280, dark=False)`` opens a page that shows the widget and returns it.

    In the page, ``model`` is the stand-in (``model.log`` is what would have been sent), ``models`` those of all
    widgets, ``scene`` that of their scene, and ``end()`` ends the views.
    """

    def show(*widgets: View, **options: Any) -> Page:
        opened = page(**options)
        opened.set_content(PAGE)
        opened.evaluate(MOUNT, mounting(*widgets))
        return opened

    return show


@pytest.fixture
def remount() -> Callable[[Page, View], None]:
    """``remount(page, widget)`` shows another widget's state in a page that is already open."""

    def show(opened: Page, widget: View) -> None:
        opened.evaluate("() => window.end()")
        opened.evaluate(MOUNT, mounting(widget))

    return show


STEPS = list(range(0, 1921, 120))
BRANCHED_AT = 480


def run_row(key: str, role: str, name: str, floor: float, **more: Any) -> dict[str, Any]:
    """Return what a scene tells of a run whose error falls from 90 % to near ``floor``."""
    values = [round(floor + (90 - floor) * 0.5 ** (step / 120), 3) for step in STEPS]
    given: dict[str, Any] = {"colour": 0, "hidden": False, "edits": [], "from": None, "note": "", "test": None}
    best = {"step": STEPS[-1], "value": values[-1]}
    row = {"id": key, "role": role, "name": name, "steps": STEPS, "values": values, "best": best}
    return row | given | {"removable": role == "branch", "total_steps": STEPS[-1]} | more


def branch_row(number: int, parent: dict[str, Any]) -> dict[str, Any]:
    """Return a branch that shares its parent's past up to its step, and ends higher the later it came."""
    own = run_row(f"b{number}", "branch", f"Branch {number + 1}", 1.0 + number, colour=number)
    values = [v if s <= BRANCHED_AT else w for s, v, w in zip(STEPS, parent["values"], own["values"], strict=True)]
    return own | {
        "values": values,
        "from": BRANCHED_AT,
        "edits": [{"step": BRANCHED_AT, "name": "temperature", "text": "T = 1"}],
    }


@pytest.fixture
def runs_scene() -> Callable[..., Scene]:
    """``runs_scene(branches=0, frames=17, **traits)``: a finished student with its twins and branches, all filmed.

    In a frame of step s every student logit is s.
    """

    def make(branches: int = 0, frames: int = 17, **traits: Any) -> Scene:
        student = run_row("s", "student", "Student", 2.0, test=203)
        twins = [
            run_row("t", "twin", "Twin, no teacher", 3.0, test=243),
            run_row("l", "smoothed", "Twin, label smoothing", 2.5, test=231),
        ]
        runs = [student, *twins, *[branch_row(i, student) for i in range(branches)]]
        given = {"classes": ["a", "b"], "teacher_logits": np.ones((3, 2)), "labels": [0, 1, 0], "captions": ["x"] * 3}
        told = {"runs": runs, "shown_run": "s", "teacher_error": 0.67, "total_steps": STEPS[-1], "state": "finished"}
        scene = Scene(**(given | told | traits))
        for run in runs:
            for step in np.linspace(0, STEPS[-1], frames).astype(int):
                scene.record(run["id"], Frame.of(int(step), np.full((3, 2), float(step))))
        return scene

    return make
