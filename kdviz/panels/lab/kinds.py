"""What the Setup says of each kind of student: what it is, and what a run of the usual size came to.

``kinds.json`` is written by ``python benchmarks/kinds.py --write``: real runs, with their seconds and their errors.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from ...measure import PairedErrors
from ...models.kinds import KINDS
from ...words import mark, number, t
from .choices import student_kinds, usual_of

FILE = Path(__file__).with_name("kinds.json")
MEASURED = {  # by what the difference of student and twin shows
    "fewer": mark(
        "Recorded with {labels} labels, {epochs} epochs and seed {seed}: {student} of {n} test examples wrong, {twin} "
        "by its twin without a teacher, a clear gain."
    ),
    "more": mark(
        "Recorded with {labels} labels, {epochs} epochs and seed {seed}: {student} of {n} test examples wrong, {twin} "
        "by its twin without a teacher, clearly worse. Here the teacher does not help."
    ),
    "same": mark(
        "Recorded with {labels} labels, {epochs} epochs and seed {seed}: {student} of {n} test examples wrong, {twin} "
        "by its twin without a teacher, which could be chance. Here the teacher shows no clear help."
    ),
}


@cache
def recorded() -> tuple[dict[str, Any], ...]:
    """Return the runs that were recorded, one for each data set and kind."""
    return tuple(json.loads(FILE.read_text(encoding="utf-8"))["runs"]) if FILE.is_file() else ()


def measured(kind: str, data: str) -> str:
    """Return what a run of the usual size came to, in a sentence; empty where none was recorded with these settings."""
    usual = usual_of(kind, data).items()
    for run in recorded():
        if (run["kind"], run["data"]) == (kind, data) and usual <= run["choices"].items():
            names, figures = ("labels", "epochs", "seed", "student", "twin", "n"), {**run["choices"], **run}
            shows = PairedErrors(**run["difference"]).verdict
            text = MEASURED[shows if shows in MEASURED else "same"]
            return t(text, **{name: number(figures[name]) for name in names})
    return ""


def kind_rows(data: str) -> list[dict[str, str]]:
    """Return what the Setup widget says of each kind of student that suits a data set."""
    texts = ("title", "says", "width", "depth")
    return [
        {"name": name, **{text: t(getattr(KINDS[name], text)) for text in texts}, "measured": measured(name, data)}
        for name in student_kinds(data)
    ]
