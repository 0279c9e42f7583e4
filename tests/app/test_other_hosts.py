"""Panels in a host without Jupyter's widgets: marimo, where it is installed."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(importlib.util.find_spec("marimo") is None, reason="marimo is not installed"),
]

READY_MS = 120_000
NOTEBOOK = """
import marimo
app = marimo.App(width="full")

@app.cell
def _():
    import kdviz as kd
    shown = {shown}
    shown
    return

if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def marimo(tmp_path: Path, page: Callable[..., Page]) -> Iterator[Callable[[str], Page]]:
    """``marimo(expression)`` opens a notebook whose one cell shows the value, in marimo's dark theme."""
    servers: list[subprocess.Popen[bytes]] = []

    def show(expression: str) -> Page:
        notebook = tmp_path / "notebook.py"
        notebook.write_text(NOTEBOOK.format(shown=expression))
        (tmp_path / ".marimo.toml").write_text('[display]\ntheme = "dark"\n')
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = ["--headless", "--no-token", "--host", "127.0.0.1", "--port", str(port)]
        command = [sys.executable, "-m", "marimo", "run", str(notebook), *options]
        env = {**os.environ, "KDVIZ_KEEP": str(tmp_path / "kept")}
        servers.append(subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL))
        url = f"http://127.0.0.1:{port}/"
        answers_within(url, READY_MS / 1000)
        return page(url)

    yield show
    for server in servers:
        server.terminate()
        server.wait(30)


def answers_within(url: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            assert time.monotonic() < deadline, f"{url} does not answer"


def teacher_bars(page: Page) -> list[str]:
    return page.locator(".kd-hero .kd-row .kd-p-teacher").all_inner_texts()


def test_a_view_is_drawn_with_its_own_style_in_the_theme_of_the_host(marimo):
    given = "classes=['a', 'b'], teacher_logits=[[2.0, 1.0]], student_logits=[[1.0, 1.5]]"
    page = marimo(f"kd.widgets.SoftTargets({given})")
    expect(page.locator(".kd-card")).to_have_css("background-color", "rgb(33, 33, 33)", timeout=READY_MS)


def test_the_lab_trains_and_its_views_share_the_temperature(marimo):
    page = marimo("kd.panels.Lab(labels=300, epochs=2)")
    train = page.get_by_role("button", name="Train", exact=True)
    train.wait_for(timeout=READY_MS)
    before = teacher_bars(page)
    page.get_by_role("slider", name=re.compile("Temperature")).press("End")
    expect(page.locator(".kd-hero .kd-row .kd-p-teacher").first).not_to_have_text(before[0])
    train.click()
    expect(page.get_by_role("button", name="New run")).to_be_visible(timeout=READY_MS)
    left, right = (page.locator(f".kd-lab-{side}").bounding_box() for side in ("left", "right"))
    assert left["x"] + left["width"] <= right["x"]


def test_two_models_are_compared(marimo):
    page = marimo("kd.panels.Compare('mnist-mlp-1200', 'mnist-mlp-overfit')")
    expect(page.get_by_role("radiogroup", name="Show")).to_be_visible(timeout=READY_MS)
    expect(page.get_by_text("The student agrees with the teacher on 869 of 1,000 examples")).to_be_visible()


def test_a_question_is_answered_told_and_opens_what_waits_behind_it(marimo):
    page = marimo("kd.lessons.begin('temperature').ask('second', opens=kd.panels.SoftTargets('mnist-mlp-1200'))")
    radio = page.get_by_role("radio", name="With a 9")
    radio.wait_for(timeout=READY_MS)
    assert page.locator(".kd-soft-targets").count() == 0
    radio.check()
    expect(page.locator(".kd-reply")).to_contain_text("Right.", timeout=READY_MS)
    expect(page.locator(".kd-soft-targets")).to_be_visible(timeout=READY_MS)
