"""Servers and kernels killed in the middle of a run: ``python benchmarks/killed.py``.

A browser opens the Lab of a real ``kdviz serve`` and trains. In the middle, at a moment drawn by chance, the server or
the kernel is killed (SIGKILL, in turns). The reader presses Start again, takes up the run that is offered, and trains
it to its end. Printed for each: the step that the page had shown, the step that was kept, what was lost in steps and in
seconds of training, and whether the finished runs, the student's and its twins', are those of a run that nobody
disturbed: weights, losses and evaluations, bit for bit.

``--kills 10`` and the Lab's own run are what it does by itself.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Page, expect, sync_playwright

from kdviz.app import chromium, places
from kdviz.panels.lab.session_store import SessionStore

PATIENCE_MS = 300_000
FLAGS = ["--no-sandbox", "--disable-gpu"]
PACE_S = 1.0  # over which the pace is taken before the end
TOKEN = "localStorage.getItem('kdviz-browser')"
KERNEL = "JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"


class Server:
    """``kdviz serve`` at one port, which can be killed and started again.

    Parameters
    ----------
    keep : pathlib.Path
        Where runs are kept.
    """

    def __init__(self, keep: Path) -> None:
        self._keep, self.port = keep, 0
        self.start()

    def start(self) -> None:
        """Start it, at the port that it had."""
        given = ["serve", "--no-browser", "--port", str(self.port)]
        env = {**os.environ, "PYTHONUNBUFFERED": "1", "KDVIZ_KEEP": str(self._keep)}
        command = [sys.executable, "-m", "kdviz.app.cli", *given]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
        said = self.process.stdout
        assert said is not None
        for line in said:
            if found := re.search(r"http://[\w.]+:(\d+)/", line):
                self.port = int(found[1])
                break
        else:
            raise RuntimeError("the server did not start")
        threading.Thread(target=said.read, daemon=True).start()

    @property
    def lab(self) -> str:
        """The address of the Lab."""
        return f"http://127.0.0.1:{self.port}/voila/render/{places.LAB}"

    def kill(self) -> None:
        """Kill it, and wait until its kernels have gone with it."""
        below = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        self.process.wait()
        psutil.wait_procs(below, timeout=30)

    def stop(self) -> None:
        """End it as one does."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def kernel(server: int, which: str) -> psutil.Process:
    """The process of a server's kernel, by its id."""
    below = psutil.Process(server).children(recursive=True)
    return next(one for one in below if f"kernel-{which}.json" in " ".join(one.cmdline()))


@dataclass(frozen=True)
class Outcome:
    """What became of a run that was killed.

    Attributes
    ----------
    shown, kept : int
        The step that the page had shown, and the one that it was offered at.
    pace : float
        Steps a second before that.
    finished : dict
        What the finished runs are, as `summary` says.
    """

    shown: int
    kept: int
    pace: float
    finished: dict[str, Any]

    @property
    def lost(self) -> int:
        """Steps that had to be done again."""
        return max(0, self.shown - self.kept)


def step(page: Page) -> int:
    """The step that a page shows."""
    return int(page.get_by_role("progressbar").first.get_attribute("aria-valuenow") or 0)


def until(page: Page, state: str) -> None:
    """Wait until training is in a state."""
    expect(page.locator(f".kd-transport[data-state={state}]")).to_be_visible(timeout=PATIENCE_MS)


def begun(page: Page, address: str) -> None:
    """Open the Lab and press Train, once it is ready and its link was followed."""
    page.goto(address)
    until(page, "idle")
    page.locator(":root:not([data-kd-link=waiting])").wait_for(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Train", exact=True).click(timeout=PATIENCE_MS)
    until(page, "running")


def killed(page: Page, server: Server, address: str, what: str, after_s: float) -> Outcome:
    """Train, be killed so long after the first step, begin again, and train to the end."""
    begun(page, address)
    page.wait_for_function("() => document.querySelector('[role=progressbar]').ariaValueNow > 0", timeout=PATIENCE_MS)
    page.wait_for_timeout(1000 * after_s)
    before, since = step(page), time.perf_counter()
    page.wait_for_timeout(1000 * PACE_S)
    shown = step(page)
    if what == "server":
        server.kill()
    else:
        kernel(server.process.pid, page.evaluate(KERNEL)).kill()
    pace = (shown - before) / (time.perf_counter() - since)
    if what == "server":
        server.start()
    taken_up(page)
    return Outcome(shown, step(page), pace, gone_on(page))


def taken_up(page: Page) -> None:
    """Begin again where Python is gone, and take up the run that is offered."""
    with page.expect_navigation(timeout=PATIENCE_MS):
        page.get_by_role("button", name="Start again").click(timeout=PATIENCE_MS)
    offered = page.locator(".kd-kept").get_by_role("button", name="Resume")
    offered.first.click(timeout=PATIENCE_MS)
    until(page, "stopped")


def gone_on(page: Page) -> dict[str, Any]:
    """Train what was taken up to its end, and return what it is."""
    page.locator(".kd-transport").get_by_role("button", name="Resume").click(timeout=PATIENCE_MS)
    return finished(page)


def finished(page: Page) -> dict[str, Any]:
    """Wait until the run has finished, and return what it is."""
    until(page, "finished")
    return summary(page.evaluate(TOKEN))


def summary(token: str) -> dict[str, Any]:
    """What a browser's newest session is: of each run weights, losses and evaluations."""
    store = SessionStore(token)
    newest = store.offers()[0]
    _, runs, _ = store.load(newest.id)
    return {
        name: {
            "weights": b"".join(value.numpy().tobytes() for value in run.student.state_dict().values()),
            "rows": run.history.rows.tobytes(),
            **run.history.to_dict(),
        }
        for name, run in runs.items()
    }


def difference(one: dict[str, Any], other: dict[str, Any]) -> str:
    """What differs between two sessions, in words; empty where nothing does."""
    if one.keys() != other.keys():
        return f"runs: {sorted(one)} and {sorted(other)}"
    for name, run in one.items():
        for what, value in run.items():
            if value != other[name][what]:
                mine, theirs = (len(given[what]) for given in (run, other[name]))
                return f"{what} of {name} ({mine} and {theirs})"
    return ""


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--query", default="", help="what the Lab's link says (nothing: the default run)")
    parser.add_argument("--latest", type=float, default=8.0, help="seconds of training before the last kills (8)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (0)")
    options = parser.parse_args()
    drawn = random.Random(options.seed)
    wrong = 0
    with tempfile.TemporaryDirectory() as kept, sync_playwright() as playwright:
        os.environ["KDVIZ_KEEP"] = kept
        server = Server(Path(kept))
        address = f"{server.lab}?{options.query}"
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        try:
            page = browser.new_context().new_page()
            begun(page, address)
            undisturbed = finished(page)
            page.goto("about:blank")
            for i in range(options.kills):
                page = browser.new_context().new_page()  # of a browser that keeps nothing yet
                what = ("server", "kernel")[i % 2]
                found = killed(page, server, address, what, drawn.uniform(0.5, options.latest))
                differs = difference(undisturbed, found.finished)
                seconds = found.lost / found.pace if found.pace else 0.0
                print(
                    f"{what}: step {found.shown:,} was shown, {found.kept:,} kept: {found.lost} lost, {seconds:.2f} s; "
                    + (f"DIFFERS: {differs}" if differs else "equal to the last bit"),
                    flush=True,
                )
                wrong += bool(differs)
                page.goto("about:blank")
        finally:
            browser.close()
            server.stop()
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
