"""A widget's text in a real browser without a server: its ESM from a Blob, its traits in a stand-in model."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from kdviz.widgets.library import Library
from kdviz.widgets.recording import Frame
from kdviz.widgets.scene import Scene
from kdviz.widgets.traits import Stateful, View

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>widget</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body style="margin:16px"><main id="view"></main></body></html>"""

# What a view asks of its model. `log` records what would travel to Python. A scene's model answers {need: run} with
# the frames recorded in Python, as the kernel does.
MOUNT = """
async ([states, scene, where, library]) => {
  const view = (value) => new DataView(Uint8Array.from(atob(value.base64), (c) => c.charCodeAt(0)).buffer);
  const standIn = (state, answer = () => {}) => {
    const subs = {}, log = [];
    for (const [name, value] of Object.entries(state)) if (value?.base64 !== undefined) state[name] = view(value);
    return {
      state, subs, log,
      get: (name) => state[name],
      set(name, value) {
        if (state[name] === value) return;
        state[name] = value;
        for (const callback of [...(subs[`change:${name}`] ?? [])]) callback();
      },
      on: (event, callback) => (subs[event] ??= []).push(callback),
      off: (event, callback) => { subs[event] = (subs[event] ?? []).filter((kept) => kept !== callback); },
      save_changes: () => log.push({ saved: { ...state } }),
      send(content) { log.push({ sent: content }); answer(content); },
      widget_manager: {
        get_model: async (id) => {
          if (id === scene?.id) return window.scene;
          return id === library.id ? standIn(library.state) : Promise.reject(new Error(`no model ${id}`));
        },
      },
    };
  };
  if (scene) {
    window.scene = standIn(scene.state, ({ need }) => {
      if (need === undefined) return;
      const film = scene.films[need] ?? [];
      const frames = film.map(({ step, scale }) => ({ run: need, step, scale }));
      queueMicrotask(() => {
        for (const hear of window.scene.subs["msg:custom"] ?? []) hear({ frames, whole: need }, film.map(view));
      });
    });
  }
  window.models = [];
  const endings = [];
  for (const [index, state] of states.entries()) {
    const style = document.createElement("style");
    style.textContent = state._css;
    document.head.append(style);
    const module = await import(URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" })));
    const model = standIn(state);
    window.models.push(model);
    let el = document.getElementById(where);
    if (index) el = el.parentElement.appendChild(document.createElement("div"));
    endings.push(await module.default.render({ model, el }));
  }
  window.model = window.models[0];
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


def state_of(widget: Stateful) -> dict[str, Any]:
    """Return all that a view can ask for, with bytes as base64 and a scene as the reference to it."""
    names = [*widget.own_traits(), "_esm", "_css", "_library"]
    values = {name: getattr(widget, name) for name in names if hasattr(widget, name)}
    return {name: _json_of(value) for name, value in values.items()}


def _json_of(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    return f"IPY_MODEL_{value.model_id}" if isinstance(value, Scene | Library) else value


def films_of(scene: Scene) -> dict[str, list[dict[str, Any]]]:
    """Return every recorded frame by run, as the kernel would send it."""
    return {
        run: [{"step": f.step, "scale": f.scale, **_json_of(f.numbers.tobytes())} for f in film.frames]
        for run, film in scene.films.items()
    }


def mounting(*widgets: View) -> list[Any]:
    """Return the argument of MOUNT: states of the views and, if they have one, their scene."""
    scene = next((w.scene for w in widgets if getattr(w, "scene", None) is not None), None)
    told = None
    if scene is not None:
        told = {"id": scene.model_id, "state": state_of(scene), "films": films_of(scene)}
    shared = widgets[0]._library
    library = {"id": shared.model_id, "state": {name: getattr(shared, name) for name in ("text", "style", "mark")}}
    return [[state_of(w) for w in widgets], told, "view", library]


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
