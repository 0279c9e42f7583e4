"""A report as one HTML file: figures, tables, and examples that are chosen by the cell they fall into."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from . import definitions
from .one_file import policy, script_json, write_whole

if TYPE_CHECKING:
    from .report import Report

FOLDER = Path(__file__).parent
SHOWN_OF_A_CELL = 36  # examples of a cell that travel with the page
BARS = 10  # classes drawn of an example
ROWS = 20  # classes in the table


def write(report: Report, path: str | Path, title: str) -> Path:
    """Write the page, replacing a file in one go."""
    return write_whole(path, page(report, title))


def page(report: Report, title: str) -> str:
    """Return the page: no address in it is fetched, and only its own scripts may run."""
    import plotly.offline

    figures = report.figures()
    library = plotly.offline.get_plotlyjs()
    script = _file("report.js")
    data = [_data("told", told(report)), *(_data(f"figure-{n}", json.loads(f.to_json())) for n, f in figures.items())]
    parts = [_head(report, title), _fidelity(report, figures), *_others(report, figures)]
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(library, script)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="kdviz {version("kdviz")}">\n'
        f"<style>{_file('report.css')}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n"
        + "\n".join(data)
        + f"\n<script>{library}</script>\n<script>{script}</script>\n</body></html>\n"
    )


def told(report: Report) -> dict[str, Any]:
    """Return what the page's script is given: classes, and the examples it may show."""
    x = report.examples.x
    is_image = x.ndim == 4 and x.shape[1] in (1, 3)
    p = {who: torch.softmax(report.logits[who].double(), 1) for who in ("teacher", "student")}
    maps = report.maps
    rows = []
    for cell, members in report.cells().items():
        for i in _first(members, maps.index.tolist() if maps is not None else ()):
            order = _likeliest(p["teacher"][i], p["student"][i], int(report.examples.y[i]))
            row: dict[str, Any] = {
                "index": i,
                "cell": cell,
                "y": int(report.examples.y[i]),
                "order": order,
                **{who: [round(float(p[who][i, k]), 5) for k in order] for who in p},
                **{f"top_{who}": int(p[who][i].argmax()) for who in p},
            }
            if is_image:
                row["pixels"] = _pixels(x[i])
                if maps is not None and i in maps.index:
                    at = int((maps.index == i).nonzero()[0, 0])
                    row["maps"] = {who: _signed(values[at]) for who, values in maps.values.items()}
            rows.append(row)
    shape = list(x.shape[1:]) if is_image else None
    return {
        "classes": [str(c) for c in report.classes],
        "examples": rows,
        "shape": shape,
        "method": maps.method.replace("_", " ") if maps is not None else "",
    }


def _first(members: Sequence[int], mapped: Sequence[int]) -> list[int]:
    """Return the examples of a cell that are shown, those with maps first."""
    has_map = set(mapped)
    return sorted(members, key=lambda i: (i not in has_map, i))[:SHOWN_OF_A_CELL]


def _likeliest(teacher: torch.Tensor, student: torch.Tensor, y: int) -> list[int]:
    """Return the classes drawn: all where they are few, else the likeliest of both and the true one; in order."""
    if len(teacher) <= BARS:
        return list(range(len(teacher)))
    top = torch.maximum(teacher, student).topk(BARS).indices.tolist()
    if y >= 0 and y not in top:
        top[-1] = y
    return sorted(top)


def _pixels(x: torch.Tensor) -> str:
    if x.dtype != torch.uint8:
        low, high = x.amin(), x.amax()
        x = ((x - low) / (high - low).clamp_min(1e-12) * 255).round().to(torch.uint8)
    return base64.b64encode(x.contiguous().numpy().tobytes()).decode()


def _signed(values: torch.Tensor) -> str:
    """Return a map (C, H, W) as int8, its channels added up and its largest size 127."""
    flat = values.sum(0) if values.ndim == 3 else values
    scaled = (flat / flat.abs().amax().clamp_min(1e-12) * 127).round().to(torch.int8)
    return base64.b64encode(scaled.contiguous().numpy().tobytes()).decode()


def _head(report: Report, title: str) -> str:
    sentences = "".join(f"<p>{html.escape(s)}</p>" for s in report.headlines())
    return (
        f"<header><h1>{html.escape(title)}</h1>"
        f'<p class="note">{len(report.examples):,} examples, {len(report.classes):,} classes. '
        f"Written by kdviz {version('kdviz')}.</p></header>\n"
        f"<section><h2>In short</h2>{sentences}{_table(report.summary())}</section>"
    )


def _fidelity(report: Report, figures: dict[str, Any]) -> str:
    cells = "".join(
        f'<button type="button" data-cell="{name}" aria-pressed="false"><b>{len(members):,}</b>'
        f"{html.escape(definitions.CELLS[name])}</button>"
        for name, members in report.cells().items()
    )
    return (
        "<section><h2>Fidelity: does the student answer as its teacher does?</h2>"
        f'<div class="cells" role="group" aria-label="Which examples">{cells}</div>'
        '<div id="strip" class="strip" role="group" aria-label="Examples of this kind"></div>'
        '<p id="said" aria-live="polite"></p><div id="one" class="one"></div>'
        f"<p class='note'>At most {SHOWN_OF_A_CELL} examples of a kind are in this file.{_on_maps(report)}</p>"
        f"{_plots(figures, ('classes',))}"
        f"{_classes(report)}</section>"
    )


def _on_maps(report: Report) -> str:
    if report.maps is None:
        return ""
    method = html.escape(report.maps.method.replace("_", " "))
    return (
        f" {len(report.maps.index):,} examples have maps ({method}) of the class that the teacher says first: "
        "orange speaks for it, blue against it, each map on a scale of its own."
    )


def _classes(report: Report) -> str:
    if not report.examples.labelled:
        return ""
    return f"<h3>The classes on which they agree least</h3>{_table(report.by_class().head(ROWS))}"


def _others(report: Report, figures: dict[str, Any]) -> Iterable[str]:
    for subject, heading in definitions.SUBJECTS.items():
        mine = [name for name in figures if name.split("-")[0] == subject]
        if mine:
            said = "".join(f"<p>{html.escape(s)}</p>" for s in report.sentences(subject))
            yield f"<section><h2>{html.escape(heading)}</h2>{said}{_plots(figures, mine)}</section>"


def _plots(figures: dict[str, Any], names: Iterable[str]) -> str:
    shown = []
    for name in names:
        if name in figures:
            title = html.escape(figures[name].layout.title.text or name)
            height = int(figures[name].layout.height or 360)
            shown.append(
                f'<h3>{title}</h3><div class="plot" role="img" aria-label="{title}" data-figure="figure-{name}" '
                f'style="height:{height}px"></div>'
            )
    return "".join(shown)


def _table(frame: Any) -> str:
    head = "".join(f"<th scope='col'>{_defined(str(name))}</th>" for name in frame.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{_cell(value)}</td>" for value in row) + "</tr>" for row in frame.itertuples(index=False)
    )
    return f"<div class='scroll' tabindex='0'><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


def _defined(name: str) -> str:
    meaning = definitions.NUMBERS.get(name)
    text = html.escape(name)
    return f'<abbr title="{html.escape(meaning)}">{text}</abbr>' if meaning else text


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "not known" if value != value else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else html.escape(str(value))


def _data(name: str, value: object) -> str:
    return f'<script type="application/json" id="{name}">{script_json(value)}</script>'


@cache
def _file(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
