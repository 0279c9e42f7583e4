"""Robustness: accuracy against radius or severity, and how sure models are inside and outside their domain."""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ..measure.robustness import ATTACKS, Outside, Robustness
from . import palette

NAMED = {
    "confidence": "confidence: probability of the first choice",
    "entropy": "minus the entropy of the probabilities (nats)",
    "energy": "log of the sum of exp of the logits",
    "logit": "largest logit",
}


def curves(found: Robustness, kind: str, *, made_on: str | None = None, title: str = "") -> go.Figure:
    """Return the accuracy of each model against the radius of an attack or the severity of a corruption.

    Parameters
    ----------
    found : Robustness
    kind : str
        Of what was measured: "pgd", "noise" ...
    made_on : str, optional
        The model that an attack was made on; by default each model's own.
    title : str

    Returns
    -------
    plotly.graph_objects.Figure
        With Wilson's intervals.

    Raises
    ------
    ValueError
        If this was not measured.
    """
    attack = kind in ATTACKS
    figure = go.Figure()
    for place, who in enumerate(found.models):
        source = (who if made_on is None else made_on) if attack else ""
        points = found.curve(who, kind, source)
        colour, dash, symbol = palette.look(who, place)
        figure.add_scatter(
            x=[level for level, _ in points],
            y=[a.value for _, a in points],
            error_y={
                "type": "data",
                "array": [a.high - a.value for _, a in points],
                "arrayminus": [a.value - a.low for _, a in points],
                "thickness": 1,
                "width": 3,
            },
            customdata=[(a.right, a.n) for _, a in points],
            name=who.capitalize(),
            line={"color": colour, "dash": dash},
            marker={"symbol": symbol, "size": 9, "line_width": 2},
            hovertemplate=f"{who}: %{{customdata[0]:,}} of %{{customdata[1]:,}} at %{{x}}<extra></extra>",
        )
    unit = "L∞" if found.norm == "linf" else "L2"
    figure.update_layout(
        title_text=title or (kind.upper() if attack else kind.capitalize()),
        template="simple_white",
        height=400,
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        margin={"l": 60, "r": 20, "t": 50, "b": 110},
    )
    figure.update_xaxes(title_text=f"radius ({unit}, pixels from 0 to 1)" if attack else "severity")
    return figure.update_yaxes(title_text="accuracy", range=[-0.02, 1.02], showgrid=True)


def outside(found: Outside, *, bins: int = 20, title: str = "Inside and outside the domain") -> go.Figure:
    """Return histograms of the scores of each model: of examples of its domain, and of others.

    Parameters
    ----------
    found : Outside
    bins : int
    title : str

    Returns
    -------
    plotly.graph_objects.Figure
        A row a model: its domain filled, the others outlined.
    """
    figure = make_subplots(len(found.inside), 1, shared_xaxes=True, vertical_spacing=0.12)
    for row, who in enumerate(found.inside, start=1):
        colour = palette.look(who, row - 1)[0]
        edges, own, others = found.histogram(who, bins)
        middles = (edges[1:] + edges[:-1]) / 2
        a = found.auroc(who)
        for name, shares, marker in (
            ("its own", own, {"color": colour}),
            ("others", others, {"color": "rgba(0,0,0,0)", "line": {"color": palette.INK, "width": 1.5}}),
        ):
            figure.add_bar(
                x=middles,
                y=shares,
                name=f"{who}, {name}",
                marker=marker,
                hovertemplate=f"{who}, {name}: %{{y:.1%}} at %{{x:.2f}}<extra></extra>",
                row=row,
                col=1,
            )
        figure.update_yaxes(title_text=f"{who}<br>AUROC {a.value:.3f}", tickformat=".0%", row=row, col=1)
    figure.update_layout(
        title_text=title,
        template="simple_white",
        barmode="overlay",
        height=120 + 170 * len(found.inside),
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        margin={"l": 80, "r": 20, "t": 50, "b": 90},
    )
    return figure.update_xaxes(title_text=NAMED[found.score], row=len(found.inside), col=1)
