"""Studies: the errors of each arm beside those of the twin, with every seed and the noise of the mean."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from ..measure import paired
from ..measure.error_words import in_errors
from ..study import Study
from ..study.comparison import Comparison, Moment, compare
from ..study.jobs import Role
from ..study.sentences import spread, title
from . import palette
from .named_axes import plain

SEED = {"color": palette.STUDENT, "size": 6, "opacity": 0.55, "symbol": "circle-open"}
TITLE_CHARACTERS = 46  # of a line, so that a phone shows it whole
SUBTITLE_CHARACTERS, SUBTITLE_HEIGHT = 50, 70
BAND = "rgba(110, 117, 126, 0.18)"  # of the twin


def overview(study: Study, *, moment: Moment = "last") -> go.Figure:
    """Return the figure that fits a study: a heat map of two axes, lines over one, dots for arms given by name.

    Parameters
    ----------
    study : Study
        With at least one finished run.
    moment : {"last", "best"}
        After the last step, or at each run's best epoch on validation data.

    Returns
    -------
    plotly.graph_objects.Figure
        Errors on test data. The title counts the arms that differ from their twin beyond the noise.

    Raises
    ------
    ValueError
        If no run has finished, or there is no such moment.

    Examples
    --------
    >>> import torch, kdviz as kd
    >>> X, y = torch.randn(300, 4), torch.randint(0, 3, (300,))
    >>> recipe = kd.Recipe(data="yours", student={"name": "mlp", "inputs": 4, "classes": 3}, epochs=1,
    ...                    objective=1.0 * kd.HardLabels())
    >>> study = Study.grid(recipe, learning_rate=[1e-3, 1e-2], seeds=2, data=(X, y)).run(progress=False, n_jobs=1)
    >>> [trace.name for trace in overview(study).data]
    ['Twin, 95 % interval', 'Twin, no teacher', 'Student', 'Student, each seed']
    """
    drawn = {2: heat_map, 1: lines}.get(len(_varied(study)), dots)
    return drawn(study, moment=moment)


def heat_map(study: Study, x: str | None = None, y: str | None = None, *, moment: Moment = "last") -> go.Figure:
    """Return mean test errors over two axes of a grid.

    Parameters
    ----------
    study : Study
    x, y : str, optional
        Names of the axes; by default the two that have several values.
    moment : {"last", "best"}

    Returns
    -------
    plotly.graph_objects.Figure
        In each cell the mean over seeds and the paired difference to the twin, in bold where its 95 % interval leaves
        out 0. Grey at the middle of the colours is the twin's mean, orange fewer errors, blue-black more.

    Raises
    ------
    ValueError
        If there are no two such axes, or other axes vary too.
    """
    varied = _varied(study)
    first, second, *_ = (*varied, "", "")
    x, y = x or first, y or second
    if not {x, y} <= set(study.axes) or x == y or set(varied) - {x, y}:
        raise ValueError(
            f"a heat map needs a grid over two axes, got {', '.join(varied) or 'none'}; use lines(study) for one axis, "
            "dots(study) for others"
        )
    found = _finished(study, moment)
    at = {(c.arm.coordinates[x], c.arm.coordinates[y]): c for c in found}
    columns, rows = _values(study, x), _values(study, y)
    cells = [[at.get((column, row)) for column in columns] for row in rows]
    means = [[None if c is None else c.mean() for c in line] for line in cells]
    twin = [c.mean("twin") for c in found if c.errors["twin"]]
    figure = go.Figure(
        go.Heatmap(
            x=[_tick(v) for v in columns],
            y=[_tick(v) for v in rows],
            z=means,
            text=[[_cell(c) for c in line] for line in cells],
            hovertext=[[_told(c) for c in line] for line in cells],
            texttemplate="%{text}",
            hovertemplate="%{hovertext}<extra></extra>",
            colorbar_title="test errors,<br>mean",
            **_colours([m for line in means for m in line if m is not None], twin),
        )
    )
    figure.update_layout(xaxis_title=x.replace("_", " "), yaxis_title=y.replace("_", " "))
    figure.update_xaxes(type="category").update_yaxes(type="category")
    _lay_out(figure, found, height=170 + 70 * len(rows))
    key = "<br>".join(wrap(_key(found), SUBTITLE_CHARACTERS))
    return figure.update_layout(
        title_subtitle={"text": key, "font_size": 12},
        margin_t=figure.layout.margin.t + SUBTITLE_HEIGHT,
        height=figure.layout.height + SUBTITLE_HEIGHT,
    )


def lines(study: Study, x: str | None = None, *, moment: Moment = "last") -> go.Figure:
    """Return mean test errors over one axis of a grid, with 95 % intervals of the mean and every seed.

    Parameters
    ----------
    study : Study
    x : str, optional
        The axis; by default the one that has several values.
    moment : {"last", "best"}

    Returns
    -------
    plotly.graph_objects.Figure
        The twin in grey, mean and 95 % interval; the teacher as a dashed line.

    Raises
    ------
    ValueError
        If there is no such axis, or other axes vary too.
    """
    varied = _varied(study)
    x = x or (varied or ("",))[0]
    if x not in study.axes or set(varied) - {x}:
        raise ValueError(
            f"lines need a grid over one axis, got {', '.join(varied) or 'none'}; use heat_map(study) for two axes, "
            "dots(study) for others"
        )
    found = _finished(study, moment)
    places = [_tick(c.arm.coordinates[x]) for c in found]
    figure = go.Figure()
    twins = [(place, c) for place, c in zip(places, found, strict=True) if c.errors["twin"]]
    if twins:
        _add_twin_line(figure, [place for place, _ in twins], [c for _, c in twins])
    means = _means(found, "student")
    figure.add_scatter(x=places, name="Student", mode="lines+markers", line_color=palette.STUDENT, **_upright(means))
    _add_seeds(figure, places, found, upright=True)
    _add_teacher(figure, found, upright=True)
    figure.update_layout(xaxis_title=x.replace("_", " "), yaxis_title="test errors")
    figure.update_xaxes(type="category", categoryarray=places, categoryorder="array").update_yaxes(rangemode="tozero")
    return _lay_out(figure, found, height=420)


def dots(study: Study, *, moment: Moment = "last") -> go.Figure:
    """Return mean test errors of each arm in a row of its own, with the 95 % interval of the mean and every seed.

    Parameters
    ----------
    study : Study
    moment : {"last", "best"}

    Returns
    -------
    plotly.graph_objects.Figure
        Arms in the order of the study, from the top; the twin of each as a grey square; the teacher as a dashed line.

    Raises
    ------
    ValueError
        If no run has finished, or there is no such moment.
    """
    found = _finished(study, moment)
    names = [plain(c.arm.name) for c in found]
    figure = go.Figure()
    with_twin = [c for c in found if c.errors["twin"]]
    if with_twin:
        figure.add_scatter(
            y=[plain(c.arm.name) for c in with_twin],
            name="Twin, no teacher",
            mode="markers",
            marker={"color": palette.TWIN, "symbol": "square", "size": 9},
            offsetgroup="twin",
            orientation="h",
            **_lying(_means(with_twin, "twin")),
        )
    figure.add_scatter(
        y=names,
        name="Student",
        mode="markers",
        marker={"color": palette.STUDENT, "size": 10},
        hovertext=[_told(c) for c in found],
        offsetgroup="student",
        orientation="h",
        **_lying(_means(found, "student")),
    )
    _add_seeds(figure, names, found, upright=False)
    _add_teacher(figure, found, upright=False)
    figure.update_layout(xaxis_title="test errors", scattermode="group", scattergap=0.4)
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1]).update_xaxes(rangemode="tozero")
    return _lay_out(figure, found, height=200 + 40 * len(found))


def _finished(study: Study, moment: Moment) -> list[Comparison]:
    found = [c for arm in study.arms if (c := compare(study, arm, moment)).errors["student"]]
    if not found:
        raise ValueError("no run of this study has finished yet; call study.run() first")
    return found


def _varied(study: Study) -> tuple[str, ...]:
    """Return the axes with more than one value."""
    return tuple(axis for axis in study.axes if len(_values(study, axis)) > 1)


def _values(study: Study, axis: str) -> list[Any]:
    """Return the values on an axis, in their order."""
    return list(dict.fromkeys(arm.coordinates[axis] for arm in study.arms))


def _tick(value: Any) -> str:
    return plain(f"{value:g}" if isinstance(value, float) else str(value))


def _means(found: Sequence[Comparison], role: Role) -> list[tuple[float, float]]:
    """Return the mean errors over seeds and half the width of its 95 % interval, 0 for one seed."""
    means = []
    for c in found:
        p = paired(list(c.errors[role].values()), step=1)
        means.append((p.mean, 0.0 if math.isnan(p.high) else p.high - p.mean))
    return means


def _upright(means: Sequence[tuple[float, float]]) -> dict[str, Any]:
    return {"y": [m for m, _ in means], "error_y": {"array": [half for _, half in means], "thickness": 1.5}}


def _lying(means: Sequence[tuple[float, float]]) -> dict[str, Any]:
    return {"x": [m for m, _ in means], "error_x": {"array": [half for _, half in means], "thickness": 1.5}}


def _add_twin_line(figure: go.Figure, places: Sequence[str], found: Sequence[Comparison]) -> None:
    """Draw the twin's mean with its interval as a band."""
    means = _means(found, "twin")
    if any(half for _, half in means):
        around = [m + half for m, half in means] + [m - half for m, half in reversed(means)]
        figure.add_scatter(
            x=[*places, *reversed(places)], y=around, fill="toself", fillcolor=BAND, line_width=0, mode="lines",
            hoverinfo="skip", showlegend=False, name="Twin, 95 % interval",
        )  # fmt: skip
    figure.add_scatter(
        x=list(places), y=[m for m, _ in means], name="Twin, no teacher", mode="lines", line_color=palette.TWIN
    )


def _add_seeds(figure: go.Figure, places: Sequence[str], found: Sequence[Comparison], *, upright: bool) -> None:
    """Draw every seed of the students."""
    points = [(place, e, s) for place, c in zip(places, found, strict=True) for s, e in c.errors["student"].items()]
    where, errors = [p[0] for p in points], [p[1] for p in points]
    figure.add_scatter(
        x=where if upright else errors,
        y=errors if upright else where,
        name="Student, each seed",
        mode="markers",
        marker=SEED,
        hovertext=[f"seed {p[2]}: {p[1]:,} errors" for p in points],
        hoverinfo="text",
        **({} if upright else {"offsetgroup": "student", "orientation": "h"}),
    )


def _add_teacher(figure: go.Figure, found: Sequence[Comparison], *, upright: bool) -> None:
    """Draw the errors of the teachers, one line for each that differs."""
    # The template's own shapes have lines without width.
    line = {"dash": "dash", "color": palette.TEACHER, "width": 2}
    for errors in sorted({c.teacher_errors for c in found if c.teacher_errors is not None}):
        text = f"Teacher {errors:,}"
        if upright:
            figure.add_hline(y=errors, line=line, opacity=1, annotation_text=text)
        else:
            figure.add_vline(x=errors, line=line, opacity=1, annotation_text=text, annotation_position="bottom right")


def _cell(c: Comparison | None) -> str:
    """Return the text of a cell of the heat map: the mean, and the paired difference, bold beyond the noise."""
    if c is None:
        return ""
    mean, d = f"{c.mean():,.0f}", c.difference()
    if d is None:
        return mean
    beside = f"{d.mean:+,.0f}".replace("-", "−")
    return f"{mean}<br>{f'<b>{beside}</b>' if d.verdict in ('fewer', 'more') else beside}"


def _told(c: Comparison | None) -> str:
    """Return the hover text of an arm."""
    if c is None:
        return ""
    d = c.difference()
    each = ", ".join(f"{errors:,}" for errors in c.errors["student"].values())
    lines = [plain(c.arm.name), f"student {spread(c)} ({each})"]
    if d is not None:
        lines += [f"twin {spread(c, 'twin')}", f"student − twin: {in_errors(d, 'errors')}"]
    return "<br>".join(lines)


def _colours(means: Sequence[float], twin: Sequence[float]) -> dict[str, Any]:
    """Return colors that diverge at the twin's mean: orange fewer errors, blue more; one hue without a twin."""
    if not twin:
        return {"colorscale": [[0, palette.STUDENT], [1, "#FFFFFF"]]}
    middle = statistics.fmean(twin)
    return {
        "zmid": middle,
        "zmin": middle - max(abs(m - middle) for m in means),
        "zmax": middle + max(abs(m - middle) for m in means),
        "colorscale": [[0, palette.STUDENT], [0.5, "#E4E6E8"], [1, "#8FA9C4"]],
    }


def _key(found: Sequence[Comparison]) -> str:
    twins = sorted({round(c.mean("twin")) for c in found if c.errors["twin"]})
    teachers = sorted({c.teacher_errors for c in found if c.teacher_errors is not None})
    notes = []
    if twins:
        between = f"{twins[0]:,}" if len(twins) == 1 else f"{twins[0]:,} to {twins[-1]:,}"
        notes.append(f"gray: the twin's mean, {between}; below each mean, student − twin, bold beyond the noise")
    if teachers:
        notes.append(f"teacher {', '.join(f'{t:,}' for t in teachers)}")
    return ". ".join(notes)


def _lay_out(figure: go.Figure, found: Sequence[Comparison], *, height: int) -> go.Figure:
    return figure.update_layout(
        title_text="<br>".join(wrap(title(found), TITLE_CHARACTERS)),
        title_font_size=15,
        template="simple_white",
        height=height + 35,
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        margin={"l": 60, "r": 30, "t": 105, "b": 100},
    )
