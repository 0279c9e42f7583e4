"""``examples/jupyterhub``: a real hub with its proxy, two users, their pages, a notebook, and one table of answers.

It runs where jupyterhub, jupyter-server-proxy and configurable-http-proxy are installed; see docs/how-to/jupyterhub.md.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Page, expect

from kdviz.lessons import gradebook, kept

from ..in_jupyterlab import run_all

NEEDED = ("jupyterhub", "jupyter_server_proxy")
pytestmark = [
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in NEEDED)
        or not shutil.which("configurable-http-proxy")
        or not entry_points(group="jupyter_serverproxy_servers", name="kdviz"),
        reason="jupyterhub, jupyter-server-proxy or configurable-http-proxy is missing: docs/how-to/jupyterhub.md",
    ),
    pytest.mark.timeout(600),
]
CONFIGURATION = Path(__file__).parents[2] / "examples/jupyterhub/jupyterhub_config.py"
PASSWORD = "a password of the class"
LESSON = 'import kdviz as kd\nlesson = kd.lessons.begin("temperature")\nlesson.ask("second")'


class Hub:
    """A hub that runs: its address, and the folder that it writes to."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.address, *others = (f"http://127.0.0.1:{port}" for port in free_ports(3))
        hub, proxy = others
        options = [f"--JupyterHub.bind_url={self.address}", f"--JupyterHub.hub_bind_url={hub}"]
        if getattr(os, "geteuid", int)() == 0:  # as in a container; Jupyter wants to be asked for it
            options.append("--Spawner.args=--allow-root")
        command = [sys.executable, "-m", "jupyterhub", "-f", str(CONFIGURATION), *options]
        own = {"KDVIZ_HUB": str(place), "KDVIZ_HUB_PASSWORD": PASSWORD, "KDVIZ_KEEP": str(place / "kept")}
        own["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        with (place / "log").open("w") as log:
            self.process = subprocess.Popen(
                [*command, f"--ConfigurableHTTPProxy.api_url={proxy}"],
                env={**os.environ, **own},
                cwd=place,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{self.address}/hub/health", timeout=5).close()
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < deadline, (place / "log").read_text()
                time.sleep(0.3)

    def end(self) -> None:
        """End it; it ends its users' servers and the proxy."""
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def enter(self, opened: Page, user: str, path: str) -> None:
        """Log in as a user and open a page of their server, which is started."""
        opened.goto(f"{self.address}/hub/user-redirect/{path}")
        opened.get_by_label("Username").fill(user)
        opened.get_by_label("Password").fill(PASSWORD)
        opened.get_by_role("button", name="Sign in").click()
        opened.wait_for_url(re.compile(rf"/user/{user}/{re.escape(path)}"), timeout=120_000)

    def megabytes(self, user: str) -> int:
        """What a user's processes take; what they share is counted once."""
        used = 0
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):  # it has just ended
                if process.environ().get("JUPYTERHUB_USER") == user:
                    used += process.memory_full_info().pss
        return used // 2**20


def free_ports(n: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    started = Hub(tmp_path_factory.mktemp("hub"))
    yield started
    started.end()


def test_a_user_answers_on_a_page_and_in_a_notebook_into_one_file(
    hub: Hub, page: Callable[..., Page], watch: Any
) -> None:
    opened = page()
    hub.enter(opened, "ada", "kdviz/")
    opened.get_by_role("link", name="Temperature and dark knowledge").click()
    opened.wait_for_selector("[data-kd-ready]", timeout=200_000)
    expect(opened.get_by_text("Your answers are collected as ada.")).to_be_visible()
    with opened.expect_response(re.compile("kdviz/answers$")) as taken:
        opened.get_by_role("radio", name="The label alone").check()
    assert taken.value.json() == {"as": "ada", "another": False}

    home = hub.place / "homes/ada"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=[new_code_cell(LESSON)], metadata={"kernelspec": kernel}), home / "x.ipynb")
    opened.goto(f"{hub.address}/user/ada/lab/tree/x.ipynb")
    radio = ".jp-OutputArea-output input[type=radio]"
    run_all(opened, f"{radio} >> nth=0", watch.errors)
    opened.get_by_role("radio", name="With a 9").check()
    expect(opened.locator(".kd-reply").first).to_contain_text("Right.")
    answers, _, _ = kept.read(hub.place / f"answers/ada/temperature{kept.ENDING}")
    assert answers["cold"].answer == "The label alone" and answers["second"].answer == "With a 9"
    assert {row["learner"] for row in gradebook.rows(hub.place / "answers", marked=False)} == {"ada"}


def test_the_lab_trains_behind_the_hub_and_no_other_user_gets_in(
    hub: Hub, page: Callable[..., Page], watch: Any
) -> None:
    opened = page()
    hub.enter(opened, "ada", "kdviz/voila/render/dashboards/lab.ipynb")
    opened.get_by_role("button", name="Train", exact=True).click(timeout=200_000)
    expect(opened.get_by_role("button", name="New run")).to_be_visible(timeout=300_000)
    if sys.platform == "linux":
        used = hub.megabytes("ada")
        print(f"after the Lab's default run, beside an open notebook: {used} MB")
        assert used < 2048, "what the configuration allows"
    eve = page()
    hub.enter(eve, "eve", "kdviz/")
    expect(eve.get_by_role("heading", name="kdviz")).to_be_visible(timeout=200_000)
    answer = eve.goto(f"{hub.address}/user/ada/kdviz/")
    assert answer is not None and answer.status == 403
    stranger = urllib.request.urlopen(f"{hub.address}/user/ada/kdviz/", timeout=60)
    assert "/hub/login" in stranger.url
    stranger.close()
    watch.failed.clear()  # the 403
    watch.errors.clear()
