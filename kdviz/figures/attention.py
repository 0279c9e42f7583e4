"""Attention: how alike the maps of two models are, and what one head looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
import torch
from plotly.subplots import make_subplots
from torch import Tensor

from ..measure.attention import Attention
from ..measure.fidelity import Array
from . import palette
from .dark_knowledge import TEACHER_SCALE
from .named_axes import lay_out, named_ticks, plain, short_name

FEW = 12  # examples up to which each has a mark of its own
STUDENT_SCALE = [[0, "#FFFFFF"], [0.5, "#F2C063"], [1, "#7A4E00"]]
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


def heads(models: Mapping[str, Mapping[str, Tensor]], labels: Sequence[str] | None = None) -> go.Figure:
    """Return a picture of each head of some models in one text: rows are the tokens that look, columns those looked at.

    Parameters
    ----------
    models : dict of str to dict of str to Tensor, shape (heads, L, L)
        By model, "teacher" first, and layer.
    labels : sequence of str, optional
        Names of the L tokens, which may repeat; if None, their places.

    Returns
    -------
    plotly.graph_objects.Figure
        A row a layer, a column a head; a model's number of heads may be its own. Darker is more attention, each picture
        on its own scale.

    Raises
    ------
    ValueError
        If there is no layer, or the names do not fit.
    """
    lines = [(who, name, A) for who, layers in models.items() for name, A in layers.items()]
    if not lines:
        raise ValueError("heads needs the attention of at least one layer, got none; take attention_matrices(model, X)")
    most = max(len(A) for _, _, A in lines)
    titles = [
        f"{who}, {plain(short_name(name.removesuffix('.attention')))}, {i + 1}" if i < len(A) else ""
        for who, name, A in lines
        for i in range(most)
    ]
    figure = make_subplots(
        len(lines), most, subplot_titles=titles, horizontal_spacing=0.02, vertical_spacing=min(0.06, 0.4 / len(lines))
    )
    for row, (who, name, A) in enumerate(lines, start=1):
        tokens = _tokens(labels, A.shape[-1], "labels")
        scale = TEACHER_SCALE if who == "teacher" else STUDENT_SCALE
        for column, head in enumerate(A.detach().cpu().double(), start=1):
            figure.add_heatmap(
                z=head.numpy(),
                customdata=[[f"{plain(a)} looks at {plain(b)}" for b in tokens] for a in tokens],
                zmin=0,
                zmax=float(head.max()) or 1.0,
                colorscale=scale,
                showscale=False,
                hovertemplate=f"{who}, {plain(name)}, head {column}<br>%{{customdata}}: %{{z:.3f}}<extra></extra>",
                row=row,
                col=column,
            )
            ticks = named_ticks(tokens, TICKS)
            figure.update_xaxes(tickangle=-90, tickfont_size=9, constrain="domain", row=row, col=column, **ticks)
            figure.update_yaxes(
                autorange="reversed", tickfont_size=9, showticklabels=column == 1, row=row, col=column, **ticks
            )
    figure.update_annotations(font_size=11)
    return figure.update_layout(
        title_text="Attention of each head: who looks (rows) at whom (columns)",
        template="simple_white",
        height=120 + 230 * len(lines),
        margin={"l": 60, "r": 10, "t": 80, "b": 60},
    )


def _tokens(labels: Sequence[str] | None, count: int, what: str) -> list[str]:
    names = [str(place) for place in range(count)] if labels is None else [str(label) for label in labels]
    if len(names) != count:
        raise ValueError(f"{what} must hold {count} names, one for each token, got {len(names)}")
    return names
