"""Panels in hosts that kdviz does not bring along: ``make hosts`` makes an environment for each and runs this file.

A host that is not there is left out. A page with anywidget's own front end and no Jupyter needs no environment.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Page, expect

import kdviz as kd

from ..conftest import REPOSITORY
from ..in_jupyterlab import run_all, seeing, started
from ..in_plain_page import recorded, served

HOSTS = Path(os.environ.get("KDVIZ_HOSTS", REPOSITORY / "build" / "hosts"))
READY_MS = 120_000
LAB = "kd.panels.Lab(labels=100, units=8, epochs=2, smoothing=False)"
WORDS = [f"## Part {number}\n\n" + "Words. " * 300 for number in range(40)]
WINDOWED = '{"windowingMode": "full"}'
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


def python_of(host: str) -> str:
    """Return the Python of a host's environment, or leave the test out."""
    python = HOSTS / host / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        pytest.skip(f"{host} is not here: python .ci/hosts.py {host}")
    return str(python)


def notebook(path: Path, shown: str, *words: str) -> None:
    """Write a notebook of a panel and what stands below it."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [new_code_cell(f"import kdviz as kd\n{shown}"), *map(new_markdown_cell, words)]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def the_lab_trains_to_its_end(page: Page) -> None:
    """Move the temperature, train, and look back at a step."""
    train = page.get_by_role("button", name="Train", exact=True)
    train.wait_for(timeout=READY_MS)
    bars = page.locator(".kd-hero .kd-row .kd-p-teacher")
    temperature = page.get_by_role("slider", name=re.compile("Temperature")).first
    level = [re.compile(r"0\.(09|1[01])")] * 10
    temperature.press("End")
    expect(bars).to_have_text(level)
    temperature.press("Home")
    expect(bars).not_to_have_text(level)
    train.click()
    expect(page.locator(".kd-transport[data-state=finished]")).to_be_visible(timeout=READY_MS)
    expect(page.locator(".kd-status").first).to_contain_text("Finished after 2 steps.")
    learned = page.locator(".kd-hero .kd-row .kd-p-student")
    last = learned.all_inner_texts()
    page.locator(".kd-scrubber input[type=range]").press("Home")
    expect(learned).not_to_have_text(last)
    left, right = (page.locator(f".kd-lab-{side}").bounding_box() for side in ("left", "right"))
    assert left["x"] + left["width"] <= right["x"]


@pytest.mark.parametrize(
    ("host", "program", "where"),
    [
        ("jupyterlab-4.4", "jupyterlab", "lab/tree"),
        ("jupyterlab-4.5", "jupyterlab", "lab/tree"),
        ("notebook-7", "notebook", "notebooks"),
    ],
)
@pytest.mark.full
@pytest.mark.timeout(900)
def test_the_lab_trains_in_jupyters_other_pages(host, program, where, tmp_path, tmp_path_factory, page, watch):
    notebook(tmp_path / "lab.ipynb", LAB)
    with started(tmp_path, tmp_path_factory.mktemp, python=python_of(host), program=program) as server:
        opened = page(f"{server.address}/{where}/lab.ipynb", width=1440, height=1000)
        run_all(opened, ".kd-transport[data-state=idle]", watch.errors)
        the_lab_trains_to_its_end(opened)
        watch.errors[:] = [error for error in watch.errors if "'schema'" not in error]  # Notebook 7's own
        opened.goto("about:blank")


@pytest.mark.full
@pytest.mark.timeout(900)
def test_a_lab_that_is_scrolled_out_of_sight_while_it_trains_comes_back_as_it_is(
    tmp_path, tmp_path_factory, page, watch
):
    notebook(tmp_path / "long.ipynb", "kd.panels.Lab(labels=100, units=8, epochs=100_000, smoothing=False)", *WORDS)

    def made(name: str) -> Path:
        chosen = tmp_path_factory.mktemp(name)
        settings = chosen / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
        settings.parent.mkdir(parents=True)
        settings.write_text(WINDOWED)
        return chosen

    with started(tmp_path, made) as server:
        opened = page(f"{server.address}/lab/tree/long.ipynb", width=1440, height=1000)
        run_all(opened, ".kd-transport[data-state=idle]", watch.errors, state="attached")
        cell, scrubber = opened.locator(".jp-CodeCell"), opened.locator(".kd-scrubber input[type=range]")
        scroll(opened, "0")  # running all cells has led to the last one
        expect(cell).to_have_css("opacity", "1")
        temperature = opened.get_by_role("slider", name=re.compile("Temperature")).first
        temperature.press("End")
        hottest = temperature.input_value()
        opened.get_by_role("button", name="Train", exact=True).click()
        expect(opened.locator(".kd-transport[data-state=running]")).to_be_visible(timeout=READY_MS)
        scroll(opened, "node.scrollHeight / 2")
        expect(cell).to_have_css("opacity", "0")  # JupyterLab keeps it in the page, without height and unseen
        seen = scrubber.get_attribute("aria-valuetext") or ""
        expect(scrubber).not_to_have_attribute("aria-valuetext", seen)
        scroll(opened, "0")
        expect(cell).to_have_css("opacity", "1")
        expect(temperature).to_have_value(hottest)
        opened.get_by_role("button", name="Stop", exact=True).click()
        expect(opened.locator(".kd-status").first).to_contain_text(re.compile(r"Stopped after step [\d,]+ of 100,000"))
        opened.goto("about:blank")


def scroll(page: Page, to: str) -> None:
    """Scroll a notebook whose cells leave the page out of sight."""
    page.locator(".jp-WindowedPanel-outer").evaluate(f"node => {{ node.scrollTop = {to}; }}")


@pytest.fixture
def plain(page: Callable[..., Page]) -> Iterator[Callable[[object], Page]]:
    """``plain(make)`` shows the panel that ``make()`` returns on a page without Jupyter."""
    with ExitStack() as stack:

        def show(make: Callable[[], kd.panels.Lab]) -> Page:
            line = stack.enter_context(recorded())
            panel = make()
            stack.callback(panel.close)
            return page(stack.enter_context(served(line, panel.view)))

        yield show


@pytest.mark.full  # beside others of one process it has waited for its button in vain: make hosts runs it alone
def test_the_lab_trains_on_a_page_of_anywidgets_without_jupyter(plain):
    the_lab_trains_to_its_end(plain(lambda: kd.panels.Lab(labels=100, units=8, epochs=2, smoothing=False)))


def test_what_a_page_sends_is_what_every_host_knows():
    """VS Code and Colab bring two modules of models, read JSON as browsers do, and put buffers into a state by name."""
    with recorded() as line:
        kd.panels.Lab(labels=100, epochs=1).close()
    opened = [message for message in line.sent if message.type == "comm_open"]
    models = {(message.data["state"]["_model_module"], message.data["state"]["_model_name"]) for message in opened}
    assert models == {("anywidget", "AnyModel"), ("@jupyter-widgets/base", "LayoutModel")}
    binary = [path for message in line.sent for path in message.data.get("buffer_paths", [])]
    assert binary and all(len(path) == 1 for path in binary)
    assert max(len(message.packed()) for message in line.sent) < 2**20  # packed() refuses NaN and Infinity


@pytest.fixture
def marimo(tmp_path: Path, page: Callable[..., Page]) -> Iterator[Callable[[str], Page]]:
    """``marimo(expression)`` opens a notebook whose one cell shows the value, in marimo's dark theme."""
    servers: list[subprocess.Popen[bytes]] = []
    python = python_of("marimo")

    def show(expression: str) -> Page:
        notebook = tmp_path / "notebook.py"
        notebook.write_text(NOTEBOOK.format(shown=expression))
        (tmp_path / ".marimo.toml").write_text('[display]\ntheme = "dark"\n')
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = ["--headless", "--no-token", "--host", "127.0.0.1", "--port", str(port)]
        command = [python, "-m", "marimo", "run", str(notebook), *options]
        env = {**os.environ, **seeing(), "KDVIZ_KEEP": str(tmp_path / "kept")}
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


@pytest.mark.full
def test_in_marimo_a_view_is_drawn_with_its_own_style_in_the_theme_of_the_host(marimo):
    given = "classes=['a', 'b'], teacher_logits=[[2.0, 1.0]], student_logits=[[1.0, 1.5]]"
    page = marimo(f"kd.widgets.SoftTargets({given})")
    expect(page.locator(".kd-card")).to_have_css("background-color", "rgb(33, 33, 33)", timeout=READY_MS)


@pytest.mark.full
def test_in_marimo_the_lab_trains(marimo):
    the_lab_trains_to_its_end(marimo(LAB))


@pytest.mark.full
def test_in_marimo_two_models_are_compared(marimo):
    page = marimo("kd.panels.Compare('mnist-mlp-1200', 'mnist-mlp-overfit')")
    expect(page.get_by_role("radiogroup", name="Show")).to_be_visible(timeout=READY_MS)
    expect(page.get_by_text("The student agrees with the teacher on").first).to_be_visible(timeout=READY_MS)


@pytest.mark.full
def test_in_marimo_a_question_is_answered_told_and_opens_what_waits_behind_it(marimo):
    page = marimo("kd.lessons.begin('temperature').ask('second', opens=kd.panels.SoftTargets('mnist-mlp-1200'))")
    radio = page.get_by_role("radio", name="With a 9")
    radio.wait_for(timeout=READY_MS)
    assert page.locator(".kd-soft-targets").count() == 0
    radio.check()
    expect(page.locator(".kd-reply")).to_contain_text("Right.", timeout=READY_MS)
    expect(page.locator(".kd-soft-targets")).to_be_visible(timeout=READY_MS)
