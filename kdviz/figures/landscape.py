"""The loss landscape: contours of the loss on a plane of weights."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from ..measure.landscape import Plane
from . import palette
from .named_axes import lay_out

SCALE = [[0, "#FBFAF3"], [0.33, "#CFD8C9"], [0.66, "#6F92A0"], [1, "#23324D"]]


def plane(p: Plane, *, title: str = "Loss around the student") -> go.Figure:
    """Return contours of the loss, by its logarithm, with student and twin where they stand.

    Parameters
    ----------
    p : Plane
    title : str

    Returns
    -------
    plotly.graph_objects.Figure
        One contour is a third of a power of ten.
    """
    floor = max(float(p.loss.min()), 1e-6)
    heights = np.log10(np.maximum(p.loss, floor))
    figure = go.Figure(
        go.Contour(
            x=p.along,
            y=p.across,
            z=heights,
            customdata=p.loss,
            colorscale=SCALE,
            contours={"size": 1 / 3, "start": float(np.floor(heights.min())), "end": float(np.ceil(heights.max()))},
            colorbar={"title": "log₁₀ loss", "thickness": 12},
            hovertemplate="loss %{customdata:.3f} at %{x:.2f} along, %{y:.2f} across<extra></extra>",
        )
    )
    ends = {"student": 0.0, **({"twin": 1.0} if p.twin else {})}
    for name, place in ends.items():
        colour, _, symbol = palette.look(name)
        marker = {"color": colour, "symbol": symbol, "size": 12, "line": {"color": "white", "width": 2}}
        figure.add_scatter(x=[place], y=[0], mode="markers", name=name.capitalize(), marker=marker)
    lay_out(figure, title, 440, "from student (0) to twin (1)" if p.twin else "a random direction")
    figure.update_layout(legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"})
    return figure.update_yaxes(title_text="a random direction")
