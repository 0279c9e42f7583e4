"""What the Compress page says of its points. No sentence claims more than the run at hand shows."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from ... import models
from ...measure.error_words import in_errors
from ...words import mark, number, t
from .choices import CompressChoices, name_of
from .code import program
from .trial import PARTS, ground

SETTINGS = (
    "name",
    "teacher",
    "student",
    "units",
    "rank",
    "weights",
    "integers",
    "bits",
    "teaching",
    "steps",
    "planned",
)
COUNTS = ("errors", "examples", "teacher_errors", "twin_errors", "low", "high")  # of each part of the data
SIZES = ("bytes", "gzipped", "ms", "ratio", "ratio_low", "ratio_high")
WORTH = {
    "fewer": mark("a clear gain"),
    "more": mark("clearly worse"),
    "within the noise": mark("could be chance"),
}


class Beside:
    """A difference in errors with its interval, as :func:`kdviz.measure.error_words.in_errors` takes it."""

    confidence = 0.95

    def __init__(self, point: dict[str, Any]) -> None:
        self.mean = float(point["errors"] - point["twin_errors"])
        self.low, self.high, self.verdict = point["low"], point["high"], str(point["verdict"])


def choices_of(point: dict[str, Any]) -> CompressChoices:
    return CompressChoices(**point["settings"])


def way_of(choices: CompressChoices) -> str:
    """Return the form of a point's mark."""
    return choices.ways[0] if len(choices.ways) == 1 else "several" if choices.ways else "none"


def on(part: str, point: dict[str, Any]) -> dict[str, Any]:
    """Return a point with the errors of one part of the data, as its own."""
    return {name: value for name, value in point.items() if name not in PARTS} | point[part]


def shown(point: dict[str, Any], part: str = "validation") -> dict[str, Any]:
    """Return what the chart and the table show of a point, in the reader's language."""
    point, test = on(part, point), part == "test"
    choices = choices_of(point)
    beside = ""
    if "twin_errors" in point:
        found = Beside(point)
        beside = t("{difference}: {worth}", difference=in_errors(found), worth=t(WORTH[found.verdict]))
    elif not choices.trains:
        beside = t("none: nothing was learned")
    names = ("id", "errors", "examples", "bytes", "gzipped", "ms", "ratio", "ratio_low", "ratio_high")
    twin: dict[str, Any] = {name: point[name] for name in ("twin_errors", "low", "high") if name in point}
    return {
        **{name: point[name] for name in names},
        **twin,
        "name": name_of(choices),
        "way": way_of(choices),
        "taught": choices.trains,
        "note": note_of(point),
        "beside_twin": beside,
        "code": program(choices, test=test),
        "twin_code": program(choices, twin=True, test=test) if choices.trains else "",
    }


def note_of(point: dict[str, Any]) -> str:
    """Return what else is to be known of a point, below its name."""
    choices, steps = choices_of(point), number(point["steps"])
    if point["steps"] < point["planned"]:
        return t("stopped after {done} of {planned} steps", done=steps, planned=number(point["planned"]))
    if not point["planned"]:
        return t("not taught afterwards")
    if choices.student:
        return t("taught for {n} steps", n=steps)
    return t("taught afterwards for {n} steps", n=steps)


def teacher_row(name: str, part: str = "validation") -> dict[str, Any]:
    """Return what the chart and the table show of the teacher."""
    base = ground(name)
    wrong = base.wrong(part)
    errors, examples = int(wrong.sum()), len(wrong)
    size = {"bytes": base.size.bytes, "gzipped": base.size.gzipped}
    return {"name": t(models.card(name).title), "errors": errors, "examples": examples, **size}


def sentences(made: Sequence[dict[str, Any]], teacher: str, part: str = "validation") -> list[str]:
    """Return what the points show."""
    if not made:
        return []
    base, points = ground(teacher), [on(part, point) for point in made]
    told = [_smallest(points, base.size.gzipped)]
    twins = [point for point in points if "twin_errors" in point]
    if twins:
        fewer = sum(point["verdict"] == "fewer" for point in twins)
        more = sum(point["verdict"] == "more" for point in twins)
        told.append(
            t(
                "Of {n} points that learned, {fewer} have clearly fewer errors than their twin without a teacher, "
                "{more} clearly more; one run each, with the 95\u202f% interval of these examples.",
                n=number(len(twins)),
                fewer=number(fewer),
                more=number(more),
            )
        )
    slower = [point for point in points if point["gzipped"] < base.size.gzipped and point["ratio_low"] > 1]
    if slower:
        told.append(t("Fewer bytes, and yet slower than the teacher here: {names}.", names=_numbers(slower, points)))
    late = [point for point in points if point["opened"]]
    if late:
        told.append(
            t(
                "Made when the test set was open already, so that its errors may have guided the choice: {names}.",
                names=_numbers(late, points),
            )
        )
    return told


def _smallest(points: Sequence[dict[str, Any]], whole: int) -> str:
    right = [point["examples"] - point["teacher_errors"] for point in points]
    kept = [(p["examples"] - p["errors"]) / r for p, r in zip(points, right, strict=True)]
    good = [i for i, share in enumerate(kept) if share >= 0.99]
    if not good:
        return t("No point keeps 99\u202f% of the teacher’s accuracy.")
    best = min(good, key=lambda i: points[i]["gzipped"])
    return t(
        "Of the points that keep 99\u202f% of the teacher’s accuracy or more, point {n} has the fewest bytes after "
        "gzip: the teacher has {times} times as many. It keeps {kept}.",
        n=number(best + 1),
        times=number(whole / points[best]["gzipped"], ".0f"),
        kept=number(kept[best], ".1%"),
    )


def _numbers(some: Sequence[dict[str, Any]], points: Sequence[dict[str, Any]]) -> str:
    return ", ".join(number(i + 1) for i, point in enumerate(points) if point in some)


def table(points: Sequence[dict[str, Any]], *, test: bool = False) -> str:
    """Return the points as CSV; empty for none. Test errors are in it where the test set has been opened."""
    if not points:
        return ""
    parts = PARTS if test else PARTS[:1]
    counts = [f"{part}_{name}" for part in parts for name in COUNTS]
    into = io.StringIO()
    columns = (*SETTINGS, *counts, *SIZES)
    writer = csv.DictWriter(into, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for point in points:
        counted = {f"{part}_{name}": value for part in parts for name, value in point[part].items()}
        writer.writerow({**point["settings"], **point, **counted, "name": name_of(choices_of(point))})
    return into.getvalue()
