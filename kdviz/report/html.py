"""A report as one HTML file: figures, tables, and examples chosen by their cell of the 2×2."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from .. import words
from ..diagnosis.result import shown
from ..figures.one_file import policy, script_json
from ..models.inference import token_ids
from ..whole_files import write_whole
from ..words import number
from . import bias, definitions
from .pictures import Pictures, Texts

if TYPE_CHECKING:
    from jinja2 import Environment

    from .report import Report

FOLDER = Path(__file__).parent
SHOWN_OF_A_CELL = 36  # examples of a cell in the file
BARS = 10  # classes drawn for an example
ROWS = 20  # classes in the table
GROUPS = 30  # groups in a table


def write(report: Report, path: str | Path, title: str) -> Path:
    """Write the page, replacing a file in one go."""
    return write_whole(path, page(report, title))


def page(report: Report, title: str) -> str:
    """Return the page, which fetches nothing and runs only its own scripts."""
    import plotly.offline
    from markupsafe import Markup

    figures = report.figures()
    library, script = plotly.offline.get_plotlyjs(), _file("report.js")
    template = _templates().get_template("page.html")
    return template.render(
        title=title,
        report=report,
        summary=numbers(report),
        figures=figures,
        names_of={subject: [n for n in figures if n.split("-")[0] == subject] for subject in definitions.SUBJECTS},
        data={"report": data_of(report)} | {f"figure-{n}": json.loads(f.to_json()) for n, f in figures.items()},
        definitions=definitions,
        bias=bias,
        shown_of_a_cell=SHOWN_OF_A_CELL,
        rows=ROWS,
        groups=GROUPS,
        version=version("kdviz"),
        policy=policy(library, script),
        css=Markup(_file("report.css")),
        library=Markup(library),
        script=Markup(script),
    )


@cache
def _templates() -> Environment:
    """The templates, with autoescaping."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    templates = Environment(
        loader=PackageLoader("kdviz.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "number": _number,
        "shown": shown,
        "heading": lambda figure: html.unescape(figure.layout.title.text or ""),
        "script_json": lambda value: Markup(script_json(value)),
    }
    return templates


def _number(value: object) -> str:
    """Return the text of a table cell."""
    if isinstance(value, float):
        return "unknown" if value != value else number(value, ",.4g" if abs(value) < 1000 else ",.0f")
    return number(value) if isinstance(value, int) else str(value)


def rows_of(report: Report) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the numbers of the models, a row for each: its name, and for each model two or three digits and all."""
    frame = report.summary().set_index("model")
    return [(str(name), [(_short(value), _number(value)) for value in frame[name].tolist()]) for name in frame.columns]


def numbers(report: Report) -> str:
    """Return the same as a table of HTML that is narrow enough for a phone."""
    from markupsafe import Markup

    template = _templates().get_template("numbers.html")
    return Markup(template.render(report=report, rows=rows_of(report), definitions=definitions))


def _short(value: object) -> str:
    """Return a number in two or three digits.

    >>> _short(0.9932), _short(0.0028801), _short(-0.0196), _short(1.2936), _short(2395210)
    ('0.993', '0.0029', '−0.020', '1.29', '2,395,210')
    """
    if not isinstance(value, float) or value != value:
        return _number(value)
    return number(value, ".2f" if abs(value) >= 1 else ".3f" if abs(value) >= 0.01 else ".2g")


def data_of(report: Report) -> dict[str, Any]:
    """Return the data of the page's script: classes, the examples it may show, and its texts."""
    x = report.examples.x
    p = {who: torch.softmax(report.logits[who].double(), 1) for who in ("teacher", "student")}
    maps = report.maps
    shown = {cell: _first(members, maps.order if maps is not None else ()) for cell, members in report.cells().items()}
    pictures = None
    if isinstance(x, torch.Tensor) and x.ndim == 4 and x.shape[1] in (1, 3):
        values = {} if maps is None else maps.values
        pictures = Pictures(x, [i for some in shown.values() for i in some], values)
    ids = token_ids(x)
    words_of = None if ids is None else Texts(report, ids).row
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
            if words_of is not None:
                row |= words_of(i)
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
        "words": words.for_script(FOLDER / "report.js"),
        "method": maps.method.replace("_", " ") if maps is not None else "",
    }


def _first(members: Sequence[int], mapped: Sequence[int]) -> list[int]:
    """Return the examples of a cell that are shown: those with maps first, in their order."""
    rank = {i: at for at, i in enumerate(mapped)}
    return sorted(members, key=lambda i: (rank.get(i, len(rank)), i))[:SHOWN_OF_A_CELL]


def _likeliest(teacher: torch.Tensor, student: torch.Tensor, y: int) -> list[int]:
    """Return the classes to draw, in order: all if they are few, else the likeliest of both models and the true one."""
    if len(teacher) <= BARS:
        return list(range(len(teacher)))
    top = torch.maximum(teacher, student).topk(BARS).indices.tolist()
    if y >= 0 and y not in top:
        top[-1] = y
    return sorted(top)


@cache
def _file(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
