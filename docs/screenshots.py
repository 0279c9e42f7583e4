"""Take the documentation's screenshots from the real page: ``python docs/screenshots.py [folder]``.

Starts ``kdviz serve``, opens the Lab in headless Chromium and trains its default run. ``docs/images`` gets the pictures
that the documentation shows; another folder gets all that there are: at 1280, 400 and 1920 pixels, light and dark, the
Lab untouched (``lab-first-WIDTH-THEME.png``, what is seen without scrolling), after its run (``lab-...``), presented
with a class left out; its views and the other pages at 1280 and 400; with ``--all`` the index, the lesson and its plan.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from kdviz.app import chromium

WIDTHS = {1280: 900, 400: 860, 1920: 1080}
AT_ALL_WIDTHS = ("lab-first", "lab", "wall-presented")
PATIENCE_MS = 300_000
FOLDER = Path(__file__).parent / "images"
PAGES = [page.read_text(encoding="utf-8") for page in FOLDER.parent.rglob("*.md")]
SHOWN = {name for page in PAGES for name in re.findall(r"images/([\w-]+\.png)", page)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--all", action="store_true", help="the index and the lessons too")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "kdviz.app.cli", "serve", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
        try:
            lab = next(line for line in server.stdout or () if "http://" in line)
            lab = lab[lab.index("http://") :].split()[0]
            browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
            for theme in ("light", "dark"):
                pages = {
                    "wall": take_presented,
                    "lab": take_lab,
                    "compare": take_compare,
                    "methods": take_methods,
                }
                for name, take_page in pages.items():
                    if arguments.folder != FOLDER or any(re.match(f"{name}.*-{theme}", shown) for shown in SHOWN):
                        take_page(browser, lab, theme, arguments.folder)
                if arguments.all:
                    take_others(browser, lab, theme, arguments.folder)
            browser.close()
        finally:
            server.terminate()


def choose(page: Page, group: str, view: str) -> None:
    """Choose a view by the keyboard."""
    for name in (group, view):
        page.get_by_role("radio", name=name, exact=True).press("Space")


def take_lab(browser: Browser, url: str, theme: str, folder: Path) -> None:
    """Train the default run on one page and take it at every width."""
    page = open_page(browser, url, theme)
    page.locator(".kd-transport[data-state=idle]").wait_for()
    page.wait_for_timeout(2000)  # the bars have grown
    take(page, folder, "lab-first", theme, whole=False)
    page.get_by_role("button", name="Train", exact=True).click()
    page.locator(".kd-transport[data-state=finished]").wait_for()
    page.wait_for_timeout(1500)  # the difference has counted in
    take(page, folder, "lab", theme)
    for group, view, name in (
        ("What it knows", "Many examples", "many"),
        ("What it knows", "Your own digit", "draw"),
        ("Where it looks", "Saliency", "saliency"),
    ):
        choose(page, group, view)
        if name == "draw":
            draw_a_seven(page)
        if name == "saliency":
            page.get_by_text("of their most important pixels").first.wait_for()
        take(page, folder, f"lab-{name}", theme)
    page.context.close()


def take_presented(browser: Browser, url: str, theme: str, folder: Path) -> None:
    """Train the run that never sees a 3 on the presented page, and raise its bias: the wall of threes."""
    page = open_page(browser, f"{url}?preset=omitted-digit&present=1", theme)
    page.locator(".kd-transport[data-state=idle]").wait_for()
    page.keyboard.press("Space")
    page.locator(".kd-transport[data-state=finished]").wait_for()
    page.get_by_role("button", name="What bias suits validation?").click()
    page.get_by_text("suits validation best").first.wait_for()
    page.wait_for_timeout(500)
    take(page, folder, "wall-presented", theme, whole=False)
    page.context.close()


def take_compare(browser: Browser, lab: str, theme: str, folder: Path) -> None:
    """Take the page of two models where it shows their attention."""
    page = open_page(browser, f"{lab.split('/voila/')[0]}/voila/render/dashboards/compare.ipynb", theme)
    page.get_by_text("agrees with the teacher").first.wait_for()
    choose(page, "Where it looks", "Attention")
    page.locator(".kd-host-attention canvas").first.wait_for()
    page.wait_for_timeout(500)
    take(page, folder, "compare", theme)
    page.context.close()


def take_methods(browser: Browser, lab: str, theme: str, folder: Path) -> None:
    """Train the default method beside Hinton's and the twin, and take the page at every width."""
    page = open_page(browser, f"{lab.split('/voila/')[0]}/voila/render/dashboards/methods.ipynb", theme)
    page.get_by_role("button", name="Train", exact=True).click()
    page.locator(".kd-transport[data-state=finished]").wait_for()
    take(page, folder, "methods", theme)
    page.context.close()


def draw_a_seven(page: Page) -> None:
    """Draw two strokes with the mouse, and wait for the models' answer."""
    pad = page.locator(".kd-digit-pad canvas").first
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None, "the pad is on the page"
    corners = [(0.28, 0.22), (0.72, 0.22), (0.45, 0.82)]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=10)
    page.mouse.up()
    page.get_by_text("the teacher says 7").first.wait_for()


def take_others(browser: Browser, lab: str, theme: str, folder: Path) -> None:
    base = lab.split("/voila/")[0]
    lesson = f"{base}/voila/render/course/02-temperature.ipynb"
    plan = f"{base}/voila/render/course/lesson-plan.ipynb"
    for name, url, seen in (("index", f"{base}/", "svg"), ("temperature", lesson, ".kd"), ("plan", plan, "img")):
        page = open_page(browser, url, theme)
        page.locator(seen).first.wait_for()
        take(page, folder, name, theme)
        page.context.close()


def open_page(browser: Browser, url: str, theme: str) -> Page:
    dark = theme == "dark"
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark" if dark else "light")
    page.set_default_timeout(PATIENCE_MS)
    page.goto(url)
    return page


def take(page: Page, folder: Path, name: str, theme: str, *, whole: bool = True) -> None:
    for width, height in WIDTHS.items():
        if width == 1920 and name not in AT_ALL_WIDTHS:
            continue
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")  # what stays in sight while the page scrolls is where it belongs
        page.wait_for_timeout(400)  # let the layout settle
        file = folder / f"{name}-{width}-{theme}.png"
        if folder == FOLDER and file.name not in SHOWN:
            continue
        page.screenshot(path=file, full_page=whole)
        print(file)


if __name__ == "__main__":
    main()
