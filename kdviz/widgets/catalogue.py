"""The tabs of a page: what its right side can show, each declared once, by the widget that draws it.

The switch between them, links, what a lecturer hides, the Lab, the comparison of two models and the exported file read
what is declared here. A tab of your own is declared in a notebook, or by a package with the entry point
``kdviz.views``, and is then on all pages::

    @kdviz.widgets.tab("margins", "Margins", group="looks")
    class Margins(kdviz.widgets.InViews):
        _esm, _css = kdviz.widgets.bundle.view(__file__)

One whose numbers Python computes is a :class:`kdviz.widgets.MeasuredView`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from kdviz import outside
from kdviz.words import mark

GROUPS = {
    "knows": mark("What it knows"),
    "looks": mark("Where it looks"),
    "trust": mark("Can it be trusted"),
    "holds": mark("Does it hold"),
    "more": mark("More"),
}  # of tabs, in their order: where there are many, a reader chooses one of these first
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

Widget = TypeVar("Widget", bound=type)


@dataclass(frozen=True)
class Tab:
    """One tab.

    Attributes
    ----------
    name : str
        In links and in ``scene.view``.
    title : str
        What the reader chooses it by.
    place : int
        Tabs stand in this order.
    group : str
        One of ``GROUPS``, with which it stands.
    images : bool
        It is there for data that are images alone.
    omitted : bool
        It is there where a class was left out of training alone.
    widget : type, optional
        What draws it, made as ``widget(scene=scene)``.
    """

    name: str
    title: str
    place: int
    group: str = "more"
    images: bool = False
    omitted: bool = False
    widget: Any = None


_TABS: dict[str, Tab] = {}


def tab(
    name: str, title: str, *, group: str = "more", place: int = 100, images: bool = False, omitted: bool = False
) -> Callable[[Widget], Widget]:
    """Declare that a widget is a tab of its own; to be written above its class.

    Parameters
    ----------
    name : str
        In links: small letters, digits and "_".
    title : str
        For the reader.
    group : str
        One of ``GROUPS``: "knows", "looks", "trust", "holds"; by default "more", behind all others.
    place : int
        Tabs stand in this order; kdviz's own lie between 10 and 90.
    images : bool
        Whether it is there for data that are images alone.
    omitted : bool
        Whether it is there where a class was left out of training alone.

    Raises
    ------
    ValueError
        If the name cannot be one in a link, another widget has it, or there is no such group.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"a tab's name must be small letters, digits and _, beginning with a letter, got {name!r}")
    if not title.strip():
        raise ValueError(f"the tab {name!r} must have a title, got {title!r}")
    if group not in GROUPS:
        raise ValueError(f"the tab {name!r} must be in one of the groups {', '.join(GROUPS)}, got {group!r}")

    def declared(widget: Widget) -> Widget:
        known = _TABS.get(name)
        if known is not None and _identity(known.widget) != _identity(widget):
            raise ValueError(f"the tab {name!r} is that of {_identity(known.widget)} already; choose another name")
        _TABS[name] = Tab(name, title, place, group, images, omitted, widget)
        widget.in_views, widget.part = (name,), name  # type: ignore[attr-defined]
        return widget

    return declared


def _identity(widget: Any) -> str:
    """Return a class by its name: a cell of a notebook that runs again defines it anew."""
    return f"{widget.__module__}.{widget.__qualname__}"


def part(name: str, title: str, *, group: str, place: int) -> None:
    """Declare a tab that is drawn by parts of several widgets."""
    _TABS[name] = Tab(name, title, place, group)


def withdraw(name: str) -> None:
    """Take a tab of your own away again; pages that are open keep it."""
    _TABS.pop(name, None)


def tabs() -> tuple[Tab, ...]:
    """Return all tabs in their order, those of installed packages included."""
    outside.load("kdviz.views")
    return tuple(sorted(_TABS.values(), key=lambda one: one.place))


class _Names(Sequence[str]):
    """The names of all tabs, as of now."""

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: Any) -> Any:
        return tuple(one.name for one in tabs())[index]

    def __len__(self) -> int:
        return len(tabs())


NAMES = _Names()
