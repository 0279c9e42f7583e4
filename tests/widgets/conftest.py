"""A widget's text in a real browser without a server: its ESM from a Blob, its traits in a stand-in model."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from kdviz.widgets.traits import View

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>widget</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body style="margin:16px"><main id="view"></main></body></html>"""

# What a view asks of its model. `log` records what would travel to Python.
MOUNT = """
async ([state, where]) => {
  const subs = {}, log = [];
  for (const [name, value] of Object.entries(state)) {
    if (value?.base64 === undefined) continue;
    state[name] = new DataView(Uint8Array.from(atob(value.base64), (c) => c.charCodeAt(0)).buffer);
  }
  const model = {
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
    send: (content) => log.push({ sent: content }),
  };
  const style = document.createElement("style");
  style.textContent = state._css;
  document.head.append(style);
  const module = await import(URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" })));
  window.model = model;
  window.end = module.default.render({ model, el: document.getElementById(where) });
}
"""


def state_of(widget: View) -> dict[str, Any]:
    """Return all that a view can ask for, with bytes as base64."""
    names = [*widget.own_traits(), "_esm", "_css"]
    values = {name: getattr(widget, name) for name in names}
    return {
        name: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in values.items()
    }


@pytest.fixture
def mount(page: Callable[..., Page]) -> Callable[..., Page]:
    """``mount(widget, *, width=1280, dark=False)`` opens a page that shows the widget and returns it.

    In the page, ``model`` is the stand-in (``model.log`` is what would have been sent) and ``end()`` ends the view.
    """

    def show(widget: View, **options: Any) -> Page:
        opened = page(**options)
        opened.set_content(PAGE)
        opened.evaluate(MOUNT, [state_of(widget), "view"])
        return opened

    return show


@pytest.fixture
def remount() -> Callable[[Page, View], None]:
    """``remount(page, widget)`` shows another widget's state in a page that is already open."""

    def show(opened: Page, widget: View) -> None:
        opened.evaluate("() => window.end()")
        opened.evaluate(MOUNT, [state_of(widget), "view"])

    return show
