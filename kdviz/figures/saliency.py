"""Saliency: how alike the maps of teacher and student are, over many examples."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ..measure.saliency import Curves, MapSimilarity
from . import palette


def distribution(similarity: MapSimilarity, method: str) -> go.Figure:
    """Return histograms of rank correlation, cosine and overlap of two models' maps, over the examples.

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
        ("rank correlation", palette.SUPPORTS, "", similarity.rank),
        ("cosine", palette.OPPOSES, "/", similarity.cosine),
        (f"overlap of the top {100 * similarity.top:.3g} %", palette.INK, ".", similarity.overlap),
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
        title_text=f"Similarity of the two maps, {method.replace('_', ' ')}",
        xaxis_title="similarity (1: the same map)",
        yaxis_title="examples",
        barmode="group",
        template="simple_white",
        height=400,
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        margin={"l": 60, "r": 20, "t": 50, "b": 110},
    )
    return figure.update_xaxes(range=[-1.02, 1.02])


def curves(models: Mapping[str, Curves]) -> go.Figure:
    """Return the mean probability of the class during deletion and insertion.

    Parameters
    ----------
    models : dict of str to Curves
        By name: "teacher", "student".

    Returns
    -------
    plotly.graph_objects.Figure
        The thin lines are a random order: the further the map's own lie from them, the more it says of the model.
    """
    figure = make_subplots(1, 2, subplot_titles=("taken away", "put in"), shared_yaxes=True, horizontal_spacing=0.06)
    for place, (name, c) in enumerate(models.items()):
        look = palette.look(name, place)
        colour, dash = look[0], look[1]
        for column, (ours, chance) in enumerate(
            ((c.deletion, c.random_deletion), (c.insertion, c.random_insertion)), 1
        ):
            for values, width, order in ((ours, 2.5, "order of the map"), (chance, 1, "random order")):
                figure.add_scatter(
                    x=100 * c.fraction,
                    y=values.mean(0),
                    mode="lines",
                    name=f"{name.capitalize()}, {order}",
                    legendgroup=f"{name} {order}",
                    showlegend=column == 1,
                    line={"color": colour, "dash": dash if width > 1 else "dot", "width": width},
                    hovertemplate=f"{name}, {order}: %{{x:.0f}} % changed, probability %{{y:.3f}}<extra></extra>",
                    row=1,
                    col=column,
                )
    figure.update_layout(
        title_text="Do the maps name what matters?",
        template="simple_white",
        height=400,
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        margin={"l": 60, "r": 20, "t": 60, "b": 120},
    )
    figure.update_xaxes(title_text="places changed, %", range=[0, 100])
    figure.update_yaxes(range=[0, 1.02])
    return figure.update_yaxes(title_text="mean probability", row=1, col=1)
