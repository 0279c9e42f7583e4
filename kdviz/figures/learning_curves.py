"""Learning curves: error on validation data over steps, for a run, its twin and their teacher."""

from __future__ import annotations

import plotly.graph_objects as go

from ..distill import Distillation
from . import palette

BELOW = 4.0  # an error of 0 is drawn at the lowest one above it, divided by this


def learning_curves(run: Distillation, twin: Distillation | None = None, **others: Distillation) -> go.Figure:
    """Return a figure of validation error (%, logarithmic) over optimizer steps.

    Parameters
    ----------
    run : Distillation
        Evaluated on validation data at least once (``train`` does so after each epoch).
    twin : Distillation, optional
        Drawn beside it, in grey.
    **others : Distillation
        More runs, branches for instance, named by their keywords (``T_1=run.branch(200, temperature=1)`` is "T 1").
        Each has a colour and a mark of its own.

    Returns
    -------
    plotly.graph_objects.Figure
        The teacher's error as a dashed line where it is known; each edit of ``run`` as a dotted vertical line. An error
        of 0 has a place of its own, marked "0", below the logarithmic part of the axis.

    Raises
    ------
    ValueError
        If a run was never evaluated on validation data.
    """
    figure = go.Figure()
    runs = [(run, "Student", palette.STUDENT)] + ([(twin, "Twin, no teacher", palette.TWIN)] if twin else [])
    for shown, name, colour in runs:
        steps, errors = _errors(shown, name)
        figure.add_scatter(x=steps, y=errors, name=name, mode="lines", line_color=colour)
    for place, (keyword, shown) in enumerate(others.items()):
        name = keyword.replace("_", " ")
        steps, errors = _errors(shown, name)
        colour, symbol, dash = palette.other(place)
        line = {"color": colour, "dash": dash}
        figure.add_scatter(x=steps, y=errors, name=name, mode="lines+markers", line=line, marker_symbol=symbol)
    known = next((e for e in run.history.evaluated("validation") if e.teacher_errors is not None), None)
    level = None
    if known is not None and known.teacher_errors is not None:
        level = 100 * known.teacher_errors / known.examples
    zero = _place_of_zero(figure, level)
    if level is not None:
        teacher = {"dash": "dash", "color": palette.TEACHER, "width": 2}  # the template's own width is 0
        figure.add_hline(y=level or zero, line=teacher, opacity=1, annotation_text="Teacher")
    for edit in run.history.edits:
        if edit.name != "total_steps":
            text = f"{edit.name} = {edit.value}"
            dotted = {"dash": "dot", "color": palette.EDIT, "width": 2}
            figure.add_vline(x=edit.step, line=dotted, opacity=1, annotation_text=text)
    figure.update_layout(
        xaxis_title="optimizer step", yaxis_title="error on validation data, %", template="simple_white"
    )
    return figure.update_yaxes(type="log")


def _place_of_zero(figure: go.Figure, level: float | None) -> float:
    """Give an error of 0 a place on the logarithmic axis, marked "0", if there is one; return where that is."""
    values = [value for trace in figure.data for value in trace.y] + ([] if level is None else [level])
    positive = [value for value in values if value > 0]
    low, high = (min(positive), max(positive)) if positive else (1.0, 10.0)
    zero = low / BELOW
    if 0 not in values:
        return zero
    for trace in figure.data:
        trace.update(customdata=trace.y, hovertemplate="%{customdata:.3g} %", y=[value or zero for value in trace.y])
    ticks = [n * 10.0**power for power in range(-3, 3) for n in (1, 2, 5)]
    shown = [tick for tick in ticks if low / 2 < tick < 2 * high]
    figure.update_yaxes(tickvals=[zero, *shown], ticktext=["0", *(f"{tick:g}" for tick in shown)])
    return zero


def _errors(run: Distillation, name: str) -> tuple[list[int], list[float]]:
    """Return the steps at which a run was evaluated on validation data, and its errors there in %."""
    points = run.history.evaluated("validation")
    if not points:
        raise ValueError(f"{name} was never evaluated on validation data; train it, or run.evaluate()")
    return [e.step for e in points], [100 * e.errors / e.examples for e in points]
