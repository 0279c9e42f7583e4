"""Fidelity: class by class, how often each model is right and how often both agree."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from ..measure.fidelity import Fidelity
from . import palette

MOST = 30  # classes drawn
LONGEST = 16  # letters of a name beside its row


def by_class(fidelity: Fidelity, classes: Sequence[str]) -> go.Figure:
    """Return error rates of teacher and student, and their disagreement, class by class, most disagreement first.

    Parameters
    ----------
    fidelity : Fidelity
        With labels.
    classes : sequence of str
        Names of the C classes. At most 30 are drawn.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        If there are no labels or the names do not fit.
    """
    if not fidelity.classes:
        raise ValueError("no example has a label, so no class can be drawn; pass the labels y to fidelity")
    if len(classes) != len(fidelity.classes):
        raise ValueError(f"classes must hold {len(fidelity.classes)} names, got {len(classes)}")
    rows = sorted((c for c in fidelity.classes if c.n), key=lambda c: c.agreement)[:MOST]
    names = [str(classes[c.index]) for c in rows]
    figure = go.Figure()
    drawn = (
        ("Teacher", palette.TEACHER, "circle-open", [100 * (1 - c.teacher_accuracy) for c in rows]),
        ("Student", palette.STUDENT, "circle", [100 * (1 - c.student_accuracy) for c in rows]),
        ("they differ", palette.EDIT, "line-ns-open", [100 * (1 - c.agreement) for c in rows]),
    )
    for name, colour, symbol, values in drawn:
        marker = {"color": colour, "symbol": symbol, "size": 11, "line_width": 2}
        figure.add_scatter(
            x=values, y=names, mode="markers", name=name, marker=marker, hovertemplate=f"%{{y}}, {name}: %{{x:.2f}} %"
        )
    figure.update_layout(
        title_text="Errors of each class, %",
        xaxis_title="% of the class's examples",
        template="simple_white",
        height=180 + 24 * len(rows),
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        margin={"l": 60, "r": 20, "t": 50, "b": 110},
    )
    figure.update_xaxes(rangemode="tozero", showgrid=True)
    short = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in names]
    return figure.update_yaxes(
        type="category", autorange="reversed", showgrid=True, automargin=True, tickvals=names, ticktext=short
    )
