"""Where a page keeps on disk what one browser has made there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import platformdirs

TOKEN = re.compile(r"[0-9a-f]{32}")


def browser_folder(browser: str, page: str) -> Path | None:
    """Return a page's folder for a browser: below ``KDVIZ_KEEP``, or the user's own place; None without a browser.

    Raises
    ------
    ValueError
        If the token is none: it becomes the name of a folder.
    """
    if not browser:
        return None
    if not TOKEN.fullmatch(browser):
        raise ValueError(f"a browser's token is 32 hexadecimal characters, got {browser!r}; reload the page")
    chosen = os.environ.get("KDVIZ_KEEP")
    place = Path(chosen).expanduser() if chosen else platformdirs.user_state_path("kdviz")
    return place / page / browser
