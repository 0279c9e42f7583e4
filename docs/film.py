"""Make the README's film of the Lab: ``python docs/film.py [file]``.

Starts ``kdviz serve``, opens the Lab in headless Chromium, trains the default run and holds the temperature's slider
while it learns, back and forth, so that the bars follow. The pictures taken on the way become an animated WebP of 18
seconds and at most 1.5 MB, ``docs/images/lab.webp``; the last of them, ``docs/static/lab-still.webp``, stands still
for whoever has asked their system for less motion.
"""

from __future__ import annotations

import argparse
import io
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from kdviz.app import chromium

FILE = Path(__file__).parent / "images" / "lab.webp"
STILL_FILE = Path(__file__).parent / "static" / "lab-still.webp"
VIEWPORT, SIZE = {"width": 1280, "height": 800}, (960, 600)
SECONDS, FRAMES = 18, 90
STILL = 12  # of the last frame's length: what came of it is read
MOST_BYTES = 1_500_000
QUALITIES = (80, 70, 60, 50, 35, 20)
READY_MS, PAUSE_MS = 120_000, 100
SWINGS = 2  # of the slider, from one side to the other and back


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=FILE)
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "kdviz.app.cli", "serve", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
        try:
            line = next(line for line in server.stdout or () if "http://" in line)
            browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
            page = browser.new_page(viewport=VIEWPORT, color_scheme="light")
            page.goto(line[line.index("http://") :].split()[0], timeout=READY_MS)
            frames = list(filmed(page))
            browser.close()
        finally:
            server.terminate()
    chosen = evenly(frames)
    print(f"{arguments.file}: {write(chosen, arguments.file):,} bytes of {len(chosen)} pictures")
    chosen[-1].save(STILL_FILE, "WEBP", quality=70)


def filmed(page: Page) -> Iterator[bytes]:
    """Train the run on the page; yield pictures of it from the first step to the end."""
    page.locator(".kd-transport[data-state=idle]").wait_for(timeout=READY_MS)
    page.get_by_role("button", name="Train", exact=True).click()
    page.locator(".kd-curves .kd-line-student").first.wait_for(timeout=READY_MS)
    box = page.get_by_role("slider", name=re.compile("^Temperature")).first.bounding_box()
    assert box is not None, "the temperature's slider is on the page"
    x, y = box["x"] + 0.42 * box["width"], box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()  # held to the end: a release would be an edit of the run
    finished = page.locator(".kd-transport[data-state=finished]")
    while not finished.count():
        learned = page.evaluate(LEARNED)
        page.mouse.move(x + 0.3 * box["width"] * math.sin(2 * math.pi * SWINGS * learned), y)
        yield page.screenshot()
        page.wait_for_timeout(PAUSE_MS)
    page.wait_for_timeout(1500)  # the difference counts in
    yield page.screenshot()


LEARNED = """() => {
  const [at] = [...document.querySelectorAll(".kd-curves .kd-scrub")];
  return at ? Number(at.value) / Math.max(1, Number(at.max)) : 0;
}"""


def evenly(frames: list[bytes]) -> list[Image.Image]:
    """Return as many of the pictures as the film has, at its size: the first and the last among them."""
    count = min(FRAMES, len(frames))
    chosen = [frames[round(i * (len(frames) - 1) / max(1, count - 1))] for i in range(count)]
    return [Image.open(io.BytesIO(frame)).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS) for frame in chosen]


def write(frames: list[Image.Image], file: Path) -> int:
    """Write the film as well as its size allows; return how many bytes it has."""
    each = round(1000 * SECONDS / (len(frames) - 1 + STILL))
    durations = [each] * (len(frames) - 1) + [STILL * each]
    for quality in QUALITIES:
        film = io.BytesIO()
        more = {"duration": durations, "quality": quality, "method": 4, "loop": 0}
        frames[0].save(film, "WEBP", save_all=True, append_images=frames[1:], **more)
        if film.tell() <= MOST_BYTES:
            break
    else:
        raise SystemExit(f"the film has {film.tell():,} bytes at the lowest quality, more than {MOST_BYTES:,}")
    file.parent.mkdir(parents=True, exist_ok=True)
    return file.write_bytes(film.getvalue())


if __name__ == "__main__":
    main()
