"""What all views of a page share, sent to it once: JavaScript modules and the look."""

from __future__ import annotations

import threading
import weakref

import anywidget
import ipywidgets
import traitlets

from kdviz.widgets import bundle
from kdviz.widgets.from_page import Placed

TEXT = bundle.library()


class Library(Placed, anywidget.AnyWidget):
    """The modules of `shared/`, which it exports to views, and their style. There is one as long as a view is open."""

    _esm = TEXT.esm

    style = traitlets.Unicode(TEXT.css, help="The style sheet that all views share.").tag(sync=True)
    mark = traitlets.Unicode(bundle.mark(TEXT), help="Tells it from the library of another version.").tag(sync=True)

    def close(self) -> None:
        """Close it, and its layout, which nobody sees."""
        self.layout.close()
        super().close()


_lock = threading.RLock()
_open: weakref.WeakSet[ipywidgets.Widget] = weakref.WeakSet()
_there: list[Library] = []


def opened_for(view: ipywidgets.Widget) -> Library:
    """Return the library, which stays open until this view, and all others, are closed."""
    with _lock:
        _open.add(view)
        if not _there or _there[0].comm is None:
            _there[:] = [Library()]
        return _there[0]


def closed_for(view: ipywidgets.Widget) -> None:
    """Close the library with the last view."""
    with _lock:
        _open.discard(view)
        if not _open and _there:
            _there.pop().close()
