"""What a user of the Lab waits for: ``python benchmarks/lab.py``.

In one run, in headless Chromium against ``kdviz serve``:

* page request to first bars (as a ratio to a plain Voila page too), and to a ready Train button, on a warm server;
* key press to frame of the T slider, beside a plain ``interact`` + ``FigureWidget`` that draws the same two bar charts;
* Train click to finished for the default run, student and twins together, and what the page was sent for it;
* key press to frame of the scrubber, over the steps of that run;
* test errors of student and twin for the default choices over several seeds (``--seeds``), on this machine's CPUs.

A key press is timed from the browser's keydown event to the change of the bars in the document, and to the end of the
frame that shows it, layout and painting included (by software: there is no GPU here); a share of up to one frame
(16.7 ms) of the latter is the screen's own clock.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

import kdviz as kd
from kdviz.app import chromium

RIVAL = """
import ipywidgets, plotly.graph_objects as go, torch, kdviz as kd
from plotly.subplots import make_subplots
from kdviz.panels.views.probes import choose_probes

teacher = kd.models.pretrained("mnist-mlp-1200")
probes = choose_probes(teacher, kd.data.mnist())
t = probes.teacher_logits[0]
with torch.no_grad():
    s = kd.models.mlp((64,))(probes.examples.inputs())[0]
figure = make_subplots(1, 2)
for column in (1, 2):
    figure.add_bar(x=[0.1] * 10, y=list(range(10)), orientation="h", row=1, col=column)
figure = go.FigureWidget(figure)

def draw(T):
    with figure.batch_update():
        for bar, logits in zip(figure.data, (t, s)):
            bar.x = (logits / T).softmax(0).tolist()

ipywidgets.VBox([figure, ipywidgets.interactive(draw, T=ipywidgets.FloatSlider(value=4, min=0.5, max=100, step=0.25))])
"""
LAB = "import kdviz as kd\n\nkd.panels.Lab()\n"
PLAIN = "import ipywidgets\n\nipywidgets.IntSlider(description='plain')\n"

TIMER = """
(root) => {
  window.timings = [];
  let pressed = null, inFrame = false;
  const afterwards = (call) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = call;
    channel.port2.postMessage(0);
  };
  const watchFrame = () => requestAnimationFrame(() => {
    inFrame = true;
    afterwards(() => { inFrame = false; });
  });
  addEventListener("keydown", (event) => { pressed = event.timeStamp; watchFrame(); }, true);
  new MutationObserver(() => {
    if (pressed === null) return;
    const from = pressed, changed = performance.now();
    pressed = null;
    const note = () => window.timings.push({ changed: changed - from, frame: performance.now() - from });
    const rendered = () => afterwards(note);
    if (inFrame) rendered();
    else requestAnimationFrame(rendered);
  }).observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5, help="0: skip the seeds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        for name, code in (("lab", LAB), ("rival", RIVAL), ("plain", PLAIN)):
            write_notebook(Path(folder) / f"{name}.ipynb", code)
        with serving(Path(folder)) as base:
            print(f"{'T slider, ms':<28}{'median':>9}{'p95':>9}   key press to")
            ours = time_slider(new_page(browser), f"{base}/voila/render/lab.ipynb", "kdviz Lab", arguments.presses)
            theirs = time_slider(
                new_page(browser), f"{base}/voila/render/rival.ipynb", "interact + FigureWidget", arguments.presses
            )
            print(f"the Lab's bars are changed {theirs / ours:.0f} times sooner (medians)")
        with serving(None) as base, serving(Path(folder) / "plain.ipynb") as plain:  # both keep a kernel warm
            compare_opening(browser, f"{base}/voila/render/dashboards/lab.ipynb", f"{plain}/", arguments.loads)
        with serving(None) as base:
            time_opening(browser, f"{base}/voila/render/dashboards/lab.ipynb", arguments.loads)
            time_training(new_page(browser), f"{base}/voila/render/dashboards/lab.ipynb", arguments.presses)
        browser.close()
    if arguments.seeds:
        compare_seeds(arguments.seeds)


def new_page(browser: Browser) -> Page:
    """Return a page that may be asked by text: the served pages' policy forbids what Playwright's waiting evaluates."""
    return browser.new_page(bypass_csp=True)


def write_notebook(path: Path, code: str) -> None:
    cell = {"cell_type": "code", "id": "only", "metadata": {}, "execution_count": None, "outputs": [], "source": code}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.write_text(json.dumps({"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))


class serving:  # noqa: N801 (reads as a verb)
    """A ``kdviz serve`` on a folder (None: the pages that kdviz brings), for the block; gives its address."""

    def __init__(self, folder: Path | None) -> None:
        command = [sys.executable, "-m", "kdviz.app.cli", "serve", "--no-browser", "--port", "0"]
        command += [str(folder)] if folder is not None else []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> str:
        line = next(line for line in self.process.stdout or () if "http://127.0.0.1:" in line)
        return "http://" + line.split("http://")[1].split("/")[0].strip()

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()


def time_slider(page: Page, url: str, name: str, presses: int) -> float:
    """Press an arrow key on the T slider; print both timings and return the median to the changed document, in ms."""
    page.goto(url, timeout=120_000)
    if "rival" in url:
        bars = page.locator(".js-plotly-plot .barlayer").first
        slider = page.get_by_role("slider").first
    else:
        bars, slider = page.locator(".kd-rows").first, page.get_by_role("slider", name="Temperature")
    bars.wait_for(state="attached", timeout=120_000)
    slider.wait_for(timeout=120_000)
    page.wait_for_timeout(3000)  # both pages at rest
    median = press(page, slider, bars, name, presses, ("ArrowRight", "ArrowLeft"))
    page.close()
    return median


def press(page: Page, slider: Locator, bars: Locator, name: str, presses: int, keys: tuple[str, str]) -> float:
    """Press a key (20 times, then 20 times the other) and print how soon the bars are changed."""
    slider.focus()
    bars.evaluate(TIMER)
    for k in range(presses):
        done = page.evaluate("window.timings.length")
        page.keyboard.press(keys[0] if k % 40 < 20 else keys[1])
        page.wait_for_function(f"window.timings.length > {done}", timeout=10_000)
        page.wait_for_timeout(30 + 7 * (k % 5))  # at no fixed place between two frames
    timings = page.evaluate("window.timings")
    for what, words in (("changed", "bars changed in the document"), ("frame", "their frame rendered")):
        ms = sorted(t[what] for t in timings)
        print(f"{name:<28}{statistics.median(ms):>9.1f}{ms[int(0.95 * (len(ms) - 1))]:>9.1f}   {words}", flush=True)
    return statistics.median(t["changed"] for t in timings)


def time_opening(browser: Browser, url: str, loads: int) -> None:
    """Request the page several times with a warm kernel; print when its first widget and Train were there."""
    first, ready = [], []
    for _ in range(loads):
        time.sleep(12)  # the next kernel gets warm
        page = new_page(browser)
        start = time.perf_counter()
        page.goto(url, wait_until="commit", timeout=120_000)
        page.locator(".kd-card:visible").first.wait_for(timeout=120_000)
        first.append(time.perf_counter() - start)
        page.locator(".kd-transport[data-state=idle]").wait_for(timeout=120_000)
        ready.append(time.perf_counter() - start)
        page.close()
    for what, seconds in (("first widget", first), ("ready Train button", ready)):
        told = f"median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s"
        print(f"page request to {what}, warm server, {loads} loads: {told}", flush=True)


def compare_opening(browser: Browser, lab: str, plain: str, loads: int) -> None:
    """Request the Lab and a page of one plain slider in turn; print how soon first bars are there, and the ratio."""
    seconds: dict[str, list[float]] = {lab: [], plain: []}
    for _ in range(loads):
        for url, part in ((lab, ".kd-hero .kd-row:visible"), (plain, ".widget-slider")):
            time.sleep(12)  # the next kernel gets warm
            page = new_page(browser)
            start = time.perf_counter()
            page.goto(url, wait_until="commit", timeout=120_000)
            page.locator(part).first.wait_for(timeout=120_000)
            seconds[url].append(time.perf_counter() - start)
            page.close()
    bars, slider = (statistics.median(seconds[url]) for url in (lab, plain))
    told = f"{bars:.2f} s; to a plain Voila page's slider {slider:.2f} s; {bars / slider:.1f} times"
    print(f"page request to first bars, warm servers, {loads} loads: {told}", flush=True)


def time_training(page: Page, url: str, presses: int) -> None:
    """Train the default run; print how long it took, what the page was sent, and how the scrubber follows."""
    received = {"bytes": 0}

    def count(payload: str | bytes) -> None:
        received["bytes"] += len(payload)

    page.on("websocket", lambda socket: socket.on("framereceived", count))
    page.goto(url, timeout=120_000)
    train = page.get_by_role("button", name="Train", exact=True)
    page.locator(".kd-transport[data-state=idle]").wait_for(timeout=120_000)
    page.wait_for_timeout(3000)
    opened = received["bytes"]
    start = time.perf_counter()
    train.click()
    page.locator(".kd-transport[data-state=finished]").wait_for(timeout=300_000)
    print(f"Train click to finished, default run, student and twins: {time.perf_counter() - start:.1f} s", flush=True)
    page.wait_for_timeout(1000)
    sent = [opened / 2**20, (received["bytes"] - opened) / 2**20]
    print(
        f"sent to the page: {sent[0]:.2f} MB until it was open, {sent[1]:.2f} MB for the run, {sum(sent):.2f} MB in all"
    )
    scrubber = page.get_by_role("slider", name=re.compile("step", re.IGNORECASE)).first
    press(page, scrubber, page.locator(".kd-rows").first, "scrubber", presses, ("ArrowLeft", "ArrowRight"))
    page.close()


def compare_seeds(count: int) -> None:
    """Print test errors of student and twin over seeds for the Lab's default choices."""
    pairs = []
    for seed in range(count):
        lab = kd.panels.Lab(seed=seed)
        lab.command("train")
        lab.wait("finished")
        if lab.run is None or lab.twin is None:
            raise RuntimeError(lab.status)
        pairs.append(tuple(r.history.evaluated("test")[-1].errors for r in (lab.run, lab.twin)))
        print(f"seed {seed}: student {pairs[-1][0]}, twin {pairs[-1][1]} test errors of 10,000", flush=True)
        lab.close()
    student, twin = (statistics.mean(p[i] for p in pairs) for i in (0, 1))
    fewer = [t - s for s, t in pairs]
    spread = f" ± {statistics.stdev(fewer):.0f} (s.d. over seeds)" if count > 1 else ""
    print(
        f"mean: student {student:.0f}, twin {twin:.0f}; paired difference {statistics.mean(fewer):.0f}{spread}, "
        f"{1 - student / twin:.0%} fewer errors with the teacher"
    )


if __name__ == "__main__":
    main()
