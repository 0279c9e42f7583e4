"""Representation: layers in two dimensions, and over training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from ..measure.representation import Embedding, OverTraining
from . import palette
from .named_axes import plain


def drawn(e: Embedding, y: ArrayLike, classes: Sequence[str]) -> go.Figure:
    """Return the same examples as a layer of each model arranges them, written as their classes.

    Parameters
    ----------
    e : Embedding
    y : array of int, shape (N,)
        Classes of the examples; -1 for none.
    classes : sequence of str

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        If there is no label for each example.
    """
    labels = np.asarray(y)
    if labels.shape != (len(e.teacher),):
        raise ValueError(f"y must have a label for each of {len(e.teacher)} examples, got shape {labels.shape}")
    names = [plain(classes[k]) if 0 <= k < len(classes) else "?" for k in labels.tolist()]
    titles = [
        f"{who}, {share:.0%} of its variance" for who, share in zip(("Teacher", "Student"), e.explained, strict=True)
    ]
    figure = make_subplots(1, 2, subplot_titles=titles, horizontal_spacing=0.06)
    for column, (who, points) in enumerate((("teacher", e.teacher), ("student", e.student)), 1):
        figure.add_scatter(
            x=points[:, 0], y=points[:, 1], mode="text", text=names, showlegend=False, row=1, col=column,
            textfont={"color": palette.look(who)[0], "size": 11},
            hovertemplate="example %{pointNumber}: %{text}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(title_text="Layers in two dimensions", template="simple_white", height=420, margin={"t": 80})
    figure.update_xaxes(showticklabels=False, ticks="")
    return figure.update_yaxes(showticklabels=False, ticks="")


def over_training(runs: Mapping[str, OverTraining]) -> go.Figure:
    """Return how alike a layer of each run is to the teacher's over the steps: CKA, and nearest examples kept.

    Parameters
    ----------
    runs : dict of str to OverTraining
        By name: "student", "twin", or others.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        If there is no run.
    """
    if not runs:
        raise ValueError("over_training needs at least one run, got none")
    titles = ["CKA with the teacher's layer", "its nearest examples kept"]
    figure = make_subplots(1, 2, subplot_titles=titles, horizontal_spacing=0.1)
    for place, (name, one) in enumerate(runs.items()):
        colour, dash, symbol = palette.look(name, place)
        for column, values in enumerate((one.cka, one.kept), 1):
            figure.add_scatter(
                x=one.steps, y=values, name=name.capitalize(), mode="lines+markers", showlegend=column == 1, row=1,
                col=column, line={"color": colour, "dash": dash}, marker={"symbol": symbol},
            )  # fmt: skip
    chance = max(one.by_chance for one in runs.values())
    figure.add_hline(y=chance, line={"color": "#8B929B", "dash": "dot", "width": 1}, row=1, col=2)
    figure.update_layout(template="simple_white", height=360, title_text="The layer over training", margin={"t": 80})
    figure.update_yaxes(range=[min(0.0, *(float(one.cka.min()) for one in runs.values())), 1.02])
    return figure.update_xaxes(title_text="step")
