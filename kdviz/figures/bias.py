"""Bias: how each model treats each group, and how far apart the groups are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, get_args

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ..measure.bias import SMALL, Bias, Disparity, Gap, Group, Rate, RateName
from . import palette

MOST = 30  # groups drawn
LONGEST = 18  # letters of a line beside its row
ROW = 22  # pixels for one model
LINE = 19  # pixels for a line of a label, and some air
BETWEEN = 70  # pixels between two panels: an axis with its title
LAST = 2000  # place in the legend, after all models
MARK = "#8B929B"  # seen on white and on black
NAMES = {
    "accuracy": "accuracy",
    "error_rate": "error rate",
    "selection_rate": "selection rate",
    "true_positive_rate": "true-positive rate",
    "false_positive_rate": "false-positive rate",
}
OF = {"true_positive_rate": "positive examples", "false_positive_rate": "negative examples"}
BAD_WHEN_HIGH = ("error_rate", "false_positive_rate")
GAPS = {
    "demographic_parity_difference": "demographic-parity difference",
    "equalized_odds_difference": "equalized-odds difference",
    "accuracy_difference": "gap in accuracy",
}
LAYOUT: dict[str, Any] = {
    "template": "simple_white",
    "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
    "margin": {"l": 60, "r": 20, "t": 50, "b": 110},
}


def by_group(bias: Bias, grouping: str, rate: RateName | None = None) -> go.Figure:
    """Return one rate of each group with its interval, model beside model.

    Parameters
    ----------
    bias : Bias
    grouping : str
        One of ``bias.groupings``. At most 30 groups are drawn, the largest.
    rate : {"accuracy", "error_rate", "selection_rate", "true_positive_rate", "false_positive_rate"}, optional
        By default the one in which the groups of the last model lie furthest apart: the true- or the false-positive
        rate, or the accuracy where there is no positive class.

    Returns
    -------
    plotly.graph_objects.Figure
        A line for each model's rate over all groups. A diamond marks each model's worst group: the highest error or
        false-positive rate, the lowest of any other. Groups of fewer than 30 are marked only where all are as small.

    Raises
    ------
    ValueError
        If the grouping or the rate is not there.
    """
    first = bias.of(bias.models[-1], grouping)
    rate = rate or _widest(first)
    _check_rate(bias, rate)
    groups = _drawn(first.groups)
    places = {group.name: place for place, group in enumerate(groups)}
    figure = go.Figure()
    for row, model in enumerate(bias.models):
        mine = [group for group in bias.of(model, grouping).groups if group.name in places]
        known = [group for group in mine if getattr(group, rate).n]
        at = [places[group.name] + _beside(row, len(bias.models)) for group in known]
        _overall(figure, model, row, bias.of(model, grouping).groups, rate)
        _points(figure, model, row, [getattr(group, rate) for group in known], at)
        figure.data[-1].update(
            customdata=[_of_group(group, rate) for group in known],
            hovertemplate=f"{_text(model)}, %{{customdata}}<extra></extra>",
        )
        _worst(figure, known, at, rate)
    left_out = (
        f"; showing {len(groups)} of {len(first.groups)} groups, the largest" if len(groups) < len(first.groups) else ""
    )
    figure.update_layout(title_text=f"{NAMES[rate].capitalize()} by {_text(grouping)}{left_out}", **LAYOUT)
    labels = [f"{_lines(group.name)}<br>{_members(group, rate)}" for group in groups]
    axis = f"{NAMES[rate]}<br>vertical lines: overall"
    figure.update_xaxes(showgrid=True, tickformat=".2~f", title_text=axis)
    return _rows(figure, labels, _height(labels, len(bias.models)))


def gaps(bias: Bias) -> go.Figure:
    """Return the gaps between the groups of each grouping for each model, with intervals and the gap by chance.

    Parameters
    ----------
    bias : Bias

    Returns
    -------
    plotly.graph_objects.Figure
        Above the demographic-parity, below the equalized-odds difference; the gap in accuracy alone where there is no
        positive class. A point left of its upright tick is a gap that chance may give.
    """
    measures = ["accuracy_difference"] if bias.positive is None else list(GAPS)[:2]
    labels = [_lines(grouping) for grouping in bias.groupings]
    drawn = len(measures) * _height(labels, len(bias.models)) + (len(measures) - 1) * BETWEEN
    figure = make_subplots(len(measures), 1, shared_xaxes=True, vertical_spacing=min(BETWEEN / drawn, 1))
    for panel, measure in enumerate(measures, start=1):
        where = {"row": panel, "col": 1}
        for row, model in enumerate(bias.models):
            found = {
                place: bias.of(model, grouping).gaps[measure]
                for place, grouping in enumerate(bias.groupings)
                if bias.of(model, grouping).gaps[measure].rests_on
            }
            at = [place + _beside(row, len(bias.models)) for place in found]
            _points(figure, model, row, list(found.values()), at, showlegend=panel == 1, **where)
            names = [bias.groupings[place] for place in found]
            hovers = [_of_gap(name, measure, gap) for name, gap in zip(names, found.values(), strict=True)]
            figure.data[-1].update(customdata=hovers, hovertemplate=f"{_text(model)}, %{{customdata}}<extra></extra>")
            figure.add_scatter(
                x=[gap.chance for gap in found.values()],
                y=at,
                mode="markers",
                name="expected by chance: up to",
                legendgroup="chance",
                legendrank=LAST,
                showlegend=panel == 1 and row == 0,
                marker={"symbol": "line-ns-open", "size": 14, "line_width": 2, "color": MARK},
                hovertemplate=f"{_text(model)}: expected by chance: up to %{{x:.3f}}<extra></extra>",
                **where,
            )
    title = "Gap in accuracy between groups" if bias.positive is None else "Gaps between groups"
    figure.update_layout(title_text=title, **LAYOUT)
    figure.update_xaxes(showgrid=True, rangemode="tozero", tickformat=".2~f")
    for panel, measure in enumerate(measures, start=1):
        figure.update_xaxes(title_text=GAPS[measure], showticklabels=True, row=panel, col=1)
    return _rows(figure, labels, drawn)


def _widest(disparity: Disparity) -> RateName:
    gap = disparity.gaps.get("equalized_odds_difference") or disparity.gaps["accuracy_difference"]
    names: tuple[RateName, ...] = get_args(RateName)
    fallback: RateName = "true_positive_rate" if "equalized_odds_difference" in disparity.gaps else "accuracy"
    return next((name for name in names if name == gap.rate), fallback)


def _check_rate(bias: Bias, rate: str) -> None:
    there = list(NAMES)[: 2 if bias.positive is None else None]
    if rate not in there:
        raise ValueError(f"rate must be one of {', '.join(there)}, got {rate!r}")


def _drawn(groups: Sequence[Group]) -> list[Group]:
    """Return the largest groups in their order."""
    largest = {group.name for group in sorted(groups, key=lambda group: -group.n)[:MOST]}
    return [group for group in groups if group.name in largest]


def _beside(row: int, models: int) -> float:
    """Return where within its row, from -0.5 to 0.5, a model is drawn."""
    return (row - (models - 1) / 2) * 0.72 / max(models, 2)


def _points(
    figure: go.Figure, model: str, place: int, values: Sequence[Rate | Gap], at: Sequence[float], **options: Any
) -> None:
    colour, _, symbol = palette.look(model, place)
    figure.add_scatter(
        x=[v.value for v in values],
        y=at,
        error_x={
            "type": "data",
            "array": [v.high - v.value for v in values],  # nan draws no bar
            "arrayminus": [v.value - v.low for v in values],
            "thickness": 2,
            "width": 4,
        },
        mode="markers",
        name=_text(model).capitalize(),
        legendgroup=model,
        marker={"symbol": symbol, "size": 9, "line": {"width": 2, "color": colour}, "color": colour},
        **options,
    )


def _overall(figure: go.Figure, model: str, place: int, groups: Iterable[Group], rate: RateName) -> None:
    """Draw a model's rate over all groups as an upright line."""
    rates: list[Rate] = [r for group in groups if (r := getattr(group, rate)).n]
    n = sum(r.n for r in rates)
    if not n:
        return
    colour, dash, _ = palette.look(model, place)
    value = sum(r.value * r.n for r in rates) / n
    figure.add_scatter(
        x=[value, value],
        y=[-0.5, MOST],
        mode="lines",
        line={"color": colour, "dash": dash, "width": 1.5},
        legendgroup=model,
        showlegend=False,
        hovertemplate=f"{_text(model)}, all groups: {NAMES[rate]} {value:.3f} of {n:,} {OF.get(rate, 'examples')}"
        "<extra></extra>",
    )


def _worst(figure: go.Figure, groups: Sequence[Group], at: Sequence[float], rate: RateName) -> None:
    """Mark the worst group, unless all are equal."""
    values: list[Rate] = [getattr(group, rate) for group in groups]
    if len({v.value for v in values}) < 2:
        return
    enough = [i for i, v in enumerate(values) if v.n >= SMALL] or list(range(len(values)))
    worst = (max if rate in BAD_WHEN_HIGH else min)(enough, key=lambda i: values[i].value)
    figure.add_scatter(
        x=[values[worst].value],
        y=[at[worst]],
        mode="markers",
        name=f"{'highest' if rate in BAD_WHEN_HIGH else 'lowest'} of its model",
        legendgroup="worst",
        legendrank=LAST,
        showlegend=not any(trace.legendgroup == "worst" for trace in figure.data),
        marker={"symbol": "diamond-open", "size": 19, "line_width": 2, "color": MARK},
        hoverinfo="skip",
    )


def _of_group(group: Group, rate: RateName) -> str:
    r: Rate = getattr(group, rate)
    return (
        f"{_text(group.name)}: {NAMES[rate]} {r.value:.3f}<br>interval {r.low:.3f} to {r.high:.3f}, "
        f"{r.n:,} {OF.get(rate, 'examples')}"
    )


def _of_gap(grouping: str, measure: str, gap: Gap) -> str:
    return (
        f"{_text(grouping)}: {GAPS[measure]} {gap.value:.3f}<br>{_interval(gap)}, "
        f"expected by chance: up to {gap.chance:.3f}<br>{NAMES[gap.rate]}: highest {_text(gap.highest)}, "
        f"lowest {_text(gap.lowest)}<br>rests on {gap.rests_on:,} examples of the smaller group"
    )


def _interval(gap: Gap) -> str:
    return "no interval" if math.isnan(gap.low) else f"interval {gap.low:.3f} to {gap.high:.3f}"


def _members(group: Group, rate: RateName) -> str:
    r: Rate = getattr(group, rate)
    of = f"{r.n:,} {OF[rate].split()[0]}" if rate in OF else f"n = {r.n:,}"
    return f"{of}{', few' if r.n < SMALL else ''}"


def _height(labels: Sequence[str], models: int) -> int:
    """Return how many pixels the rows take."""
    tallest = max(label.count("<br>") + 1 for label in labels)
    return max(ROW * models, LINE * tallest) * len(labels) + ROW


def _rows(figure: go.Figure, labels: Sequence[str], drawn: int) -> go.Figure:
    """Give each row its label, and the figure the height that what is drawn takes."""
    figure.update_layout(height=drawn + LAYOUT["margin"]["t"] + LAYOUT["margin"]["b"])
    return figure.update_yaxes(
        tickvals=list(range(len(labels))),
        ticktext=list(labels),
        range=[len(labels) - 0.5, -0.5],
        showgrid=False,
        automargin=True,
        ticks="",
        zeroline=False,
    )


def _lines(name: str) -> str:
    """Break a name at its " & ", and shorten what is too long."""
    parts = name.split(" & ")
    short = [part if len(part) <= LONGEST else f"{part[: LONGEST - 1]}…" for part in parts]
    return " &amp;<br>".join(map(_text, short))


def _text(name: str) -> str:
    """Return a name in which plotly finds no tag."""
    return escape(name, quote=False)
