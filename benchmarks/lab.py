"""What a user of the Lab waits for: ``python benchmarks/lab.py``.

In one run, in headless Chromium against ``kdviz serve``:

* key press to frame of the T slider, beside a plain ``interact`` + ``FigureWidget`` that draws the same two bar charts;
* Train click to finished for the default run, student and twin together;
* test errors of student and twin for the default choices over several seeds (``--seeds``), on this machine's CPUs.

A key press is timed from the browser's keydown event to the first animation frame at which the changed bars are in the
document, so a share of up to one frame (16.7 ms) is the screen's own clock.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

import kdviz as kd
from kdviz.app import chromium

RIVAL = """
import ipywidgets, plotly.graph_objects as go, torch, kdviz as kd
from plotly.subplots import make_subplots
from kdviz.panels.probes import choose_probes

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

TIMER = """
(root) => {
  window.timings = [];
  let pressed = null;
  addEventListener("keydown", (event) => { pressed = event.timeStamp; }, true);
  new MutationObserver(() => {
    if (pressed === null) return;
    const from = pressed, changed = performance.now();
    pressed = null;
    requestAnimationFrame(() => window.timings.push({ changed: changed - from, frame: performance.now() - from }));
  }).observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=5, help="0: skip the seeds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        for name, code in (("lab", LAB), ("rival", RIVAL)):
            write_notebook(Path(folder) / f"{name}.ipynb", code)
        with serving(Path(folder)) as base:
            print(f"{'T slider, ms':<28}{'median':>9}{'p95':>9}   key press to")
            ours = time_slider(browser.new_page(), f"{base}/voila/render/lab.ipynb", "kdviz Lab", arguments.presses)
            theirs = time_slider(
                browser.new_page(), f"{base}/voila/render/rival.ipynb", "interact + FigureWidget", arguments.presses
            )
            print(f"the Lab's bars are changed {theirs / ours:.0f} times sooner (medians)")
            time_training(browser.new_page(), f"{base}/voila/render/lab.ipynb")
        browser.close()
    if arguments.seeds:
        compare_seeds(arguments.seeds)


def write_notebook(path: Path, code: str) -> None:
    cell = {"cell_type": "code", "id": "only", "metadata": {}, "execution_count": None, "outputs": [], "source": code}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.write_text(json.dumps({"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))


class serving:  # noqa: N801 (reads as a verb)
    """A ``kdviz serve`` on a folder, for the block; gives its address."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "kdviz.app.cli", "serve", "--no-browser", "--port", "0", str(folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> str:
        line = next(line for line in self.process.stdout or () if "http://127.0.0.1:" in line)
        return "http://" + line.split("http://")[1].split("/")[0].strip()

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()


def time_slider(page: Page, url: str, name: str, presses: int) -> float:
    """Press an arrow key on the T slider; print both timings and return the median to the changed document, in ms."""
    page.goto(url)
    if "rival" in url:
        bars = page.locator(".js-plotly-plot .barlayer").first
        slider = page.get_by_role("slider").first
    else:
        bars, slider = page.locator(".kd-rows"), page.get_by_role("slider", name="Temperature")
    bars.wait_for(state="attached", timeout=120_000)
    slider.wait_for(timeout=120_000)
    page.wait_for_timeout(3000)  # both pages at rest
    slider.focus()
    bars.evaluate(TIMER)
    for k in range(presses):
        done = page.evaluate("window.timings.length")
        page.keyboard.press("ArrowRight" if k % 40 < 20 else "ArrowLeft")
        page.wait_for_function(f"window.timings.length > {done}", timeout=10_000)
        page.wait_for_timeout(30 + 7 * (k % 5))  # at no fixed place between two frames
    timings = page.evaluate("window.timings")
    page.close()
    for what, words in (("changed", "bars changed in the document"), ("frame", "next animation frame")):
        ms = sorted(t[what] for t in timings)
        print(f"{name:<28}{statistics.median(ms):>9.1f}{ms[int(0.95 * (len(ms) - 1))]:>9.1f}   {words}", flush=True)
    return statistics.median(t["changed"] for t in timings)


def time_training(page: Page, url: str) -> None:
    page.goto(url)
    train = page.get_by_role("button", name="Train", exact=True)
    train.wait_for(timeout=120_000)
    page.locator(".kd-transport[data-state=idle]").wait_for(timeout=120_000)
    start = time.perf_counter()
    train.click()
    page.locator(".kd-transport[data-state=finished]").wait_for(timeout=300_000)
    print(f"Train click to finished, default run, student and twin: {time.perf_counter() - start:.1f} s", flush=True)
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
