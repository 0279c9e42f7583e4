"""Pages that keep on disk, for the browser, what was made on them, so that a reload or a dead kernel loses nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import ClassVar

from .browser_folder import browser_folder, prune


class Keeping:
    """What pages that keep what they made have in common; mixed into a panel.

    Attributes
    ----------
    kept_as : str
        What the folder of such pages is called.
    """

    kept_as: ClassVar[str]
    _folder: Path | None = None  # of the browser that the page has opened in

    def _refuse(self, why: str) -> None:
        """Say why something was not done."""
        raise NotImplementedError

    def _is_kept_for(self, browser: str) -> Path | None:
        """Keep for this browser from now on; return its folder, or None where that was known or is no browser's."""
        try:
            folder = browser_folder(browser, self.kept_as)
        except ValueError as error:
            self._refuse(str(error))
            return None
        if folder is None or folder == self._folder:
            return None
        self._folder = folder
        prune(folder, time.time())
        return folder
