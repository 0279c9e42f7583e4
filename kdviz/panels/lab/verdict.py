"""The verdict: what a difference between student and twins is worth, in a sentence that calls no noise a gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from ...measure import PairedErrors, paired
from ...measure.error_words import TWIN, against, in_errors, worth
from ...words import mark, number, t

OVER_SEEDS = {
    "twin": mark(
        "Over {n} seeds the student makes {student} test errors on average, its twin (no teacher) {twin}: "
        "{difference}, {worth}."
    ),
    "smoothed": mark(
        "Over {n} seeds the student makes {student} test errors on average, its twin (label smoothing) {twin}: "
        "{difference}, {worth}."
    ),
}


def of_one_run(differences: Mapping[str, PairedErrors], *, can_repeat: bool) -> str:
    """Return the verdict on one run's test errors; ``differences`` holds student − twin, by the twin's role."""
    if not differences:
        return ""
    sentences = [against(t(TWIN[role]), difference) for role, difference in differences.items()]
    sentences.append(t("The intervals hold the noise of these test examples only; this is one seed."))
    if can_repeat:
        sentences.append(t("Repeat with other seeds to see how far those move it."))
    return " ".join(sentences)


def of_seeds(errors: Sequence[Mapping[str, int]]) -> str:
    """Return the verdict over the seeds so far; ``errors`` holds the test errors of each seed, by role."""
    sentences = []
    for role, text in OVER_SEEDS.items():
        pairs = [(one["student"], one[role]) for one in errors if {"student", role} <= set(one)]
        if len(pairs) < 2:
            continue
        difference = paired([student - twin for student, twin in pairs])
        student, twin = (number(fmean(column), ",.0f") for column in zip(*pairs, strict=True))
        figures = {"difference": in_errors(difference), "worth": worth(difference)}
        sentences.append(t(text, n=len(pairs), student=student, twin=twin, **figures))
    return " ".join(sentences)
