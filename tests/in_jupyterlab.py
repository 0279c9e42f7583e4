"""A real JupyterLab on a folder, and a notebook that is run in it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, TimeoutError, expect

REPOSITORY = Path(__file__).resolve().parents[1]
SETTINGS = ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_WORKSPACES_DIR", "JUPYTERLAB_SETTINGS_DIR")


class JupyterLab(NamedTuple):
    """A server that runs: its address, and its process id."""

    address: str
    pid: int


@contextmanager
def started(
    folder: Path, made: Callable[[str], Path], *, python: str = sys.executable, program: str = "jupyterlab"
) -> Iterator[JupyterLab]:
    """Start a JupyterLab on a folder, with its own settings in folders that ``made(name)`` makes; end it by its id.

    With the Python of another environment it is that one's JupyterLab, or its Notebook 7, ``program="notebook"``.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    options = [f"--port={port}", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}", "--no-browser"]
    news = "--LabApp.news_url=None"
    command = [python, "-m", program, "--allow-root", "--ip=127.0.0.1", news, *options]
    own = {name: str(made("settings")) for name in SETTINGS}  # not the ones of whoever runs the tests
    process = subprocess.Popen(
        command, env={**os.environ, **own, **seeing()}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                urllib.request.urlopen(f"{address}/api", timeout=5).close()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    pytest.fail("JupyterLab did not get ready")
                time.sleep(0.3)
        yield JupyterLab(address, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:  # it waits for a kernel that was restarted
            process.kill()
            process.wait()


def seeing() -> dict[str, str]:
    """Return the variables by which another environment sees this package, and what this one has for Jupyter."""
    paths = {
        "PYTHONPATH": str(REPOSITORY),
        "JUPYTER_PATH": str(Path(sys.prefix, "share", "jupyter")),
        "JUPYTER_CONFIG_PATH": str(Path(sys.prefix, "etc", "jupyter")),
    }
    return {name: os.pathsep.join(filter(None, (path, os.environ.get(name)))) for name, path in paths.items()}


NO_PLACE = "widget model not found"  # cells ran while JupyterLab had no place for widgets yet


def run_all(opened: Page, shown: str, errors: list[str], state: str = "visible") -> Page:
    """Run all cells of the notebook that is open, until something is shown; once more if nothing comes of it.

    ``errors`` is the record of the page, which loses what JupyterLab logged of the first try. Where cells out of sight
    are hidden, ``state="attached"`` waits for what is there.
    """
    expect(opened.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_visible(timeout=90_000)
    for last in (False, True):
        _run_all_cells(opened)
        try:
            opened.locator(shown).wait_for(state=state, timeout=120_000 if last else 45_000)
            break
        except TimeoutError:
            if last:
                raise
            errors[:] = [error for error in errors if NO_PLACE not in error]
    return opened


def _run_all_cells(opened: Page) -> None:
    asked = opened.locator(".jp-InputPrompt:visible", has_text=re.compile(r"\[(\*|\d+)\]"))
    for _ in range(8):  # a menu that is clicked while JupyterLab still starts may do nothing
        opened.get_by_role("menuitem", name="Run").first.click()
        opened.get_by_text("Run All Cells", exact=True).first.click()
        try:
            asked.first.wait_for(timeout=8_000)
            break
        except TimeoutError:
            opened.keyboard.press("Escape")
