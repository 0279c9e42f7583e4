"""What every page must do in a browser."""

from __future__ import annotations

from collections.abc import Iterable

from playwright.sync_api import Page

WIDTHS = (360, 768, 1280, 1920)


def open_all_folds(page: Page) -> None:
    for details in page.locator("details").all():
        details.evaluate("(d) => { d.open = true; }")


def check_widths(page: Page, widths: Iterable[int] = WIDTHS) -> None:
    """Check that a page needs no scrolling sideways, at any width."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"at {width} px"
