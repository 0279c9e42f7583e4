"""Calibration: the reliability diagram, with the examples behind each of its points."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ..measure.calibration import Calibration
from . import palette


def reliability(models: Mapping[str, Calibration], *, title: str = "Reliability") -> go.Figure:
    """Return accuracy over confidence for one or several models, with Wilson's intervals and the counts below.

    Parameters
    ----------
    models : dict of str to Calibration
        By name: "teacher", "student", "twin", or others.
    title : str

    Returns
    -------
    plotly.graph_objects.Figure
        Points on the diagonal: right as often as sure. Below it: over-confident.

    Raises
    ------
    ValueError
        If there is no model.
    """
    if not models:
        raise ValueError("reliability needs the calibration of at least one model, got none")
    figure = make_subplots(2, 1, shared_xaxes=True, row_heights=[0.72, 0.28], vertical_spacing=0.06)
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": "#8B929B", "width": 1}, hoverinfo="skip", showlegend=False,
        row=1, col=1,
    )  # fmt: skip
    for place, (name, c) in enumerate(models.items()):
        colour, dash, symbol = palette.look(name, place)
        bins = [b for b in c.bins if b.count]
        figure.add_scatter(
            x=[b.confidence for b in bins],
            y=[b.accuracy for b in bins],
            error_y={
                "type": "data",
                "array": [b.accuracy_interval.high - b.accuracy for b in bins],
                "arrayminus": [b.accuracy - b.accuracy_interval.low for b in bins],
                "thickness": 1,
                "width": 3,
            },
            customdata=[b.count for b in bins],
            mode="lines+markers",
            name=name.capitalize(),
            line={"color": colour, "dash": dash},
            marker={"symbol": symbol, "size": 9, "line_width": 2},
            hovertemplate=(
                f"{name}: confidence %{{x:.3f}}, accuracy %{{y:.3f}}, %{{customdata:,}} examples<extra></extra>"
            ),
            row=1,
            col=1,
        )
        figure.add_bar(
            x=[(b.low + b.high) / 2 for b in bins],
            y=[b.count for b in bins],
            name=name.capitalize(),
            marker={"color": colour, "line_width": 0, "pattern_shape": "/" if dash == "dash" else ""},
            showlegend=False,
            hovertemplate=f"{name}: %{{y:,}} examples<extra></extra>",
            row=2,
            col=1,
        )
    figure.update_layout(
        title_text=title,
        template="simple_white",
        height=500,
        barmode="group",
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        margin={"l": 60, "r": 20, "t": 50, "b": 110},
    )
    figure.update_yaxes(title_text="accuracy", range=[0, 1.02], showgrid=True, row=1, col=1)
    figure.update_yaxes(title_text="examples", type="log", dtick=2, row=2, col=1)
    figure.update_xaxes(range=[-0.01, 1.01])
    return figure.update_xaxes(title_text="confidence: probability of the first choice", row=2, col=1)
