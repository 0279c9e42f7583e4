"""A report as one HTML file: figures, tables, and examples that are chosen by the cell they fall into."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..figures.one_file import policy, script_json, write_whole
from . import bias as of_bias
from . import definitions
from .pictures import Pictures

if TYPE_CHECKING:
    from .report import Report

FOLDER = Path(__file__).parent
SHOWN_OF_A_CELL = 36  # examples of a cell that travel with the page
BARS = 10  # classes drawn of an example
ROWS = 20  # classes in the table
GROUPS = 30  # groups in a table
WORDS = ("gap", "verdict", "model")  # columns of words


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
    parts = [_head(report, title), _fidelity(report, figures), _diagnosis(report), *_others(report, figures)]
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
    p = {who: torch.softmax(report.logits[who].double(), 1) for who in ("teacher", "student")}
    maps = report.maps
    shown = {cell: _first(members, maps.order if maps is not None else ()) for cell, members in report.cells().items()}
    pictures = None
    if isinstance(x, torch.Tensor) and x.ndim == 4 and x.shape[1] in (1, 3):
        values = {} if maps is None else maps.values
        pictures = Pictures(x, [i for some in shown.values() for i in some], values)
    rows = []
    for cell, members in shown.items():
        for i in members:
            order = _likeliest(p["teacher"][i], p["student"][i], int(report.examples.y[i]))
            row: dict[str, Any] = {
                "index": i,
                "cell": cell,
                "y": int(report.examples.y[i]),
                "order": order,
                **{who: [round(float(p[who][i, k]), 5) for k in order] for who in p},
                **{f"top_{who}": int(p[who][i].argmax()) for who in p},
            }
            if pictures is not None:
                row["pixels"] = pictures.picture(i)
                if maps is not None and i in maps.index:
                    at = int((maps.index == i).nonzero()[0, 0])
                    row["maps"] = {who: pictures.map_of(who, at) for who in maps.values}
            rows.append(row)
    return {
        "classes": [str(c) for c in report.classes],
        "examples": rows,
        "shape": pictures.shape if pictures is not None else None,
        "map_shape": pictures.map_shape if pictures is not None else None,
        "method": maps.method.replace("_", " ") if maps is not None else "",
    }


def _first(members: Sequence[int], mapped: Sequence[int]) -> list[int]:
    """Return the examples of a cell that are shown: those with maps first, in their order."""
    place = {i: at for at, i in enumerate(mapped)}
    return sorted(members, key=lambda i: (place.get(i, len(place)), i))[:SHOWN_OF_A_CELL]


def _likeliest(teacher: torch.Tensor, student: torch.Tensor, y: int) -> list[int]:
    """Return the classes drawn: all where they are few, else the likeliest of both and the true one; in order."""
    if len(teacher) <= BARS:
        return list(range(len(teacher)))
    top = torch.maximum(teacher, student).topk(BARS).indices.tolist()
    if y >= 0 and y not in top:
        top[-1] = y
    return sorted(top)


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
        "orange speaks for it, blue against it, each map on a scale of its own. Where they differ most stands first."
    )


def _classes(report: Report) -> str:
    if not report.examples.labelled:
        return ""
    return f"<h3>The classes on which they agree least</h3>{_table(report.by_class().head(ROWS))}"


def _diagnosis(report: Report) -> str:
    """Return the findings, each with its evidence and what to try folded under it."""
    found = report.diagnosis
    parts = [f"<section><h2>Why did it help, or not?</h2><p>{html.escape(found.headline)}</p>"]
    for finding in found.findings:
        rows = "".join(
            f"<dt>{html.escape(str(name))}</dt><dd>{html.escape(_cell_of(value))}</dd>"
            for name, value in finding.evidence.items()
        )
        code = f"<pre><code>{html.escape(finding.try_code)}</code></pre>" if finding.try_code else ""
        parts.append(f"<p>{html.escape(finding.sentence)} <em>({html.escape(finding.confidence)})</em></p>")
        parts.append(_folded("Evidence, and what to try", f"<dl>{rows}</dl>{code}"))
    return "".join(parts) + "</section>"


def _cell_of(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _others(report: Report, figures: dict[str, Any]) -> Iterable[str]:
    for subject, heading in definitions.SUBJECTS.items():
        mine = [name for name in figures if name.split("-")[0] == subject]
        if subject == "bias":
            yield _bias(report, figures, heading)
        elif mine:
            said = "".join(f"<p>{html.escape(s)}</p>" for s in report.sentences(subject))
            yield f"<section><h2>{html.escape(heading)}</h2>{said}{_plots(figures, mine)}</section>"


def _bias(report: Report, figures: dict[str, Any], heading: str) -> str:
    found = report.bias
    notes = "".join(f'<p class="note">{html.escape(s)}</p>' for s in report.bias_notes)
    if found is None:
        return f"<section><h2>{html.escape(heading)}</h2>{notes}</section>" if notes else ""
    crossed = of_bias.pairs(found)
    gaps = {word: text for word, text in definitions.GAPS.items() if word in of_bias.gaps_measured(found)}
    parts = [
        f"<section><h2>{html.escape(heading)}</h2>{_what_is_chosen(report)}{notes}",
        _plots(figures, ("bias",)),
        _folded("All gaps as a table", _table(of_bias.gaps_table(found))),
        *(f"<h3>By {html.escape(name)}</h3>{_grouping(report, figures, name)}" for name in of_bias.singles(found)),
        "<h3>Pairs of groupings</h3>" if crossed else "",
        *(_folded(f"By {name}: {found.compare(name).verdict}", _grouping(report, figures, name)) for name in crossed),
        f"<h3>What the words mean</h3>{_meanings({**gaps, **definitions.VERDICTS})}{_by_luck(report)}",
    ]
    return "".join(parts) + "</section>"


def _what_is_chosen(report: Report) -> str:
    positive = report.bias.positive if report.bias is not None else None
    if positive is None:
        return '<p class="note">No class counts as positive, so accuracies alone are compared.</p>'
    chosen = html.escape(str(report.classes[positive]))
    return f'<p class="note">Positive is the class “{chosen}”; an example is selected where the model says it.</p>'


def _grouping(report: Report, figures: dict[str, Any], name: str) -> str:
    assert report.bias is not None
    said = "".join(f"<p>{html.escape(s)}</p>" for s in of_bias.sentences(report.bias, name))
    count = len(report.bias.of("student", name).groups)
    cut = f'<p class="note">The {GROUPS} largest of {count:,} groups.</p>' if count > GROUPS else ""
    table = _table(of_bias.rates_table(report.bias, name, GROUPS))
    return f"{said}{_plots(figures, (f'bias-{name}',), 'h4')}{table}{cut}"


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{html.escape(summary)}</summary>{content}</details>"


def _meanings(words: dict[str, str]) -> str:
    rows = "".join(f"<dt>{html.escape(word)}</dt><dd>{html.escape(text)}</dd>" for word, text in words.items())
    return f"<dl>{rows}</dl>"


def _by_luck(report: Report) -> str:
    assert report.bias is not None
    twin = "" if "twin" in report.models else " Give a twin to see what the labels alone teach."
    return (
        '<p class="note">That a student has its teacher\'s gap does not show that it has it from the teacher: both may '
        f"have learnt it from the data.{twin} Intervals are of {report.bias.confidence:.0%} and take the examples as "
        "the only noise, not another seed of the training; of many gaps, one in twenty lies above chance by luck.</p>"
    )


def _plots(figures: dict[str, Any], names: Iterable[str], level: str = "h3") -> str:
    shown = []
    for name in names:
        if name in figures:
            title = html.escape(html.unescape(figures[name].layout.title.text or name))
            height = int(figures[name].layout.height or 360)
            shown.append(
                f'<{level}>{title}</{level}><div class="plot" role="img" aria-label="{title}" '
                f'data-figure="figure-{html.escape(name)}" '
                f'style="height:{height}px"></div>'
            )
    return "".join(shown)


def _table(frame: Any) -> str:
    side = [" class='word'" if name in WORDS else "" for name in frame.columns]
    head = "".join(
        f"<th scope='col'{s}>{_defined(str(name))}</th>" for name, s in zip(frame.columns, side, strict=True)
    )
    rows = "".join(
        f"<tr><td><span>{_cell(first)}</span></td>"
        + "".join(f"<td{s}>{_cell(value)}</td>" for value, s in zip(row, side[1:], strict=True))
        + "</tr>"
        for first, *row in frame.itertuples(index=False)
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
    return f'<script type="application/json" id="{html.escape(name)}">{script_json(value)}</script>'


@cache
def _file(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
