"""A run whose line was cut goes on; one whose kernel or server was killed ends as if nothing had been."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import kdviz as kd

from ..conftest import KEPT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

BROWSER = "5e" * 16
CHOSEN = {"labels": 300, "units": 16, "epochs": 1500, "batch_size": 64, "smoothing": False}  # 7,500 steps
QUERY = "labels=300&units=16&epochs=1500&batch_size=64&smoothing=0"

# The sockets that a page has opened.
KNOWN = """
window.sockets = [];
window.WebSocket = class extends WebSocket { constructor(...given) { super(...given); sockets.push(this); } };
"""
AGAIN = "(before) => sockets.length > before && sockets.at(-1).readyState === WebSocket.OPEN"
LATER = "(before) => document.querySelector('[role=progressbar]').ariaValueNow > before"


def test_a_run_whose_line_was_cut_and_whose_kernel_was_killed_ends_as_if_nothing_had_been(
    serve: Callable[..., Any],
    page: Callable[..., Page],
    watch: Any,
    benchmark: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KDVIZ_KEEP", str(KEPT))
    killed, server = benchmark("killed"), serve()
    shown = page()
    shown.add_init_script(KNOWN)
    killed.begun(shown, f"{server.url}?{QUERY}")
    store = killed.SessionStore(shown.evaluate(killed.TOKEN))
    while not store.offers() or not store.offers()[0].steps_done:
        expect(shown.locator(".kd-transport[data-state=running]")).to_be_visible()
        shown.wait_for_timeout(50)
    before = killed.step(shown)
    count = shown.evaluate("() => { sockets.at(-1).close(); return sockets.length; }")  # at once: it opens another soon
    shown.wait_for_function(AGAIN, arg=count)
    shown.wait_for_function(LATER, arg=before)
    expect(shown.locator("#kd-lost")).to_be_hidden()
    killed.kernel(server.pid, shown.evaluate(killed.KERNEL)).kill()
    step = killed.step(shown)
    killed.taken_up(shown)
    assert 0 < killed.step(shown) < 7500 and step < 7500
    again = killed.gone_on(shown)
    lab = kd.panels.Lab(**CHOSEN)
    try:
        lab._opened(BROWSER, "")
        lab.command("train")
        assert lab.wait("finished")
    finally:
        lab.close()
    undisturbed = killed.summary(BROWSER)
    assert killed.difference(undisturbed, again) == ""
    assert len(next(iter(again.values()))["evaluations"]) > 20
    watch.errors.clear()
    watch.failed.clear()


@pytest.mark.full
def test_ten_killed_servers_and_kernels(
    benchmark: Callable[[str], ModuleType], monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["killed.py"])
    monkeypatch.setenv("KDVIZ_KEEP", str(tmp_path))
    assert benchmark("killed").main() == 0
