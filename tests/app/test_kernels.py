"""Kernels behind pages: a warm one that died goes to nobody, there are only so many, and none is waited for in vain."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import expect

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
# A widget of the page that answers for itself: it has no model in a kernel that was started anew.
CELL = """
import ipywidgets
button = ipywidgets.Button(description="Press")
button.on_click(lambda _: setattr(button, "description", "Pressed"))
button
"""
no_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


def write(path: Path, source: str, kernel: dict[str, str] = KERNEL) -> Path:
    cells = [new_markdown_cell("# A page"), new_code_cell(source)]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def kernels(server: Any) -> dict[str, psutil.Process]:
    """The running kernels by their ids."""
    found = {}
    for process in psutil.Process(server.pid).children(recursive=True):
        named = re.search(r"kernel-([\w-]{36})\.json", " ".join(process.cmdline()))
        if named:
            found[named[1]] = process
    return found


def render(address: str) -> str:
    with urlopen(address, timeout=120) as answer:
        text = answer.read().decode()
    found = re.search(r'"kernelId": "([^"]+)"', text)
    assert found, text
    return found[1]


@pytest.fixture
def warm(serve: Callable[..., Any], tmp_path: Path) -> Iterator[tuple[Any, psutil.Process]]:
    """A server of one page, and the process of the kernel that it keeps warm."""
    server = serve(write(tmp_path / "page.ipynb", CELL), "--debug")
    server.told("Kernel started")
    ((_, process),) = kernels(server).items()
    yield server, process
    server.stop()


@no_signals
def test_a_warm_kernel_is_used_while_it_lives_and_goes_to_nobody_once_it_died(
    warm: tuple[Any, psutil.Process], page: Callable[..., Any]
) -> None:
    server, alive = warm
    (alive_id,) = kernels(server)
    since = len(server.lines)
    assert render(server.url) == alive_id and alive.is_running()
    server.told("Kernel started", since)
    ((dead_id, dead),) = ((which, process) for which, process in kernels(server).items() if which != alive_id)
    os.kill(dead.pid, signal.SIGKILL)
    psutil.wait_procs([dead], timeout=30)
    opened = page(server.url)
    opened.get_by_role("button", name="Press").click()
    expect(opened.get_by_role("button", name="Pressed")).to_be_visible()
    server.told("had died; another is started")
    assert dead_id not in kernels(server)


@no_signals
def test_a_warm_kernel_that_jupyter_started_anew_goes_to_nobody(
    warm: tuple[Any, psutil.Process], page: Callable[..., Any]
) -> None:
    server, dead = warm
    (dead_id,) = kernels(server)
    since = len(server.lines)
    os.kill(dead.pid, signal.SIGKILL)
    server.told("restarting kernel", since)
    opened = page(server.url)
    opened.get_by_role("button", name="Press").click()
    expect(opened.get_by_role("button", name="Pressed")).to_be_visible()
    assert dead_id not in kernels(server)


def test_a_page_in_another_language_is_made_by_a_kernel_of_its_own(
    serve: Callable[..., Any], tmp_path: Path, page: Callable[..., Any]
) -> None:
    cell = 'from kdviz.widgets import SoftTargets\nSoftTargets(classes=["a", "b"], teacher_logits=[[1.0, 0.0]])'
    path = write(tmp_path / "page.ipynb", cell)
    path.write_text(path.read_text(encoding="utf-8").replace("# A page", "# Methods"), encoding="utf-8")
    server = serve(path, "--debug")
    server.told("Kernel started")
    (warm,) = kernels(server)
    opened = page(f"{server.url}{'&' if '?' in server.url else '?'}lang=de")
    expect(opened.get_by_role("heading", name="Weiche Zielwerte")).to_be_visible()
    expect(opened.get_by_role("heading", name="Verfahren", level=1)).to_be_visible()  # of the notebook
    expect(opened.get_by_role("main")).to_have_attribute("lang", "de")
    assert warm in kernels(server)
    server.stop()


@pytest.mark.parametrize(("client", "server", "word"), [(2, 9, "from this address"), (9, 2, "starts no more")])
def test_there_are_only_so_many_pages(
    serve: Callable[..., Any], tmp_path: Path, client: int, server: int, word: str
) -> None:
    few = tmp_path / "few.py"
    few.write_text(
        "import sys\nfrom kdviz.app import cli, kernels\n"
        f"kernels.MOST_KERNELS_OF_CLIENT, kernels.MOST_KERNELS = {client}, {server}\nsys.exit(cli.main())\n"
    )
    write(tmp_path / "page.ipynb", "1")
    started = serve(tmp_path, "--no-preheat", program=(sys.executable, str(few)))
    address = f"{started.base}voila/render/page.ipynb"
    assert render(address) != render(address)
    with pytest.raises(HTTPError) as refused:
        urlopen(address, timeout=120)
    assert refused.value.code == 503
    assert re.search(rf"2 pages are open.* {word}", refused.value.read().decode())
    refused.value.close()
    with urlopen(started.base, timeout=60) as answer:
        assert answer.status == 200
    started.stop()


def test_a_kernel_that_does_not_start_is_told(
    serve: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "jupyter/kernels/stillborn/kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, "-c", "raise SystemExit(1)", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "Stillborn", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    (tmp_path / "served").mkdir()
    write(tmp_path / "served/page.ipynb", "1", {**KERNEL, "name": "stillborn"})
    server = serve(tmp_path / "served", "--no-preheat")
    with urlopen(f"{server.base}voila/render/page.ipynb", timeout=240) as answer:
        assert "The page stopped here" in answer.read().decode()
    server.told("stopped half way")
    with urlopen(server.base, timeout=60) as answer:
        assert answer.status == 200
