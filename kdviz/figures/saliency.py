"""Saliency: how alike the maps of teacher and student are, over many examples."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from ..measure.saliency import MapSimilarity
from . import palette


def distribution(similarity: MapSimilarity, method: str) -> go.Figure:
    """Return histograms of rank correlation, cosine and overlap of two models' maps, an example counted once in each.

    Parameters
    ----------
    similarity : MapSimilarity
        Examples without a number are left out.
    method : str
        Named in the title.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = go.Figure()
    drawn = (
        ("rank correlation", palette.TEACHER, "", similarity.rank),
        ("cosine", palette.STUDENT, "/", similarity.cosine),
        (f"overlap of the top {100 * similarity.top:.3g} %", palette.TWIN, ".", similarity.overlap),
    )
    edges = np.linspace(-1, 1, 21)
    for name, colour, pattern, values in drawn:
        counts, _ = np.histogram(values[~np.isnan(values)], edges)
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            name=name,
            marker={"color": colour, "pattern_shape": pattern, "line_width": 0},
            hovertemplate=f"{name} about %{{x:.2f}}: %{{y}} examples<extra></extra>",
        )
    figure.update_layout(
        title_text=f"Likeness of both maps, {method.replace('_', ' ')}",
        xaxis_title="likeness (1: the same map)",
        yaxis_title="examples",
        barmode="group",
        template="simple_white",
        height=400,
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        margin={"l": 60, "r": 20, "t": 50, "b": 110},
    )
    return figure.update_xaxes(range=[-1.02, 1.02])
