"""Privacy: the ROC curves of membership inference, on log axes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from ..measure.privacy import Membership
from . import palette
from .named_axes import lay_out


def roc(models: Mapping[str, Membership], *, title: str = "Membership inference") -> go.Figure:
    """Return the ROC curves of an attack on one or several models, on log axes, with the interval at few false ones.

    Parameters
    ----------
    models : dict of str to Membership
        By name: "teacher", "student", "twin", or others.
    title : str

    Returns
    -------
    plotly.graph_objects.Figure
        On the diagonal the attack guesses; above it members are found.

    Raises
    ------
    ValueError
        If there is no model.
    """
    if not models:
        raise ValueError("roc needs the membership of at least one model, got none")
    figure = go.Figure()
    lowest = min(1 / one.others for one in models.values())
    guess = {"color": "#8B929B", "width": 1}
    figure.add_scatter(x=[lowest, 1], y=[lowest, 1], mode="lines", line=guess, hoverinfo="skip", showlegend=False)
    for place, (name, one) in enumerate(models.items()):
        colour, dash, symbol = palette.look(name, place)
        shown = (one.false_positive_rate > 0) & (one.true_positive_rate > 0)
        figure.add_scatter(
            x=one.false_positive_rate[shown],
            y=one.true_positive_rate[shown],
            mode="lines",
            line={"color": colour, "dash": dash, "shape": "hv"},
            name=name.capitalize(),
            hovertemplate=f"{name}: %{{y:.1%}} of members found at %{{x:.1%}} false ones<extra></extra>",
        )
        figure.add_scatter(
            x=[one.at],
            y=[max(one.tpr, lowest / 2)],
            error_y={
                "type": "data",
                "array": [one.tpr_high - one.tpr],
                "arrayminus": [one.tpr - max(one.tpr_low, lowest / 2)],
                "width": 3,
            },
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 9},
            showlegend=False,
            hovertemplate=f"{name}: {one.tpr:.1%} ({one.tpr_low:.1%} to {one.tpr_high:.1%})<extra></extra>",
        )
    lay_out(figure, title, 460, "others taken for members")
    ends = [float(np.log10(lowest)), 0.0]
    figure.update_layout(legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"})
    figure.update_xaxes(type="log", range=ends, tickformat=".1~%")
    return figure.update_yaxes(type="log", range=ends, tickformat=".1~%", title_text="members found", showgrid=True)
