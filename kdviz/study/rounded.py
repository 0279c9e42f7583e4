"""Tables of docs/results.md, read again: experiments that were run before there were records have no other source.

``python -m kdviz.study.rounded docs/results.md NAME ...`` writes their records, with rounded numbers.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..measure.confidence import student_quantile
from ..measure.several import p_value_of_interval
from .experiment import Experiment, experiment
from .record import Difference, Record, Row, RowRole, Spread, write

TWIN_NAME = "twin, labels alone"
_SPREAD = re.compile(r"([\d,]+)(?: ± ([\d,]+))?")
_SIGNED = re.compile(r"paired difference ([−+]?[\d.,]+)(?: \(95 % interval ([−+]?[\d.,]+) to ([−+]?[\d.,]+)\))?")
_WORDED = re.compile(
    r"([\d.,]+)( fewer| more)?(?: \(95 % CI ([\d.,]+)( fewer| more)? to ([\d.,]+)( fewer| more)?\))?: "
)


def section_of(text: str, name: str) -> str:
    """Return an experiment's section of the document; raise a ValueError if there is none."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    if begin not in text or end not in text:
        raise ValueError(f"the document has no section of {name}; kdviz run {name} --write writes it")
    return text.split(begin)[1].split(end)[0].replace("\u202f", " ")


def rounded(one: Experiment, section: str) -> Record:
    """Return the record that an experiment's section of the document amounts to.

    Parameters
    ----------
    one : Experiment
    section : str
        As :func:`section_of` returns it.

    Returns
    -------
    Record
        With rounded numbers; the p-values are those of the rounded intervals.
    """
    seeds = tuple(map(int, re.findall(r"\d+", re.search(r"· seeds ([\d, ]+) ·", section)[1])))  # type: ignore[index]
    runs, minutes, torch = re.search(r"([\d,]+) runs, ([\d,]+) minutes .*PyTorch (.*)\.", section).groups()  # type: ignore[union-attr]
    rows = list(_rows(section, len(seeds)))
    teacher = next((round(row.errors.mean) for row in rows if row.role == "teacher"), None)
    of_student = [replace(row, teacher=teacher) if row.role == "student" else row for row in rows]
    return Record.of(
        one, of_student, seeds=seeds, examples=10_000, runs=_whole(runs), seconds=60.0 * _whole(minutes), torch=torch,
        precision="rounded",
    )  # fmt: skip


def _rows(section: str, seeds: int) -> Iterator[Row]:
    """Read the first table."""
    table = re.search(r"\|  \| test errors \|.*\n\| ---.*\n((?:\|.*\n)+)", section)
    assert table is not None, "a section has a table"
    for line in table[1].splitlines():
        name, numbers, verdict, *more = (cell.strip() for cell in line[1:-1].split("|"))
        last, best = [*re.findall(r"[^()]+", numbers), ""][:2]
        role: RowRole = (
            "teacher" if name.startswith("teacher, ") else "twin" if name.startswith(TWIN_NAME) else "student"
        )
        difference = difference_in(verdict, seeds)
        weights = re.fullmatch(r"([\d,]+) weights", verdict)
        row = Row(
            name,
            "model" if role == "student" and difference is None else role,
            _spread(last, seeds),
            _spread(best, seeds) if best.strip() else None,
            difference,
            _whole(weights[1]) if weights else None,
        )
        if more and more[0]:
            errors, size = more[0].split(" of ")
            row = replace(row, in_class=_spread(errors, seeds), class_size=_whole(size))
        yield row


def difference_in(cell: str, seeds: int) -> Difference | None:
    """Return the difference that a cell of a table says, in the words of today or of earlier; None for none."""
    if signed := _SIGNED.match(cell):
        mean, low, high = (None if n is None else float(n.replace("−", "-").replace(",", "")) for n in signed.groups())
    elif worded := _WORDED.match(cell):
        n, way, first, first_way, second, second_way = worded.groups()
        mean = _number(n) * (-1 if way == " fewer" else 1)
        low = high = None
        if first is not None:
            ends = [_number(e) * _sign(w, mean) for e, w in ((first, first_way), (second, second_way))]
            low, high = min(ends), max(ends)
    else:
        return None
    assert mean is not None, "a difference has a mean"
    p = None if low is None or high is None else p_value_of_interval(min(max(mean, low), high), low, high, seeds)
    return Difference(TWIN_NAME, mean, low, high, seeds, p)


def _sign(way: str | None, mean: float) -> int:
    return {" fewer": -1, " more": 1}.get(way or "", -1 if mean < 0 else 1)


def _spread(text: str, seeds: int) -> Spread:
    """Return mean ± standard deviation, with Student's interval of the mean over so many seeds."""
    found = _SPREAD.match(text.strip())
    assert found is not None, text
    mean = _number(found[1])
    if found[2] is None:
        return Spread(mean, None, None, None)
    sd = _number(found[2])
    half = student_quantile(0.95, seeds - 1) * sd / math.sqrt(seeds)
    return Spread(mean, sd, mean - half, mean + half)


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _whole(text: str) -> int:
    return int(text.replace(",", ""))


if __name__ == "__main__":
    document, *wanted = sys.argv[1:]
    for name in wanted:
        section = section_of(Path(document).read_text(encoding="utf-8"), name)
        print(write(rounded(experiment(name), section)))
