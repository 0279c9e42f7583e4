"""The verdict: what a difference between student and twins is worth, in a sentence that calls no noise a gain."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import fmean

from ...measure import PairedErrors, paired
from ...measure.error_words import TWIN, against, in_errors, worth
from ...words import mark, number, t

OVER_SEEDS = {
    "twin": mark(
        "Over {n} seeds the student makes {student} test errors on average, its twin without a teacher {twin}. "
        "{difference}: {worth}."
    ),
    "smoothed": mark(
        "Over {n} seeds the student makes {student} test errors on average, its twin with label smoothing {twin}. "
        "{difference}: {worth}."
    ),
}
IDENTICAL = {  # where all weights are equal there is nothing to test
    "twin": mark("Student and twin without a teacher are one network: all weights are equal, bit for bit."),
    "smoothed": mark("Student and twin with label smoothing are one network: all weights are equal, bit for bit."),
}
CAVEAT = {  # by whether the run can be repeated
    False: mark("These intervals cover test-set noise only, for one seed."),
    True: mark(
        "These intervals cover test-set noise only, for one seed. Repeat with 5 seeds to see how much the seed matters."
    ),
}


def of_one_run(differences: Mapping[str, PairedErrors], same: Collection[str] = ()) -> str:
    """Return the verdict on one run's test errors.

    Parameters
    ----------
    differences : dict of str to PairedErrors
        Student − twin, by the twin's role.
    same : collection of str
        Roles of twins that are the student itself.
    """
    return " ".join(
        t(IDENTICAL[role]) if role in same else against(t(TWIN[role]), difference)
        for role, difference in differences.items()
    )


def caveat(differences: Mapping[str, PairedErrors], same: Collection[str], *, can_repeat: bool) -> str:
    """Return what the intervals of one run do not hold; empty where there is none."""
    return t(CAVEAT[can_repeat]) if set(differences) - set(same) else ""


def of_branch(name: str, parent: str, difference: PairedErrors) -> str:
    """Return the verdict on a branch's test errors beside those of the run that it left, on the same examples."""
    figures = {"difference": in_errors(difference, "test errors"), "worth": worth(difference)}
    return t("{name} − {parent}: {difference}, {worth}.", name=name, parent=parent, **figures)


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
