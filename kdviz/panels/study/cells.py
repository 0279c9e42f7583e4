"""The cells of the map: every outcome of each arm, beside its twin's, with the noise of the difference."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from typing import Any

from ...study.jobs import Outcome
from ...study.outcomes import Kind, difference, spread, value
from ...words import t
from .choices import AXES, value_text
from .plan import Plan

DIGITS = 6  # of a number that travels


class Cells:
    """What the map shows of a study, brought up to date arm by arm.

    Parameters
    ----------
    plan : Plan
    kinds : sequence of Kind
        Those that the data have.
    """

    def __init__(self, plan: Plan, kinds: Iterable[Kind]) -> None:
        self.plan, self.kinds = plan, tuple(kinds)
        self._arms = {arm.name: i for i, arm in enumerate(plan.study.arms)}
        self.of_key = {
            key: tuple(dict.fromkeys(self._arms[arm] for arm, _, _ in places))
            for key, places in plan.study.places.items()
        }
        self._students = {
            key: [self._arms[arm] for arm, _, role in places if role == "student"]
            for key, places in plan.study.places.items()
        }
        self.rows: list[dict[str, Any]] = []
        self.renew()

    def renew(self, keys: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """Look at the arms of some runs again, or at all, and return the rows of all."""
        arms = range(len(self._arms))
        changed = set(arms) if keys is None else {arm for key in keys for arm in self.of_key.get(key, ())}
        runs = self._runs()
        self.rows = [self._row(arm, runs[arm]) if arm in changed or not self.rows else self.rows[arm] for arm in arms]
        return self.rows

    def best(self) -> int | None:
        """Return the arm with the fewest validation errors of those that have all their seeds."""
        arm = self.plan.study.choice("last")
        return None if arm is None else self._arms[arm.name]

    def under_way(self, keys: Iterable[str], errors: Iterable[int]) -> list[list[int]]:
        """Return arm and validation errors so far of the students that are trained now."""
        return [[arm, found] for key, found in zip(keys, errors, strict=True) for arm in self._students.get(key, ())]

    def _runs(self) -> list[dict[str, dict[int, Outcome]]]:
        """Return the outcomes of each arm, by role and seed."""
        found: list[dict[str, dict[int, Outcome]]] = [{"student": {}, "twin": {}} for _ in self._arms]
        for result in self.plan.study.results:
            if result.role in ("student", "twin"):
                found[self._arms[result.arm.name]][result.role][result.seed] = result.outcome
        return found

    def _row(self, arm: int, runs: Mapping[str, Mapping[int, Outcome]]) -> dict[str, Any]:
        x, y = self.plan.place(arm)
        students = runs["student"]
        done = [seed for seed, outcome in students.items() if outcome["state"] == "finished"]
        failed = next((outcome["sentence"] for outcome in students.values() if outcome["state"] == "failed"), "")
        return {
            "x": x,
            "y": y,
            "name": self.plan.name(arm),
            "seeds": len(done),
            "of": len(self.plan.study.seeds),
            "failed": failed,
            "values": {kind.name: found for kind in self.kinds if (found := _numbers(runs, kind)) is not None},
        }


def _numbers(runs: Mapping[str, Mapping[int, Outcome]], kind: Kind) -> dict[str, Any] | None:
    """Return the numbers of one kind of outcome in a cell; None as long as there is none."""
    each = {
        role: [found for outcome in of.values() if (found := value(outcome, kind)) is not None]
        for role, of in runs.items()
    }
    if not each["student"]:
        return None
    mean, sd = spread(each["student"])
    numbers: dict[str, Any] = {"value": mean, "sd": sd, "n": len(each["student"])}
    if kind.of_twin and each["twin"]:
        d = difference(runs["student"], runs["twin"], kind)
        numbers["twin"] = spread(each["twin"])[0]
        if d is not None:
            numbers |= {"difference": d.mean, "low": d.low, "high": d.high}
    return {name: number if name == "n" else _short(number) for name, number in numbers.items()}


def _short(number: float) -> float | None:
    return None if isinstance(number, float) and not math.isfinite(number) else float(f"{number:.{DIGITS}g}")


def kind_rows(kinds: Iterable[Kind]) -> list[dict[str, Any]]:
    """Return what a reader chooses a kind of outcome by."""
    return [
        {
            "name": kind.name,
            "title": t(kind.title, grouping=kind.name.split(":")[1] if kind.name.startswith("gap:") else ""),
            "meaning": t(kind.meaning),
            "unit": kind.unit,
            "better": kind.better,
            "of_twin": kind.of_twin,
        }
        for kind in kinds
    ]


def axis_rows(plan: Plan) -> dict[str, Any]:
    """Return titles and values of both axes for a reader."""
    rows: dict[str, Any] = {}
    for side, (name, values) in zip(("x", "y"), plan.choices.axes.items(), strict=True):
        title = t(AXES[name].title)
        symbol = AXES[name].symbol
        rows[f"{side}_title"] = f"{title} {symbol}".strip()
        rows["columns" if side == "x" else "rows"] = [value_text(name, value) for value in values]
    return rows


def table(plan: Plan, rows: Iterable[Mapping[str, Any]], kinds: Iterable[Kind], best: int | None) -> str:
    """Return the cells as CSV, a line each: axes, seeds, and of each outcome the mean, its sd, the twin's mean and the
    difference with its 95 % interval."""
    fields = ("value", "sd", "twin", "difference", "low", "high")
    names = [kind.name for kind in kinds]
    head = [*plan.choices.axes, "seeds", "best_on_validation"]
    head += [name if field == "value" else f"{name} {field}" for name in names for field in fields]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    values = list(plan.choices.axes.values())
    for arm, row in enumerate(rows):
        place = [values[0][row["x"]], values[1][row["y"]]]
        numbers = [row["values"].get(name, {}).get(field) for name in names for field in fields]
        writer.writerow([*place, row["seeds"], int(arm == best), *("" if n is None else n for n in numbers)])
    return out.getvalue()
