"""Pages of one panel, written for a test, and what every page must do in a browser."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import Page

WIDTHS = (360, 768, 1280, 1920)


def write_page(path: Path, title: str, panel: str) -> None:
    """Write a notebook that shows a heading, and a panel by its Python call."""
    source = f"import kdviz as kd\nkd.panels.{panel}"
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": f"# {title}"},
        {"cell_type": "code", "id": "b", "metadata": {}, "source": source, "outputs": [], "execution_count": None},
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook))


def open_all_folds(page: Page) -> None:
    for details in page.locator("details").all():
        details.evaluate("(d) => { d.open = true; }")


def check_widths(page: Page, widths: Iterable[int] = WIDTHS) -> None:
    """Check that a page needs no scrolling sideways, at any width."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"at {width} px"
