"""The verdict: what a difference between student and twins is worth, in a sentence that calls no noise a gain."""

from __future__ import annotations

from ..measure import Paired, PairedErrors
from .repeats import Repeats

THAN = {"twin": "its twin without a teacher", "smoothed": "its twin with label smoothing"}


def of_one_run(differences: dict[str, PairedErrors], *, can_repeat: bool) -> str:
    """Return the verdict on one run's test errors; ``differences`` holds student less twin, by the twin's role."""
    if not differences:
        return ""
    told = " ".join(f"{_one(THAN[role], d)}" for role, d in differences.items())
    seeds = "Repeat with other seeds to see how far those move it." if can_repeat else ""
    return f"{told} The intervals hold the noise of these test examples only; this is one seed. {seeds}".strip()


def _one(than: str, d: PairedErrors) -> str:
    counts = f"Test errors, student less {than}: {_signed(d.mean)} (95\u202f% interval {_interval(d.low, d.high)})"
    return f"{counts}, {_word(d.verdict)}."


def of_seeds(repeats: Repeats) -> str:
    """Return the verdict over the seeds so far."""
    told = []
    for role, _ in repeats.group[1:]:
        difference = repeats.difference(role)
        if difference is not None and difference.n > 1:
            told.append(_several(THAN[role], difference, repeats.mean_errors("student"), repeats.mean_errors(role)))
    return " ".join(told)


def _several(than: str, d: Paired, student: float, twin: float) -> str:
    means = f"Over {d.n} seeds the student makes {student:,.0f} test errors on average, {than} {twin:,.0f}"
    interval = f"95\u202f% interval {_interval(d.low, d.high)}"
    return f"{means}: paired difference {_signed(d.mean)} ({interval}), {_word(d.verdict)}."


def _word(verdict: str) -> str:
    return {
        "fewer": "a gain beyond this noise",
        "more": "a loss beyond this noise",
        "within the noise": "within the noise: no gain and no loss is shown",
    }[verdict]


def _interval(low: float, high: float) -> str:
    return f"{_signed(low)} to {_signed(high)}"


def _signed(number: float) -> str:
    rounded = round(number)
    return f"{'−' if rounded < 0 else '+' if rounded > 0 else ''}{abs(rounded):,}"
