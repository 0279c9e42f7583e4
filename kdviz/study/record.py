"""Records: the results of an experiment as numbers, from which its table in the docs and its page are both drawn.

``kdviz run NAME --write docs/results.md`` writes both; :func:`recorded` reads what comes with kdviz.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from ..distill import schema
from ..measure import holm, p_value, paired
from ..measure.paired import verdict_of
from .experiment import Experiment, experiment, names

VERSION = 1
FOLDER = Path(__file__).parent / "recorded"

RowRole = Literal["teacher", "twin", "student", "model"]
Precision = Literal["full", "rounded"]


@dataclass(frozen=True)
class Spread:
    """Errors over seeds: their mean, standard deviation (None for one seed), and each, in the order of the seeds.

    ``low`` and ``high`` are the ends of the 95 % CI of the mean. A record made from a rounded table has no ``each``.
    """

    mean: float
    sd: float | None
    low: float | None
    high: float | None
    each: tuple[int, ...] = ()

    @classmethod
    def of(cls, errors: Sequence[int]) -> Spread:
        found = paired(list(errors), step=1)
        sd = statistics.stdev(errors) if len(errors) > 1 else None
        return cls(statistics.fmean(errors), sd, _or_none(found.low), _or_none(found.high), tuple(errors))

    def __str__(self) -> str:
        return f"{self.mean:,.0f}" if self.sd is None else f"{self.mean:,.0f} ± {self.sd:,.0f}"


@dataclass(frozen=True)
class Difference:
    """A row's errors − another's over the seeds that both have, with the ends of the 95 % CI.

    Attributes
    ----------
    other : str
        What it is compared with: the name of a row, or a description.
    mean, low, high : float
        ``low`` and ``high`` are None for one seed.
    n : int
        How many seeds.
    p, holm : float or None
        Two-sided p of the difference, and the same corrected by Holm for all comparisons of the record.
    """

    other: str
    mean: float
    low: float | None
    high: float | None
    n: int
    p: float | None = None
    holm: float | None = None
    confidence: float = 0.95

    @classmethod
    def of(cls, other: str, differences: Sequence[float]) -> Difference:
        found = paired(list(differences), step=1)
        p = None if found.n < 2 else p_value(list(differences), step=1)
        return cls(other, found.mean, _or_none(found.low), _or_none(found.high), found.n, p)

    @property
    def verdict(self) -> str:
        if self.low is None or self.high is None:
            return "one run"
        return verdict_of(self.low, self.high)


@dataclass(frozen=True)
class Row:
    """One way of learning, with its test errors.

    Attributes
    ----------
    name : str
    role : {"teacher", "twin", "student", "model"}
        A model is neither: an assistant, an ensemble.
    errors : Spread
        After the last step.
    best : Spread or None
        At the best epoch on validation data.
    difference : Difference or None
    weights : int or None
    teacher : int or None
        Test errors of the row's own teacher.
    in_class : Spread or None
        Errors on the experiment's watched class, of ``class_size`` examples.
    """

    name: str
    role: RowRole
    errors: Spread
    best: Spread | None = None
    difference: Difference | None = None
    weights: int | None = None
    teacher: int | None = None
    in_class: Spread | None = None
    class_size: int = 0


@dataclass(frozen=True)
class Record:
    """What came of an experiment.

    Attributes
    ----------
    name, question, differs, command : str
        As the experiment has them.
    rows : tuple of Row
    seeds : tuple of int
    examples : int
        Test examples that the errors are counted on.
    runs : int
    seconds : float
        Of computing, all runs together.
    torch : str
        Version.
    precision : {"full", "rounded"}
        Rounded numbers were read from an earlier table.
    """

    name: str
    question: str
    differs: str
    command: str
    rows: tuple[Row, ...]
    seeds: tuple[int, ...]
    examples: int
    runs: int
    seconds: float
    torch: str
    precision: Precision = "full"

    @classmethod
    def of(cls, experiment: Experiment, rows: Sequence[Row], **measured: Any) -> Record:
        """Return the record of an experiment's rows, its comparisons corrected for their number."""
        said = {name: getattr(experiment, name) for name in ("name", "question", "differs")}
        return cls(**said, command=f"kdviz run {experiment.name}", rows=corrected(rows), **measured)

    def row(self, name: str) -> Row:
        """Return a row by name; raise a ValueError that lists them."""
        for one in self.rows:
            if one.name == name:
                return one
        raise ValueError(f"the record of {self.name} has rows {', '.join(r.name for r in self.rows)}, got {name!r}")

    def kept(self, row: Row) -> float | None:
        """Return the share of its teacher's accuracy that a row keeps, a twin of the only teacher's; else None."""
        teachers = [one.errors.mean for one in self.rows if one.role == "teacher"]
        teacher = row.teacher if row.teacher is not None else teachers[0] if len(teachers) == 1 else None
        if teacher is None or row.role == "teacher":
            return None
        return (self.examples - row.errors.mean) / (self.examples - teacher)

    @property
    def compared(self) -> tuple[Row, ...]:
        """The rows that are compared with another over several seeds."""
        return tuple(row for row in self.rows if row.difference is not None and row.difference.p is not None)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON, each difference with its verdict."""
        plain = asdict(self)
        for row, written in zip(self.rows, plain["rows"], strict=True):
            if row.difference is not None:
                written["difference"]["verdict"] = row.difference.verdict
        written_rows = [{k: v for k, v in row.items() if v not in (None, 0)} for row in plain["rows"]]
        return {"version": VERSION, **plain, "rows": written_rows}

    def to_json(self) -> str:
        return json.dumps(_rounded(self.to_dict()), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Record:
        """Return the record that ``to_dict`` wrote.

        Raises
        ------
        ValueError
            In one sentence, if it is none.
        """
        if not isinstance(saved, dict) or saved.get("version") != VERSION:
            raise ValueError(f"expected a record of version {VERSION}, got {schema.shown(saved)}")
        try:
            values = {name: value for name, value in saved.items() if name != "version"}
            rows = tuple(map(_row, values.pop("rows")))
            return cls(**{**values, "seeds": tuple(values["seeds"])}, rows=rows)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"expected a whole record, got one with a mistake: {error}") from None


def corrected(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return rows whose p-values are also corrected for how many there are."""
    compared = [row for row in rows if row.difference is not None and row.difference.p is not None]
    adjusted = dict(zip(map(id, compared), holm([r.difference.p for r in compared if r.difference]), strict=True))  # type: ignore[misc]
    return tuple(
        replace(row, difference=replace(row.difference, holm=adjusted[id(row)]))
        if row.difference is not None and id(row) in adjusted
        else row
        for row in rows
    )


def recorded(name: str) -> Record:
    """Return the record of a shipped experiment.

    Raises
    ------
    ValueError
        If there is no experiment of that name, or none was recorded.

    Examples
    --------
    >>> found = recorded("hinton-2015")
    >>> str(found.row("2×800 distilled at T = 20").errors), found.row("twin, labels alone").role
    ('95 ± 4', 'twin')
    """
    experiment(name)
    file = resources.files("kdviz.study") / "recorded" / f"{name}.json"
    if not file.is_file():
        raise ValueError(f"{name} was not recorded yet; kdviz run {name} --write docs/results.md does it")
    return Record.from_dict(schema.parse(file.read_bytes(), "a record"))


def recorded_names() -> tuple[str, ...]:
    """Return the names of the experiments that have a record."""
    folder = resources.files("kdviz.study") / "recorded"
    return tuple(name for name in names() if (folder / f"{name}.json").is_file())


def write(record: Record, folder: Path = FOLDER) -> Path:
    """Write a record into a folder as NAME.json, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record.name}.json"
    path.write_text(record.to_json(), encoding="utf-8")
    return path


def _row(saved: Mapping[str, Any]) -> Row:
    values = dict(saved)
    for name in ("errors", "best", "in_class"):
        if values.get(name) is not None:
            values[name] = Spread(**{**values[name], "each": tuple(values[name].get("each", ()))})
    if values.get("difference") is not None:
        values["difference"] = Difference(**{k: v for k, v in values["difference"].items() if k != "verdict"})
    return Row(**values)


def _rounded(value: Any) -> Any:
    """Return plain JSON with floats to nine figures, which no two machines differ in."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value


def _or_none(number: float) -> float | None:
    return None if math.isnan(number) else number
