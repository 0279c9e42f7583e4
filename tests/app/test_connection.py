"""A dead kernel and a dead server are said on the page, in a sentence that tells what to do."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Page, Route, expect

from kdviz.app import frames, sockets

SAID_MS = 30_000
READY_MS = 90_000
STAYS = "What is shown stays, but nothing can be changed. Press Start again."
SERVER_AGAIN = "The server does not answer. If it was ended, run kdviz serve again; then press Start again."
# The page without training: a scene's view, and a transport beside it.
CELL = """
from kdviz.widgets.scene import Scene
from kdviz.widgets.transport import Transport
import ipywidgets
transport = Transport(state="idle", status="Ready to train.")
transport.on_msg(lambda _, content, __: transport.update(state="running", status=f"Heard {content['command']}."))
ipywidgets.VBox([transport])
"""


# What Jupyter is left with when a widget's state is lost on its way to the page.
LOST = """
import pathlib
from IPython.display import display
before = pathlib.Path("opened.txt")
times = len(before.read_text()) if before.exists() else 0
before.write_text("." * (times + 1))
if times < {lost}:
    view = {{"model_id": "0" * 32, "version_major": 2, "version_minor": 0}}
    display({{"application/vnd.jupyter.widget-view+json": view, "text/plain": "lost"}}, raw=True)
else:
    display(transport)
"""


def written(path: Path, *sources: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [new_markdown_cell("# A page\n\nIt listens."), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def kernels(pid: int) -> set[int]:
    children = psutil.Process(pid).children(recursive=True)
    return {child.pid for child in children if "ipykernel_launcher" in " ".join(child.cmdline())}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page that listens, one whose modules come late, pages whose widget is lost as often as their number says."""
    root = tmp_path_factory.mktemp("connection")
    written(root / "page.ipynb", CELL)
    written(root / "late.ipynb", LATE)
    for lost in (1, 9):
        written(root / str(lost) / "lost.ipynb", CELL + "None", LOST.format(lost=lost))
    return root


@pytest.fixture
def opened(serve: Callable[..., object], folder: Path, page: Callable[..., Page]) -> tuple[object, Page, int]:
    """Return the server, its page, and the process id of the page's kernel."""
    server = serve(folder, "--no-preheat")
    before = kernels(server.pid)  # type: ignore[attr-defined]
    shown = page(f"{server.base}voila/render/page.ipynb")  # type: ignore[attr-defined]
    expect(shown.get_by_role("button", name="Train")).to_be_visible(timeout=READY_MS)
    (own,) = kernels(server.pid) - before  # type: ignore[attr-defined]
    return server, shown, own


@pytest.mark.parametrize("lost", [1, 9])
def test_a_page_whose_widget_was_lost_is_loaded_once_more_and_then_says_so(
    serve: Callable[..., object], folder: Path, page: Callable[..., Page], watch: object, lost: int
) -> None:
    base = serve(folder, "--no-preheat").base  # type: ignore[attr-defined]
    times = folder / str(lost) / "opened.txt"
    times.unlink(missing_ok=True)
    shown = page(f"{base}voila/render/{lost}/lost.ipynb")
    if lost == 1:
        expect(shown.get_by_role("button", name="Train")).to_be_visible(timeout=READY_MS)
        expect(shown.locator("#kd-lost")).to_be_hidden()
    else:
        said = "A part of this page did not arrive. Press Start again."
        expect(shown.locator("#kd-lost-text")).to_have_text(said, timeout=READY_MS)
    assert times.read_text() == ".."
    watch.errors.clear()  # type: ignore[attr-defined]
    watch.failed.clear()  # type: ignore[attr-defined]


JOIN = """
() => new Promise((done) => {
  const { kernelId } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const socket = new WebSocket(`ws://${location.host}/api/kernels/${kernelId}/channels`);
  socket.addEventListener("close", ({ code }) => done(code));
})
"""


# Modules that are there a second after anywidget has given them up: of kdviz, and of another package.
LATE = """
import anywidget
import traitlets
from kdviz.widgets.transport import Transport
late = "await new Promise((done) => setTimeout(done, 3000));\\n"
drawn = "const draw = () => { el.textContent = model.get('says'); }; draw(); model.on('change:says', draw);"
class Other(anywidget.AnyWidget):
    _esm = f"{late}export default {{ render({{ model, el }}) {{ {drawn} }} }};"
    says = traitlets.Unicode("Nothing yet.").tag(sync=True)
class Late(Transport):
    _esm = late + Transport._esm
other, transport = Other(), Late(state="idle", status="Ready to train.")
def hear(_, content, __):
    other.says = f"The other heard {content['command']}."
    transport.update(state="running", status=f"Heard {content['command']}.")
transport.on_msg(hear)
import ipywidgets
ipywidgets.VBox([transport, other])
"""
AS_ELSEWHERE = "Object.defineProperty(AbortSignal, 'timeout', { value: AbortSignal.timeout, writable: false });"


@pytest.mark.parametrize("elsewhere", [False, True], ids=["kdviz serve", "another host of anywidgets"])
def test_a_widget_whose_module_came_late_hears_python(
    serve: Callable[..., object], folder: Path, page: Callable[..., Page], watch: object, elsewhere: bool
) -> None:
    shown = page()
    if elsewhere:
        shown.add_init_script(AS_ELSEWHERE)
    shown.goto(f"{serve(folder, '--no-preheat').base}voila/render/late.ipynb")  # type: ignore[attr-defined]
    shown.get_by_role("button", name="Train").click(timeout=READY_MS)
    expect(shown.locator(".kd-status")).to_have_text("Heard train.")
    if elsewhere:
        watch.errors.clear()  # type: ignore[attr-defined]  # what anywidget says of a module that it gave up
    else:
        expect(shown.get_by_text("The other heard train.")).to_be_visible()


# Jupyter looks for a model every 100 ms, for two seconds. On a busy page its second look comes after they have passed.
LOOKS_LATE = (
    "const soon = setTimeout; window.setTimeout = (f, ms, ...more) => soon(f, ms === 100 ? 4000 : ms, ...more);"
)


def test_a_widget_whose_model_came_while_nobody_looked_is_drawn(
    serve: Callable[..., object], folder: Path, page: Callable[..., Page]
) -> None:
    shown, come = page(), []
    shown.on("framenavigated", lambda frame: come.append(frame.url))
    shown.add_init_script(LOOKS_LATE)
    shown.goto(f"{serve(folder, '--no-preheat').base}voila/render/page.ipynb")  # type: ignore[attr-defined]
    expect(shown.get_by_role("button", name="Train")).to_be_visible(timeout=READY_MS)
    expect(shown.locator("#kd-loading")).to_have_count(0)
    assert len(come) == 1, "it was not loaded anew"


def test_a_page_whose_kernel_went_before_it_was_drawn_is_loaded_once_more(
    serve: Callable[..., object], folder: Path, page: Callable[..., Page], watch: object
) -> None:
    shown, asked = page(), []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > 1:
            route.continue_()
        else:  # as where a browser took longer to come than a kernel waits
            route.fulfill(status=404, json={"message": "there is no such kernel"})

    shown.route("**/api/kernels/*", answer)
    shown.goto(f"{serve(folder, '--no-preheat').base}voila/render/page.ipynb")  # type: ignore[attr-defined]
    expect(shown.get_by_role("button", name="Train")).to_be_visible(timeout=READY_MS)
    assert len(set(asked)) == 2, "two kernels"
    watch.errors.clear()  # type: ignore[attr-defined]
    watch.failed.clear()  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_kernel_that_was_killed_is_told_and_start_again_brings_a_new_one(
    opened: tuple[object, Page, int], watch: object
) -> None:
    _, page, kernel = opened
    expect(page.locator("#kd-lost")).to_be_hidden()
    os.kill(kernel, signal.SIGKILL)
    notice = page.locator("#kd-lost")
    expect(notice).to_be_visible(timeout=SAID_MS)
    expect(page.get_by_role("alert")).to_have_text(
        re.compile(f"Python ended on the server. {STAYS} The run that was kept is offered there.")
    )
    expect(page.get_by_role("button", name="Train")).to_be_visible()
    assert page.evaluate(JOIN) == sockets.ENDED  # what Jupyter started anew has nothing of this page in it
    with page.expect_navigation():
        page.get_by_role("button", name="Start again").click()
    page.get_by_role("button", name="Train").click(timeout=READY_MS)
    expect(page.locator(".kd-status")).to_have_text("Heard train.")
    expect(notice).to_be_hidden()
    watch.errors.clear()  # type: ignore[attr-defined]


def test_a_server_that_ended_is_told_and_start_again_keeps_what_is_shown(
    opened: tuple[object, Page, int], watch: object
) -> None:
    server, page, _ = opened
    server.stop()  # type: ignore[attr-defined]
    notice = page.locator("#kd-lost-text")
    expect(notice).to_have_text(re.compile(f"The connection to Python was lost. {STAYS}"), timeout=SAID_MS)
    page.get_by_role("button", name="Start again").click()
    expect(notice).to_have_text(SERVER_AGAIN)
    expect(page.get_by_role("button", name="Train")).to_be_visible()
    assert urlsplit(page.url).hostname == "127.0.0.1"
    watch.errors.clear()  # type: ignore[attr-defined]
    watch.failed.clear()  # type: ignore[attr-defined]


TOLD = """
([states, text]) => {
  const encode = (value) => new TextEncoder().encode(JSON.stringify(value));
  const message = (kind, content) => {
    const parts = ["iopub", { msg_type: kind }, {}, {}, content].map(encode);
    const offsets = [8 * (parts.length + 2)];
    for (const part of parts) offsets.push(offsets.at(-1) + part.length);
    const head = new DataView(new ArrayBuffer(offsets[0]));
    [offsets.length, ...offsets].forEach((n, i) => head.setBigUint64(8 * i, BigInt(n), true));
    const whole = new Uint8Array(offsets.at(-1));
    whole.set(new Uint8Array(head.buffer));
    parts.forEach((part, i) => whole.set(part, offsets[i]));
    return text ? JSON.stringify({ header: { msg_type: kind }, content }) : whole.buffer;
  };
  const sent = [["status", { execution_state: "busy" }], ["comm_msg", { execution_state: "dead" }], ...states];
  const seen = [];
  for (const [kind, content] of sent) {
    window.lastSocket.dispatchEvent(new MessageEvent("message", { data: message(kind, content) }));
    seen.push(!document.getElementById("kd-lost").hidden);
  }
  window.lastSocket.dispatchEvent(new MessageEvent("message", { data: "no JSON" }));
  window.lastSocket.dispatchEvent(new MessageEvent("message", { data: new ArrayBuffer(3) }));
  return seen;
}
"""


@pytest.mark.parametrize("text", [False, True], ids=["v1", "text"])
def test_only_a_status_of_the_kernel_is_taken_for_its_end(
    page: Callable[..., Page], repository: Path, text: bool
) -> None:
    shown = page()
    shown.set_content('<link rel="icon"><div id="kd-lost" hidden><span id="kd-lost-text"></span></div>')
    shown.evaluate(
        """() => {
          window.kdviz = {};
          window.WebSocket = class extends EventTarget { constructor() { super(); window.lastSocket = this; } };
        }"""
    )
    static = repository / "kdviz/app/jupyter/voila/templates/kdviz/static"
    shown.add_script_tag(path=static / "page.js")
    shown.evaluate("() => void new WebSocket('ws://127.0.0.1/api/kernels/x/channels')")
    states = [["status", {"execution_state": "restarting"}]]
    assert shown.evaluate(TOLD, [states, text]) == [False, False, True]
    assert shown.locator("#kd-lost-text").inner_text() == f"Python ended on the server. {STAYS}"


def test_a_page_that_missed_messages_is_told_so(page: Callable[..., Page], repository: Path) -> None:
    shown = page()
    shown.set_content('<link rel="icon"><div id="kd-lost" hidden><span id="kd-lost-text"></span></div>')
    shown.evaluate(
        """() => {
          window.kdviz = {};
          window.WebSocket = class extends EventTarget {
            constructor(...given) { super(); window.lastSocket = this; this.given = given; }
          };
        }"""
    )
    shown.add_script_tag(path=repository / "kdviz/app/jupyter/voila/templates/kdviz/static/page.js")
    close = "(code) => window.lastSocket.dispatchEvent(new CloseEvent('close', { code }))"
    # Jupyter's client offers no protocol once a first try has failed; the server speaks one only.
    shown.evaluate("() => void new WebSocket('ws://127.0.0.1/api/kernels/x/channels', [])")
    assert shown.evaluate("window.lastSocket.given[1]") == frames.PROTOCOL
    shown.evaluate(close, 1006)
    expect(shown.locator("#kd-lost")).to_be_hidden()
    shown.evaluate(close, sockets.BEHIND)
    expect(shown.locator("#kd-lost-text")).to_have_text(re.compile("away for too long, .* is lost. " + STAYS))
