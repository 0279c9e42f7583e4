"""Learning curves: error on validation data over steps, for a run, its twin and their teacher."""

from __future__ import annotations

import plotly.graph_objects as go

from ..distill import Distillation
from . import palette


def learning_curves(run: Distillation, twin: Distillation | None = None) -> go.Figure:
    """Return a figure of validation error (%, logarithmic) over optimiser steps.

    Parameters
    ----------
    run : Distillation
        Evaluated on validation data at least once (``train`` does so after each epoch).
    twin : Distillation, optional
        Drawn beside it, in grey.

    Returns
    -------
    plotly.graph_objects.Figure
        The teacher's error as a dashed line where it is known; each edit of ``run`` as a dotted vertical line.

    Raises
    ------
    ValueError
        If a run was never evaluated on validation data.
    """
    figure = go.Figure()
    runs = [(run, "Student", palette.STUDENT)] + ([(twin, "Twin, no teacher", palette.TWIN)] if twin else [])
    for shown, name, colour in runs:
        points = shown.history.evaluated("validation")
        if not points:
            raise ValueError(f"{name.lower()} was never evaluated on validation data; train it, or run.evaluate()")
        errors = [100 * e.errors / e.examples for e in points]
        figure.add_scatter(x=[e.step for e in points], y=errors, name=name, mode="lines", line_color=colour)
    known = next((e for e in run.history.evaluated("validation") if e.teacher_errors is not None), None)
    if known is not None and known.teacher_errors:
        level = 100 * known.teacher_errors / known.examples
        figure.add_hline(y=level, line_dash="dash", line_color=palette.TEACHER, annotation_text="Teacher")
    for edit in run.history.edits:
        if edit.name != "total_steps":
            text = f"{edit.name} = {edit.value}"
            figure.add_vline(x=edit.step, line_dash="dot", line_color=palette.EDIT, annotation_text=text)
    figure.update_layout(
        xaxis_title="optimiser step", yaxis_title="error on validation data, %", template="simple_white"
    )
    return figure.update_yaxes(type="log")
