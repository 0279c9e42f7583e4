"""What every panel is: a view to show, a state to write down, and an end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import ipywidgets

from ...distill.schema import Kind, Record
from ...words import t
from .checks import shown

STATE_VERSION = 1
FIXED = ("version", "panel")  # fields of every state


class Panel:
    """A group of widgets with one state.

    Attributes
    ----------
    view : ipywidgets.Box
        What is shown; a panel is displayed by being the last line of a cell.
    title : str
        What an exported page is called.
    """

    view: ipywidgets.Box
    title: ClassVar[str] = ""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "title" not in cls.__dict__:
            cls.title = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cls.__name__).capitalize()

    @property
    def settings(self) -> dict[str, Any]:
        """The keyword arguments that make this panel again as it is chosen now."""
        raise NotImplementedError

    @property
    def state(self) -> dict[str, Any]:
        """The panel as one JSON-able dict with a version, for a link or a file; see ``from_state``."""
        return {"version": STATE_VERSION, "panel": type(self).__name__, **self.settings}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the panel that ``state`` describes. It may come from anywhere: it names no file and no import path.

        Raises
        ------
        ValueError
            If the state is of another panel or version; or in one sentence that names the field, if one is missing,
            unknown, or has a value that cannot be.
        """
        version, panel = (state.get(name) for name in FIXED) if isinstance(state, dict) else (None, None)
        if type(version) is not int or version != STATE_VERSION or panel != cls.__name__:
            raise ValueError(
                f"a state of {cls.__name__}, version {STATE_VERSION}, is expected, "
                f"got {shown(panel)}, version {shown(version)}"
            )
        settings = {name: value for name, value in state.items() if name not in FIXED}
        cls.check_settings(settings)
        return cls(**settings)

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> None:
        """Check what a state says, field by field; raise in one sentence that names the field."""
        Record(cls.kinds()).check(dict(settings), "state")

    @classmethod
    def kinds(cls) -> Mapping[str, Kind]:
        """Return what each field of a state may be; a panel without fields has no state to share."""
        raise ValueError(f"a {cls.__name__} has no state to share")

    def to_html(self, path: str | Path, *, title: str | None = None) -> Path:
        """Write the panel into one HTML file that works without a kernel, a server or a network.

        What is computed in the browser stays alive there: temperature, alpha, the steps that were recorded, the choice
        of an example. What needs Python is left out.

        Parameters
        ----------
        path : path
            Of the file; replaced if it is there.
        title : str, optional
            Of the page; by default the panel's.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        TypeError
            If the panel holds widgets that are not kdviz's own.
        """
        from .export import write

        return write(self.view, path, title=title or t(self.title), changes=self._without_python())

    def _without_python(self) -> Mapping[ipywidgets.Widget, Mapping[str, Any]]:
        """Return what has to stand in an exported file in place of what the widgets hold now, by widget and trait."""
        return {}

    def close(self) -> None:
        """Close all widgets of the panel, those that are not drawn too."""
        for widget in [self.view, *vars(self).values()]:
            if isinstance(widget, ipywidgets.Widget):
                _close(widget)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.view._repr_mimebundle_(**kwargs)


def _close(widget: ipywidgets.Widget) -> None:
    for child in getattr(widget, "children", ()):
        _close(child)
    if widget.has_trait("layout"):
        widget.layout.close()
    widget.close()
