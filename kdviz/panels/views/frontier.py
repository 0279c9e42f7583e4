"""What a fairness penalty buys and costs, recorded: accuracy and gap over the penalty's weight.

``frontier.json`` is written by ``python benchmarks/fairness.py --record``; nothing else holds these numbers.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from ...distill.variants import PENALTIES
from ...words import number, t

FILE = Path(__file__).with_name("frontier.json")


@cache
def recorded() -> dict[str, Any]:
    """Return the record: of which data, group and teacher, with how many seeds and steps, a row for each weight."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


def frontier(data: str) -> dict[str, Any]:
    """Return the recorded frontier for the Bias widget; empty for other data than the recorded.

    >>> frontier("mnist")
    {}
    """
    record = recorded()
    if data != record["data"]:
        return {}
    rows = [{**row, "title": t(PENALTIES[row["penalty"]].words)} for row in record["rows"]]
    return {"grouping": record["group"], "rows": rows, "teacher": record["teacher"], "says": _says(record)}


def _says(record: dict[str, Any]) -> str:
    """Say what was recorded, and what the largest weight bought and cost."""
    rows = [row for row in record["rows"] if row["penalty"] == "demographic_parity"]
    first, last = min(rows, key=lambda row: row["weight"]), max(rows, key=lambda row: row["weight"])
    return t(
        "Recorded on the test set, mean of {seeds} seeds, students of {units} units. Demographic parity at weight "
        "{weight} takes the selection gap from {before} to {after}, and accuracy from {right} to {still}; the odds gap "
        "goes from {odds} to {odds_after}.",
        seeds=number(record["seeds"]),
        units=number(record["units"]),
        weight=number(last["weight"]),
        before=number(first["parity"], ".3f"),
        after=number(last["parity"], ".3f"),
        right=number(first["accuracy"], ".1%"),
        still=number(last["accuracy"], ".1%"),
        odds=number(first["odds"], ".3f"),
        odds_after=number(last["odds"], ".3f"),
    )
