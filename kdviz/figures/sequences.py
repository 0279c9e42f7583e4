"""Sequences: how well models predict texts, number by number, with intervals by text."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ..measure.sequences import Sequences
from . import palette

SHOWN = {
    "bits": "bits a token (fewer are better)",
    "accuracy": "tokens right, %",
    "exact": "texts right, %",
}


def beside(found: Mapping[str, Sequences]) -> go.Figure:
    """Return bits a token, the share of tokens and of whole texts that are the first choice, a mark for each model.

    Parameters
    ----------
    found : dict of str to Sequences
        By name: "teacher", "student", "twin", or others.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        If there is no model.
    """
    if not found:
        raise ValueError("beside needs what at least one model makes of the texts, got none")
    figure = make_subplots(1, len(SHOWN), subplot_titles=list(SHOWN.values()), horizontal_spacing=0.12)
    for column, name in enumerate(SHOWN, start=1):
        factor = 1 if name == "bits" else 100
        for place, (who, one) in enumerate(found.items()):
            colour, _, symbol = palette.look(who, place)
            number = getattr(one, name)
            figure.add_scatter(
                x=[who],
                y=[factor * number.value],
                error_y={
                    "type": "data",
                    "array": [factor * (number.high - number.value)],
                    "arrayminus": [factor * (number.value - number.low)],
                    "thickness": 2,
                    "width": 6,
                },
                mode="markers",
                name=who.capitalize(),
                legendgroup=who,
                showlegend=False,
                marker={"color": colour, "symbol": symbol, "size": 10, "line_width": 2},
                hovertemplate=f"{who}: %{{y:.3f}}<extra></extra>",
                row=1,
                col=column,
            )
        figure.update_yaxes(rangemode="tozero" if name == "bits" else "normal", row=1, col=column)
    return figure.update_layout(
        title={"text": "How well the texts are predicted, with 95 % intervals by text"},
        template="plotly_white",
        height=340,
        margin={"l": 40, "r": 16, "t": 80, "b": 40},
    )
