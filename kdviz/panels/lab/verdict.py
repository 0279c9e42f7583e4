"""The verdict: what a difference between student and twins is worth, in a sentence that calls no noise a gain."""

from __future__ import annotations

from ...measure import Paired, PairedErrors
from ...measure.error_words import TWIN, against, in_errors, worth
from .repeats import Repeats


def of_one_run(differences: dict[str, PairedErrors], *, can_repeat: bool) -> str:
    """Return the verdict on one run's test errors; ``differences`` holds student less twin, by the twin's role."""
    if not differences:
        return ""
    told = " ".join(against(TWIN[role], d) for role, d in differences.items())
    seeds = "Repeat with other seeds to see how far those move it." if can_repeat else ""
    return f"{told} The intervals hold the noise of these test examples only; this is one seed. {seeds}".strip()


def of_seeds(repeats: Repeats) -> str:
    """Return the verdict over the seeds so far."""
    told = []
    for role, _ in repeats.group[1:]:
        difference = repeats.difference(role)
        if difference is not None and difference.n > 1:
            told.append(_several(TWIN[role], difference, repeats.mean_errors("student"), repeats.mean_errors(role)))
    return " ".join(told)


def _several(twin: str, d: Paired, student: float, other: float) -> str:
    return (
        f"Over {d.n} seeds the student makes {student:,.0f} test errors on average, its {twin} {other:,.0f}: "
        f"{in_errors(d)}, {worth(d)}."
    )
