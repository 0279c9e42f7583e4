"""Attention: how alike the maps of two models are, and what one head looks at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import torch

from ..measure.attention import Attention
from ..measure.fidelity import Array
from . import palette
from .dark_knowledge import TEACHER_SCALE
from .named_axes import lay_out, named_ticks, plain, short_name

FEW = 12  # examples up to which each has a mark of its own
TICKS = 16  # tokens named along an axis


def distances(attention: Attention) -> go.Figure:
    """Return the cosines of each student layer's maps with those of the nearest teacher layer, an example counted once.

    Parameters
    ----------
    attention : Attention

    Returns
    -------
    plotly.graph_objects.Figure
        A box a student layer, or a mark an example where there are few, and a grey diamond for the median with another
        example's map. Layers whose maps are 0 throughout are left out.

    Raises
    ------
    ValueError
        If no layer has a number.
    """
    nearest = attention.nearest()
    if not nearest:
        raise ValueError("no student layer has a map that is not 0, so nothing can be drawn; look at other layers")
    places = [(attention.teacher_layers.index(t), attention.student_layers.index(s)) for s, t in nearest.items()]
    figure = go.Figure()
    for row, ((student, teacher), (i, j)) in enumerate(zip(nearest.items(), places, strict=True)):
        there = ~np.isnan(attention.cosine[i, j])
        figure.add_box(
            x=attention.cosine[i, j, there],
            y0=row,
            orientation="h",
            name="examples",
            legendgroup="examples",
            showlegend=row == 0,
            boxpoints="all" if there.sum() <= FEW else "outliers",
            pointpos=0,
            line={"color": palette.STUDENT, "width": 2},
            marker={"size": 5, "symbol": "circle-open"},
            customdata=attention.examples[there],
            hovertemplate=f"student {plain(student)}, teacher {plain(teacher)}, example %{{customdata}}: "
            "cosine %{x:.3f}<extra></extra>",
        )
    figure.add_scatter(
        x=[attention.by_chance[place] for place in places],
        y=list(range(len(places))),
        mode="markers",
        name="another example's map (median)",
        marker={"color": palette.TWIN, "symbol": "diamond-open", "size": 10, "line_width": 2},
        hovertemplate="with another example's map: median cosine %{x:.3f}<extra></extra>",
    )
    lay_out(figure, "Similarity of attention maps", 200 + 34 * len(places), "cosine (1: the same map)")
    figure.update_layout(legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"})
    figure.update_xaxes(range=[min(0.0, float(np.nanmin(attention.cosine))) - 0.02, 1.02], showgrid=True)
    names = [f"{short_name(s)} ~ {short_name(t)}" for s, t in nearest.items()]
    return figure.update_yaxes(
        title_text="student ~ teacher",
        autorange="reversed",
        automargin=True,
        showgrid=True,
        tickvals=list(range(len(names))),
        ticktext=names,
    )


def matrix(
    values: Array,
    labels: Sequence[str] | None = None,
    *,
    columns: Sequence[str] | None = None,
    title: str = "Attention",
) -> go.Figure:
    """Return a heat map of one head's attention: rows are the tokens that look, columns those looked at.

    Parameters
    ----------
    values : array of float, shape (L, S)
        Of one example and head, ``matrices[name][example, head]``, or of a rollout.
    labels : sequence of str, optional
        Names of the L tokens, which may repeat; if None, their places.
    columns : sequence of str, optional
        Names of the S tokens looked at; if None, ``labels``.
    title : str

    Returns
    -------
    plotly.graph_objects.Figure
        The colours end at the largest weight. Of many tokens some are named along the axes, and all where they are
        pointed at.

    Raises
    ------
    ValueError
        If ``values`` is no matrix, is not finite, or the names do not fit.
    """
    z = torch.as_tensor(values).detach().to("cpu", torch.float64).numpy()
    if z.ndim != 2 or z.size == 0:
        raise ValueError(
            f"values must be the attention of one head, shape (L, L), got {z.shape}; take matrices[name][example, head]"
        )
    if not np.isfinite(z).all():
        raise ValueError("values must be finite, got nan or inf")
    rows = _tokens(labels, z.shape[0], "labels")
    across = _tokens(labels if columns is None else columns, z.shape[1], "labels" if columns is None else "columns")
    figure = go.Figure(
        go.Heatmap(
            z=z,
            customdata=[[f"{plain(a)} looks at {plain(b)}" for b in across] for a in rows],
            zmin=0,
            zmax=z.max() or 1.0,
            colorscale=TEACHER_SCALE,
            hovertemplate="%{customdata}: %{z:.4f}<extra></extra>",
            colorbar={"title": "weight", "thickness": 12},
        )
    )
    lay_out(figure, title, 420, "token looked at")
    figure.update_xaxes(constrain="domain", **named_ticks(across, TICKS))
    return figure.update_yaxes(
        title_text="token that looks", autorange="reversed", automargin=True, scaleanchor="x", constrain="domain",
        **named_ticks(rows, TICKS),
    )  # fmt: skip


def _tokens(labels: Sequence[str] | None, count: int, what: str) -> list[str]:
    names = [str(place) for place in range(count)] if labels is None else [str(label) for label in labels]
    if len(names) != count:
        raise ValueError(f"{what} must hold {count} names, one for each token, got {len(names)}")
    return names
