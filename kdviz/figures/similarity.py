"""Similarity: which layers of two models correspond."""

from __future__ import annotations

import plotly.graph_objects as go

from ..measure.similarity import Correspondence
from . import palette
from .dark_knowledge import TEACHER_SCALE
from .named_axes import lay_out, named_ticks, plain

WRITTEN = 8  # layers of either model up to which the numbers stand in the cells


def correspondence(c: Correspondence) -> go.Figure:
    """Return a heat map of linear CKA: rows are the teacher's layers, columns the student's, the first at the top left.

    Parameters
    ----------
    c : Correspondence

    Returns
    -------
    plotly.graph_objects.Figure
        The best teacher layer of each student layer is framed, with dots where it is no more alike than shuffled
        examples are. Without a number a cell stays blank.
    """
    rows, columns = c.teacher_layers, c.student_layers
    best = [(columns.index(s), rows.index(t)) for s, t in c.best().items()]
    written = max(c.matrix.shape) <= WRITTEN
    figure = go.Figure(
        go.Heatmap(
            z=c.matrix,
            customdata=[[_pair_says(c, i, j) for j in range(len(columns))] for i in range(len(rows))],
            zmin=0,
            zmax=1,
            colorscale=TEACHER_SCALE,
            xgap=1,
            ygap=1,
            texttemplate="%{z:.2f}" if written else "",
            textfont_size=10,
            hoverongaps=False,
            hovertemplate="%{customdata}<extra></extra>",
            colorbar={"title": "CKA", "thickness": 12, "tickvals": [0, 0.5, 1]},
        )
    )
    frame = {"type": "rect", "fillcolor": "rgba(0,0,0,0)", "opacity": 1}
    for x, y in best:
        line = {"color": palette.STUDENT, "width": 3, "dash": "dot" if c.is_chance(rows[y], columns[x]) else "solid"}
        figure.add_shape(frame, line=line, x0=x - 0.46, x1=x + 0.46, y0=y - 0.46, y1=y + 0.46)
    lay_out(figure, "Similarity of layers (linear CKA)", 190 + 34 * len(rows), "student's layer, best match framed")
    figure.update_xaxes(**named_ticks(columns), tickangle=-90)
    return figure.update_yaxes(title_text="teacher's layer", autorange="reversed", automargin=True, **named_ticks(rows))


def _pair_says(c: Correspondence, row: int, column: int) -> str:
    teacher, student = plain(c.teacher_layers[row]), plain(c.student_layers[column])
    says = f"teacher {teacher}, student {student}: linear CKA {c.matrix[row, column]:.3f}"
    return says if c.by_chance is None else f"{says}<br>shuffled examples give up to {c.by_chance[row, column]:.3f}"
