"""What all views of a page share, sent to it once: JavaScript modules and the look."""

from __future__ import annotations

import threading
import weakref

import anywidget
import ipywidgets
import traitlets

from kdviz import words
from kdviz.widgets import bundle
from kdviz.widgets.from_page import Placed


class Library(Placed, anywidget.AnyWidget):
    """The modules of `shared/`, in one language, which it exports to views. There is one as long as a view is open."""

    style = traitlets.Unicode(help="The style sheet that all views share.").tag(sync=True)
    mark = traitlets.Unicode(help="Tells it from the library of another version.").tag(sync=True)

    def __init__(self) -> None:
        self.language = words.language()
        found = bundle.library(self.language)
        self._esm = found.esm
        super().__init__(style=found.css, mark=bundle.mark(found))

    def close(self) -> None:
        """Close it, and its layout, which nobody sees."""
        self.layout.close()
        super().close()


_lock = threading.RLock()
_open: weakref.WeakSet[ipywidgets.Widget] = weakref.WeakSet()
_there: list[Library] = []


def opened_for(view: ipywidgets.Widget) -> Library:
    """Return the library of the kernel's language, which stays open until this view, and all others, are closed."""
    with _lock:
        _open.add(view)
        _there[:] = [library for library in _there if library.comm is not None]
        for library in _there:
            if library.language == words.language():
                return library
        _there.append(Library())
        return _there[-1]


def closed_for(view: ipywidgets.Widget) -> None:
    """Close the library with the last view."""
    with _lock:
        _open.discard(view)
        while not _open and _there:
            _there.pop().close()
