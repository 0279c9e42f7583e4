"""Find a Chromium for the browser tests, or install one: ``python -m kdviz.app.chromium``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The same Chromium without windows, where Debian or Playwright has it: a page costs a quarter of the time.
HEADLESS_SHELL = "chromium-headless-shell"
NAMES = (HEADLESS_SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
DEBIAN = ("chromium", "fonts-dejavu-core")
MANUAL = (
    "no Chromium was found and none could be installed: install Chromium or Google Chrome, "
    "or set KDVIZ_CHROMIUM to its executable"
)


def find() -> str | None:
    """Path of a Chromium executable, or None.

    ``$KDVIZ_CHROMIUM`` comes first, then a system-wide Chromium or Chrome, then Playwright's own download.

    Returns
    -------
    str or None
        Path of the executable.
    """
    named = os.environ.get("KDVIZ_CHROMIUM")
    if named:
        return named if os.access(named, os.X_OK) else None
    for name in NAMES:
        if path := shutil.which(name):
            return path
    return _playwright_own()


def _playwright_own() -> str | None:
    """Path of the Chromium that ``playwright install chromium`` downloads, if it is there."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> str:
    """Path of a Chromium executable, installing one when there is none.

    Debian's packages where ``apt-get`` is at hand and the user is root, else Playwright's own download. Where Debian's
    Chromium is installed without its headless shell, that is added if it can be.

    Returns
    -------
    str
        Path of the executable.

    Raises
    ------
    FileNotFoundError
        When there is none and neither way brings one.
    """
    path, has_apt = find(), bool(shutil.which("apt-get")) and hasattr(os, "geteuid") and os.geteuid() == 0
    wants_shell = has_apt and not os.environ.get("KDVIZ_CHROMIUM") and not shutil.which(HEADLESS_SHELL)
    if path and not wants_shell:
        return path
    print("Installing Chromium for the browser tests ...", flush=True)
    if has_apt:
        _apt_get("update", "-qq")
        if _apt_get("install", "-qq", "-y", "--no-install-recommends", *DEBIAN, HEADLESS_SHELL) and not find():
            _apt_get("install", "-qq", "-y", "--no-install-recommends", *DEBIAN)
    if not find():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if path := find():
        return path
    raise FileNotFoundError(MANUAL)


def _apt_get(*arguments: str) -> int:
    """Run apt-get without questions and without a word on what fails, and return its exit status."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command, nowhere = ["apt-get", *arguments], subprocess.DEVNULL
    return subprocess.run(command, env=environment, stdout=nowhere, stderr=nowhere, check=False).returncode


def main() -> int:
    """Print the path of a Chromium, installed if need be; 1 and one sentence if there is none."""
    try:
        print(f"Chromium: {install()}")
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
