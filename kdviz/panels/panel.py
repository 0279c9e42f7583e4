"""What every panel is: a view to show, a state to write down, and an end."""

from __future__ import annotations

from typing import Any, Self

import ipywidgets

STATE_VERSION = 1


class Panel:
    """A group of widgets with one state.

    Attributes
    ----------
    view : ipywidgets.Box
        What is shown; a panel is displayed by being the last line of a cell.
    """

    view: ipywidgets.Box

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
        """Return the panel that ``state`` describes.

        Raises
        ------
        ValueError
            If the state is of another panel or version, or holds a value out of range.
        """
        settings = {k: v for k, v in state.items() if k not in ("version", "panel")}
        if state.get("version") != STATE_VERSION or state.get("panel") != cls.__name__:
            raise ValueError(
                f"a state of {cls.__name__}, version {STATE_VERSION}, is expected, "
                f"got {state.get('panel')!r}, version {state.get('version')!r}"
            )
        return cls(**settings)

    def close(self) -> None:
        """Close all widgets of the panel."""
        _close(self.view)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.view._repr_mimebundle_(**kwargs)


def _close(widget: ipywidgets.Widget) -> None:
    for child in getattr(widget, "children", ()):
        _close(child)
    if widget.has_trait("layout"):
        widget.layout.close()
    widget.close()
