"""What each lesson costs to open: ``python benchmarks/lessons.py [LESSON ...]``.

As a page of ``kdviz serve``, with a cold kernel: seconds from the request to a page that is ready, what its kernel
holds then and held at most, and what the browser received, files and widgets. With ``--site FOLDER``, which ``kdviz
site`` wrote: the same page from disk, its seconds and the bytes of its file. One table, in Markdown.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from kdviz.app import chromium, lesson_pages, pages, places

READY = "[data-kd-ready]"
LONGEST_MS = 600_000
HEAD = ("lesson", "ready, s", "kernel, MB", "at most, MB", "files, MB", "widgets, MB")
STATIC = ("static, s", "file, MB")


@dataclass
class Received:
    """Bytes that a page received."""

    files: int = 0
    widgets: int = 0

    def follow(self, page: Page) -> None:
        """Count what a page receives from now on: files as they travel, messages of widgets as they arrive."""
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda event: self._file(int(event["encodedDataLength"])))
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: self._frame(frame)))

    def _file(self, size: int) -> None:
        self.files += size

    def _frame(self, frame: str | bytes) -> None:
        self.widgets += len(frame)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lesson", nargs="*", help="file names, such as 02-temperature (all)")
    parser.add_argument("--site", type=Path, help="a folder that kdviz site wrote")
    arguments = parser.parse_args()
    root = places.notebooks()
    found = [one for one in lesson_pages.lessons_beside(root, root / "course" / "any.ipynb") if one.place]
    chosen = [one for one in found if not arguments.lesson or Path(one.path).stem in arguments.lesson]
    head = (*HEAD, *(STATIC if arguments.site else ()))
    print("| " + " | ".join(head) + " |\n" + "| --- " * len(head) + "|", flush=True)
    with serving() as (base, server), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        for lesson in chosen:
            row = served(browser, base, server, lesson)
            if arguments.site:
                row += from_disk(browser, arguments.site / Path(lesson.path).with_suffix(".html"))
            print("| " + " | ".join([lesson.title, *row]) + " |", flush=True)
        browser.close()


@contextmanager
def serving() -> Iterator[tuple[str, psutil.Process]]:
    """A ``kdviz serve`` that keeps no kernel warm; gives its address and process."""
    command = [sys.executable, "-m", "kdviz.app.cli", "serve", "--no-browser", "--no-preheat", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = next(line for line in server.stdout or () if "http://127.0.0.1:" in line)
            yield "http://" + line.split("http://")[1].split("/")[0].strip(), psutil.Process(server.pid)
        finally:
            server.terminate()


def served(browser: Browser, base: str, server: psutil.Process, lesson: pages.Entry) -> list[str]:
    """Open a lesson with a kernel of its own; return its columns of the table."""
    page = browser.new_page()
    page.goto(f"{base}/")  # the connection is there, the lesson's files are not
    received = Received()
    received.follow(page)
    begun = time.perf_counter()
    page.goto(f"{base}/voila/render/{lesson.path}", wait_until="commit", timeout=LONGEST_MS)
    page.locator(READY).wait_for(state="attached", timeout=LONGEST_MS)
    seconds = time.perf_counter() - begun
    page.wait_for_timeout(2000)  # at rest
    memory = [held(process) for process in server.children(recursive=True) if is_kernel(process)]
    now, most = max(memory, default=(0, 0))
    page.goto("about:blank")  # ends the kernel
    page.close()
    held_mb = [f"{size / 1e6:.0f}" for size in (now, most)]
    return [f"{seconds:.1f}", *held_mb, mb(received.files), mb(received.widgets)]


def is_kernel(process: psutil.Process) -> bool:
    try:
        return "ipykernel_launcher" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def held(process: psutil.Process) -> tuple[int, int]:
    """Bytes that a process holds now, and held at most (where the system tells; else those of now)."""
    now = process.memory_info().rss
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        return now, next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return now, now


def from_disk(browser: Browser, file: Path) -> list[str]:
    """Open a lesson's static page; return its columns of the table."""
    if not file.is_file():
        return ["–", "–"]
    page = browser.new_page()
    begun = time.perf_counter()
    page.goto(file.resolve().as_uri(), wait_until="commit")
    page.locator(READY).wait_for(state="attached", timeout=LONGEST_MS)
    seconds = time.perf_counter() - begun
    page.close()
    return [f"{seconds:.1f}", mb(file.stat().st_size)]


def mb(size: int) -> str:
    return f"{size / 1e6:.2f}"


if __name__ == "__main__":
    main()
