"""Axes that name layers or tokens, and the look of the figures that have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

LONGEST = 16  # letters of a name beside its row


def lay_out(figure: go.Figure, title: str, height: int, across: str) -> None:
    """Give a figure its title, its height in pixels and the name of its x axis."""
    figure.update_layout(
        title_text=title,
        xaxis_title=across,
        template="simple_white",
        height=height,
        margin={"l": 60, "r": 20, "t": 50, "b": 110},
    )


def named_ticks(names: Sequence[str], most: int | None = None) -> dict[str, Any]:
    """Return the ticks of an axis by place: names may be alike once shortened, and tokens are."""
    step = 1 if most is None else max(1, -(-len(names) // most))
    places = list(range(0, len(names), step))
    return {"tickvals": places, "ticktext": [short_name(names[place]) for place in places]}


def short_name(name: str) -> str:
    """Return the end of a name: that is where dotted names differ."""
    return plain(name if len(name) <= LONGEST else f"…{name[1 - LONGEST :]}")


def plain(name: str) -> str:
    """Return a name as plotly shows it and does not read it as markup."""
    return str(name).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
