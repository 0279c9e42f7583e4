"""kdviz serve: a real server, looked at with a real browser."""

from __future__ import annotations

import argparse
import http.client
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Page, expect

from kdviz import shared
from kdviz.app import cli, forks, places
from kdviz.app.serve import configuration, host_for_others, served

WIDGET = '''
import anywidget
import traitlets

class Doubler(anywidget.AnyWidget):
    _esm = """
    export default { render({ model, el }) {
      const button = document.createElement("button");
      const draw = () => { button.textContent = `${model.get("value")} doubled is ${model.get("doubled")}`; };
      button.onclick = () => { model.set("value", model.get("value") + 1); model.save_changes(); };
      model.on("change:doubled", draw);
      draw();
      el.append(button);
      return () => model.off("change:doubled", draw);
    } }"""
    value = traitlets.Int(1).tag(sync=True)
    doubled = traitlets.Int(2).tag(sync=True)

    @traitlets.observe("value")
    def _double(self, change):
        self.doubled = 2 * change.new

Doubler()
'''
FIGURE = "import plotly.graph_objects as go\ngo.FigureWidget(go.Scatter(y=[1, 3, 2]))"
STATIC_FIGURE = (
    "import plotly.graph_objects as go\nfrom IPython.display import display\n"
    "figure = go.Figure(go.Scatter(y=[1, 3, 2]), layout={'width': 640, 'height': 300}).to_plotly_json()\n"
    "display({'application/vnd.plotly.v1+json': figure}, raw=True)"
)
WIDE_TABLE = "import pandas\npandas.DataFrame({f'a column {n}': [n] for n in range(12)})"
PROSE = "# Temperature\n\nA soft target is $e^{z_i/T} / \\sum_j e^{z_j/T}$. More.\n\n$$L = \\alpha T^2$$"

Open = Callable[..., Page]


def write(path: Path, *cells: object, **own: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=list(cells), metadata={"kernelspec": kernel, "kdviz": own}), path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("served") / "notebooks"
    write(root / "dashboards/widget.ipynb", new_markdown_cell("# A widget\n\nIt doubles."), new_code_cell(WIDGET))
    write(
        root / "dashboards/figure.ipynb",
        new_markdown_cell("# A figure\n\nIt is alive."),
        new_code_cell(FIGURE),
        place=2,
        minutes=15,
        picture="lab",
    )
    write(root / "dashboards/static.ipynb", new_code_cell(STATIC_FIGURE), new_code_cell(WIDE_TABLE))
    long = [new_markdown_cell(f"## Part {number}\n\n" + "Words. " * 200) for number in range(8)]
    write(root / "course/01-prose.ipynb", new_markdown_cell(PROSE), *long)
    write(root / "broken.ipynb", new_markdown_cell("# Broken"), new_code_cell("secret_name = 1 / 0"))
    (root / "secret.txt").write_text("not for the web")
    (root.parent / "outside.png").write_text("outside")
    return root


@pytest.fixture
def base(serve: Callable[..., object], folder: Path) -> str:
    return serve(folder).base  # type: ignore[attr-defined]


def render(base: str, name: str) -> str:
    return f"{base}voila/render/{name}"


def test_no_ping_cuts_the_line_to_a_kernel(tmp_path: Path) -> None:
    options = argparse.Namespace(
        ip="127.0.0.1", anyone=False, base_url="/", theme="light", debug=False, no_preheat=True, token="", answers=None
    )
    assert configuration(served(str(tmp_path)), options).Voila.tornado_settings == {"ws_ping_interval": 0}


def test_a_widget_lives_and_no_request_leaves(base: str, page: Open, watch: object) -> None:
    opened = page(render(base, "dashboards/widget.ipynb"))
    button = opened.get_by_role("button", name="1 doubled is 2")
    button.click()
    expect(opened.get_by_role("button", name="2 doubled is 4")).to_be_visible()
    assert opened.title() == "A widget · kdviz"
    assert not opened.locator("#kd-loading").count()
    asked = "\n".join(watch.requests)  # type: ignore[attr-defined]
    assert "jupyterlab-plotly" not in asked, "4.7 MB that this page has no use for"


def test_a_figure_widget_lives_and_no_request_leaves(base: str, page: Open) -> None:
    opened = page(render(base, "dashboards/figure.ipynb"))
    expect(opened.locator(".js-plotly-plot .scatterlayer .point")).to_have_count(3)


def test_a_static_figure_is_drawn(base: str, page: Open, watch: object) -> None:
    opened = page(render(base, "dashboards/static.ipynb"))
    expect(opened.locator(".js-plotly-plot .scatterlayer .point")).to_have_count(3)
    figure = opened.locator(".js-plotly-plot").first
    svg = figure.locator(".main-svg").first
    assert svg.bounding_box()["width"] == 640  # type: ignore[index]
    opened.set_viewport_size({"width": 400, "height": 800})
    expect(svg).not_to_have_attribute("width", "640")
    assert svg.bounding_box()["width"] < 400  # type: ignore[index]
    assert figure.bounding_box()["height"] == svg.bounding_box()["height"] == 300  # type: ignore[index]
    table = opened.locator(".jp-RenderedHTML:has(table)")
    assert table.evaluate("(n) => n.scrollWidth > n.clientWidth"), "what is too wide scrolls in its place"
    assert opened.evaluate("document.documentElement.scrollWidth") <= 400
    # Voila hands plotly's renderer a plain object where JupyterLab hands it a model.
    opened.close()
    assert set(watch.errors) <= {"uncaught: r.setData is not a function"}  # type: ignore[attr-defined]
    watch.errors.clear()  # type: ignore[attr-defined]


def test_formulas_are_drawn_without_mathjax(base: str, page: Open) -> None:
    opened = page(render(base, "course/01-prose.ipynb"))
    opened.wait_for_selector("[data-kd-ready]")
    assert opened.locator("math").count() == 2
    assert "$" not in opened.locator("main").inner_text()


def test_a_long_page_scrolls_as_a_page_does(base: str, page: Open) -> None:
    opened = page(render(base, "course/01-prose.ipynb"), width=400)
    opened.wait_for_selector("[data-kd-ready]")
    last = opened.get_by_role("heading", name="Part 7")
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    across = opened.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert across == 0


@pytest.mark.parametrize(
    ("query", "system_dark", "dark"), [("", False, False), ("", True, True), ("?theme=dark", False, True)]
)
def test_colours_follow_the_system_and_the_address(
    base: str, page: Open, query: str, system_dark: bool, dark: bool
) -> None:
    for address in (base, render(base, "course/01-prose.ipynb")):
        opened = page(address + query, dark=system_dark)
        opened.wait_for_selector("main h1")
        colour = opened.evaluate("getComputedStyle(document.body).backgroundColor")
        assert colour == ("rgb(17, 17, 17)" if dark else "rgb(255, 255, 255)")
        assert opened.evaluate("document.body.dataset.jpThemeLight") == str(not dark).lower()


def test_a_failed_cell_gives_a_sentence_and_no_traceback(base: str, page: Open) -> None:
    opened = page(render(base, "broken.ipynb"))
    expect(opened.get_by_role("alert").first).to_contain_text("The page stopped here")
    assert "ZeroDivisionError" not in opened.content()
    assert "secret_name" not in opened.content()


def test_the_index_lists_pages_with_a_line_on_each(base: str, page: Open) -> None:
    opened = page(base)
    headings = opened.locator("h2").all_inner_texts()
    assert headings == ["Dashboards", "Lessons", "Notebooks"]
    figure = opened.locator("li", has_text="A figure")
    expect(figure).to_contain_text("It is alive.")
    expect(figure).to_contain_text("15 min")
    expect(figure.locator("svg")).to_contain_text("T = 4")
    figure.hover()  # the small picture is alive: its bars answer to T
    expect(figure.locator("svg")).not_to_contain_text("T = 4")
    opened.get_by_role("link", name="Temperature").click()
    expect(opened.get_by_role("heading", name="Temperature")).to_be_visible()


def test_the_index_speaks_the_browsers_language_and_its_pages_with_it(base: str) -> None:
    with urlopen(Request(base, headers={"Accept-Language": "de-AT, en;q=0.5"}), timeout=60) as answer:
        text = answer.read().decode()
    assert '<html lang="de">' in text and "<h2>Lektionen</h2>" in text and "15 Min." in text
    assert '/dashboards/figure.ipynb?lang=de"' in text


def test_an_unknown_page_says_so(base: str, page: Open, watch: object) -> None:
    opened = page(render(base, "no-such.ipynb"))
    expect(opened.get_by_role("heading")).to_have_text("There is no such page")
    watch.errors.clear()  # type: ignore[attr-defined]
    watch.failed.clear()  # type: ignore[attr-defined]


def status(base: str, path: str, host: str | None = None) -> int:
    address = urlsplit(base)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    try:
        connection.request("GET", path, headers={"Host": host} if host else {})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(
    "path",
    [
        "/voila/files/secret.txt",
        "/voila/files/broken.ipynb",
        "/voila/files/../outside.png",
        "/voila/files/%2e%2e/outside.png",
        "/voila/render/../outside.png",
        "/voila/api/contents/",
        "/api/contents/",
        "/api/kernels",
    ],
)
def test_nothing_but_pages_is_served(base: str, path: str) -> None:
    assert status(base, path) in {302, 403, 404}
    assert status(base, "/") == 200


def test_a_foreign_name_for_this_machine_is_refused(base: str) -> None:
    assert status(base, "/", host="rebound.example") == 403


def test_the_first_words_come_before_the_kernel_has_run(base: str) -> None:
    with urlopen(render(base, "course/01-prose.ipynb"), timeout=60) as answer:
        text = answer.read().decode()
    assert text.index("Starting the kernel") < text.index("jupyter-config-data")
    assert "://cdn" not in text


def kernels(pid: int) -> list[psutil.Process]:
    return [
        process
        for process in psutil.Process(pid).children(recursive=True)
        if "ipykernel_launcher" in " ".join(process.cmdline())
    ]


def test_closing_a_page_ends_its_kernel(base: str, serve: Callable[..., object], folder: Path, page: Open) -> None:
    pid: int = serve(folder).pid  # type: ignore[attr-defined]
    before = {process.pid for process in kernels(pid)}
    opened = page(render(base, "dashboards/widget.ipynb"))
    opened.wait_for_selector("[data-kd-ready]")
    mine = [process for process in kernels(pid) if process.pid not in before]
    assert len(mine) == 1
    opened.close(run_before_unload=True)
    _, alive = psutil.wait_procs(mine, timeout=30)
    assert not alive


def test_the_page_says_when_python_is_gone(
    serve: Callable[..., object], folder: Path, page: Open, watch: object
) -> None:
    server = serve(folder / "dashboards/widget.ipynb")
    opened = page(server.url)  # type: ignore[attr-defined]
    opened.wait_for_selector("[data-kd-ready]")
    expect(opened.locator("#kd-lost")).to_be_hidden()
    server.stop()  # type: ignore[attr-defined]
    expect(opened.locator("#kd-lost")).to_be_visible(timeout=30_000)
    watch.errors.clear()  # type: ignore[attr-defined]
    watch.failed.clear()  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals for another process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_and_all_that_is_its_own(
    number: signal.Signals, serve: Callable[..., object], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    server = serve(folder / "dashboards/widget.ipynb", "--viewers", "2")
    pid: int = server.pid  # type: ignore[attr-defined]
    urlopen(server.url, timeout=60).close()  # type: ignore[attr-defined]
    running = kernels(pid)
    assert running, "a kernel is kept warm for a page that is served alone"
    assert len(list(tmp_path.glob("kdviz-*"))) == 1
    server.process.send_signal(number)  # type: ignore[attr-defined]
    assert server.process.wait(120) == 0  # type: ignore[attr-defined]
    _, alive = psutil.wait_procs(running, timeout=30)
    assert not alive and not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux")
def test_what_cannot_start_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PATH", os.environ.get("JUPYTER_PATH", ""))  # it adds the template to it
    for name in (shared.MOST_STEPS, shared.TRAININGS):
        monkeypatch.setenv(name, "")
    monkeypatch.setitem(sys.modules, "kdviz.app.server", None)
    started, start = [], forks.Warm.start

    def watched(warm: forks.Warm) -> None:
        start(warm)
        started.append(psutil.Process(warm.pid))

    monkeypatch.setattr(forks.Warm, "start", watched)
    assert cli.main(["serve", "--port", "0", "--viewers", "2", str(places.lab())]) != 0
    assert len(started) == 1 and not started[0].is_running()
    assert not list(tmp_path.glob("kdviz-*")) and forks.Forks.warm is None


def test_small_messages_are_sent_at_once(
    serve: Callable[..., object], folder: Path, page: Open, tmp_path: Path
) -> None:
    spy = tmp_path / "spy.py"
    spy.write_text(
        "import socket, sys\n"
        "from kdviz.app import cli, places, server\n"
        "opened = server.KernelSocket.open\n"
        "async def tell(self, kernel_id):\n"
        "    await opened(self, kernel_id)\n"
        "    line = self.ws_connection.stream.socket\n"
        "    print('nodelay', line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), flush=True)\n"
        "server.KernelSocket.open = tell\n"
        "sys.exit(cli.main())\n"
    )
    started = serve(folder, program=(sys.executable, str(spy)))
    opened = page(render(started.base, "dashboards/widget.ipynb"))  # type: ignore[attr-defined]
    opened.wait_for_selector("[data-kd-ready]")
    told = [line for line in started.lines if line.startswith("nodelay")]  # type: ignore[attr-defined]
    assert told
    assert all(int(line.split()[1]) > 0 for line in told)


def test_a_busy_port_is_passed_over_unless_it_was_asked_for() -> None:
    from kdviz.app.serve import bind

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ValueError, match=f"port {port} cannot be used"):
            bind("127.0.0.1", port)
    with bind("127.0.0.1", None) as bound:
        assert bound.getsockname()[1] > 0


def test_what_other_machines_call_this_one_is_no_name_for_itself():
    assert [host_for_others(ip) for ip in ("127.0.0.1", "localhost", "::1")] == ["", "", ""]
    assert host_for_others("192.0.2.7") == "192.0.2.7" and host_for_others("2001:db8::7") == "[2001:db8::7]"
    found = host_for_others("0.0.0.0")
    assert found == "" or not ipaddress.ip_address(found).is_loopback
