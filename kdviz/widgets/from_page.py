"""What a page may set: a trait is only shown unless it says that the page sets it, and each value is checked here.

A browser can send any state and any message to any widget of its kernel, whatever the page draws. So the border is
here, once for all widgets: `set_state` and custom messages come through `FromPage`, and a new trait is closed until it
is tagged with `BY_PAGE`.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import ipywidgets
import traitlets
from ipywidgets.widgets.trait_types import InstanceDict, TypedTuple
from ipywidgets.widgets.widget import _put_buffers

from kdviz.widgets import bundle
from kdviz.words import t

BY_PAGE = {"sync": True, "by_page": True}  # tags of a trait that the page sets too
# Moved by hand in the page before Python hears of it: an echo of an older value would take the hand back.
BY_HAND = {**BY_PAGE, "echo_update": False}

MOST_CHARACTERS = 20_000  # of one text; a link that is too long is told so by who reads it
MOST_BYTES = 2**22  # of one binary value; a picture of 2,048 × 2,048 grey values
MOST_WHOLE = 2**53  # beyond it JavaScript has no whole numbers
MOST_VALUES = 20  # of one custom message
METHODS = ("update", "request_state", "custom")


@dataclass(frozen=True)
class Between:
    """The numbers from ``low`` to ``high``; NaN and True are none of them.

    >>> 2 in Between(0, 3), float("nan") in Between(0, 3), "2" in Between(0, 3)
    (True, False, False)
    """

    low: float
    high: float

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high


class FromPage(ipywidgets.Widget):
    """A widget that takes from its page what it offers, and passes over all else.

    A value that cannot be is refused by itself: the others of its message are taken, and the page is sent what holds.
    """

    def page_choices(self) -> Mapping[str, Container[Any]]:
        """Return among what a page may choose, by trait; a trait that is not named takes what its validator takes."""
        return {}

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a page sends, of the traits that a page may set."""
        asked = {name: value for name, value in sync_data.items() if self._is_by_page(name)}
        taken = {name: value for name, value in asked.items() if self._fits(name, value)}
        if taken:
            super().set_state(taken)
        if len(taken) < len(asked):
            self.send_state(asked.keys() - taken.keys())

    def _is_by_page(self, name: Any) -> bool:
        return isinstance(name, str) and self.has_trait(name) and bool(self.trait_metadata(name, "by_page"))

    def _fits(self, name: str, value: Any) -> bool:
        """Whether a trait may take a value that comes from a page."""
        trait, offered = self.traits()[name], self.page_choices()
        if not _is_small(value) or (isinstance(value, bool) and isinstance(trait, traitlets.Int | traitlets.Float)):
            return False
        if isinstance(value, float) and isinstance(trait, traitlets.Int):  # JavaScript writes 3 for 3.0
            return False
        if value is None:
            return trait.allow_none
        if name in offered and value not in offered[name]:
            return False
        try:  # both, whatever else holds the widget's notifications at the moment
            trait._cross_validate(self, trait.validate(self, value))
        except Exception:  # a validator that meets what it was not written for refuses it
            return False
        return True

    def _handle_msg(self, msg: dict[str, Any]) -> None:
        """Take a message of the page; one that does not follow the protocol of widgets is passed over."""
        data = msg["content"].get("data")
        if not isinstance(data, dict) or data.get("method") not in METHODS:
            return
        if data["method"] == "update":
            state = data.get("state")
            if not isinstance(state, dict):
                return
            try:
                _put_buffers(state, data.get("buffer_paths", []), msg.get("buffers", []))
            except (TypeError, ValueError, LookupError):
                return
            self.set_state(state)
        else:
            super()._handle_msg({**msg, "buffers": msg.get("buffers", [])})

    def _handle_custom_msg(self, content: Any, buffers: Sequence[Any]) -> None:
        """Hand on a message that is a small dict of plain values."""
        if isinstance(content, dict) and _is_message(content):
            super()._handle_custom_msg(content, buffers)


class Layout(FromPage, ipywidgets.Layout):
    """A widget's place on the page, which is Python's to set."""


class Placed(FromPage, ipywidgets.DOMWidget):
    """A widget whose layout the page cannot set either."""

    layout = InstanceDict(Layout).tag(sync=True, **ipywidgets.widget_serialization)


def reference(widget: ipywidgets.Widget | None, _holder: Any = None) -> str | None:
    """Return how one anywidget names another to the page, where `host.getWidget` finds it."""
    return None if widget is None else f"anywidget:{widget.model_id}"


def _references(widgets: Sequence[ipywidgets.Widget], _holder: Any) -> list[str | None]:
    return [reference(widget) for widget in widgets]


class Box(Placed, anywidget.AnyWidget):
    """Widgets one beside the other. The page cannot exchange them.

    anywidget composes them, not Jupyter, so that a box lives in every host of anywidgets. It draws anywidgets only.

    Parameters
    ----------
    children : sequence of anywidget.AnyWidget
    """

    _esm = bundle.alone(Path(__file__).with_name("box.js"))
    _css = (
        ".kd-box { display: flex; min-width: 0; } .kd-box:empty { display: none; }\n"
        ".kd-column { flex-direction: column; gap: 16px; }"
    )

    children = TypedTuple(traitlets.Instance(anywidget.AnyWidget)).tag(sync=True, to_json=_references)
    undrawn = traitlets.Unicode(help="What stands in place of a part that could not be drawn.").tag(sync=True)

    _kinds: ClassVar[tuple[str, ...]] = ("kd-box",)

    def __init__(self, children: Sequence[anywidget.AnyWidget] = (), **traits: Any) -> None:
        undrawn = t("This part could not be drawn; a newer browser may draw it.")
        super().__init__(children=children, undrawn=undrawn, _dom_classes=self._kinds, **traits)


class VBox(Box):
    """Widgets one below the other."""

    _kinds = ("kd-box", "kd-column")


def _is_small(value: Any) -> bool:
    """Whether a value is a plain one, of a size that a page may send."""
    if isinstance(value, bytes | bytearray | memoryview):
        return memoryview(value).nbytes <= MOST_BYTES
    if isinstance(value, str):
        return len(value) <= MOST_CHARACTERS
    if isinstance(value, int):
        return abs(value) <= MOST_WHOLE
    return value is None or isinstance(value, float)


def _is_message(content: Mapping[Any, Any], depth: int = 2) -> bool:
    """Whether a message holds few plain values, by name."""
    return len(content) <= MOST_VALUES and all(
        isinstance(name, str)
        and (_is_message(value, depth - 1) if isinstance(value, dict) and depth > 1 else _is_small(value))
        for name, value in content.items()
    )
