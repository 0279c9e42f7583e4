"""Take the README's screenshots from the real page: ``python docs/screenshots.py [folder]``.

Starts ``kdviz serve``, opens the Lab in headless Chromium at 1280 and 400 pixels, light and dark, trains the default
run to its end and writes ``lab-WIDTH-THEME.png``. With ``--all`` the other pages are taken as well.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from kdviz.app import chromium

WIDTHS = {1280: 900, 400: 860}
FOLDER = Path(__file__).parent / "images"


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
                take_lab(browser, lab, theme, arguments.folder)
                take_compare(browser, lab, theme, arguments.folder)
                take_methods(browser, lab, theme, arguments.folder)
                if arguments.all:
                    take_others(browser, lab, theme, arguments.folder)
            browser.close()
        finally:
            server.terminate()


def take_lab(browser: Browser, url: str, theme: str, folder: Path) -> None:
    """Train the default run on one page and take it at every width."""
    page = open_page(browser, url, theme)
    page.get_by_role("button", name="Train", exact=True).click()
    page.locator(".kd-transport[data-state=finished]").wait_for(timeout=180_000)
    take(page, folder, "lab", theme)
    for view, name in (("Many examples", "many"), ("Your own digit", "draw"), ("Saliency", "saliency")):
        page.get_by_role("radiogroup", name="Show").get_by_role("radio", name=view, exact=True).check()
        if name == "draw":
            draw_a_seven(page)
        if name == "saliency":
            page.get_by_text("of the top tenth of all places").first.wait_for()
        take(page, folder, f"lab-{name}", theme)
    page.context.close()


def take_compare(browser: Browser, lab: str, theme: str, folder: Path) -> None:
    """Take the page of two models where it shows their attention."""
    page = open_page(browser, f"{lab.split('/voila/')[0]}/voila/render/dashboards/compare.ipynb", theme)
    page.get_by_text("agrees with the teacher").first.wait_for(timeout=60_000)
    page.get_by_role("radiogroup", name="Show").get_by_role("radio", name="Attention", exact=True).check()
    page.locator(".kd-host-attention canvas").first.wait_for()
    page.wait_for_timeout(500)
    take(page, folder, "compare", theme)
    page.context.close()


def take_methods(browser: Browser, lab: str, theme: str, folder: Path) -> None:
    """Train the default method beside Hinton's and the twin, and take the page at every width."""
    page = open_page(browser, f"{lab.split('/voila/')[0]}/voila/render/dashboards/methods.ipynb", theme)
    page.get_by_role("button", name="Train", exact=True).click()
    page.locator(".kd-transport[data-state=finished]").wait_for(timeout=180_000)
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
    for name, url in (("index", f"{base}/"), ("temperature", lesson)):
        page = open_page(browser, url, theme)
        if name != "index":
            page.locator(".kd").first.wait_for(timeout=60_000)
        take(page, folder, name, theme)
        page.context.close()


def open_page(browser: Browser, url: str, theme: str) -> Page:
    dark = theme == "dark"
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark" if dark else "light")
    page.goto(url)
    return page


def take(page: Page, folder: Path, name: str, theme: str) -> None:
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")  # what stays in sight while the page scrolls is where it belongs
        page.wait_for_timeout(400)  # let the layout settle
        file = folder / f"{name}-{width}-{theme}.png"
        page.screenshot(path=file, full_page=True)
        print(file)


if __name__ == "__main__":
    main()
