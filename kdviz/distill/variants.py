"""Terms of which a page offers one to choose: forms of the soft loss, and penalties for unequal treatment.

Each is declared once, here; the Lab, its setup, links, sliders and what is measured of a soft loss read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..words import mark
from .terms import (
    DemographicParity,
    EqualizedOdds,
    Fairness,
    FirstChoice,
    ReverseKL,
    SoftTargets,
    SoftTargetsWithoutT2,
    Term,
)


@dataclass(frozen=True)
class SoftLoss:
    """A form of the soft loss and what a reader chooses it by."""

    term: type[SoftTargets]
    title: str


@dataclass(frozen=True)
class Penalty:
    """A penalty, what a reader chooses it by, its name in a sentence, and whether it counts labels."""

    term: type[Fairness]
    title: str
    words: str
    needs_labels: bool


SOFT_LOSSES = {
    "soft_targets": SoftLoss(SoftTargets, mark("T² · KL(teacher ‖ student)")),
    "without_t2": SoftLoss(SoftTargetsWithoutT2, mark("KL(teacher ‖ student): without T²")),
    "reverse_kl": SoftLoss(ReverseKL, mark("T² · KL(student ‖ teacher): reverse KL")),
    "first_choice": SoftLoss(FirstChoice, mark("CE(student, first choice): the teacher’s answer as a label")),
}
PENALTIES = {
    "demographic_parity": Penalty(
        DemographicParity,
        mark("Demographic parity: chosen equally often"),
        mark("demographic parity"),
        needs_labels=False,
    ),
    "equalized_odds": Penalty(
        EqualizedOdds,
        mark("Equalized odds: right and wrong equally often"),
        mark("equalized odds"),
        needs_labels=True,
    ),
}


def variant_name(term: Term, among: Mapping[str, SoftLoss] | Mapping[str, Penalty]) -> str | None:
    """Return by which name a term stands among those offered, or None.

    >>> variant_name(ReverseKL(), SOFT_LOSSES)
    'reverse_kl'
    """
    return next((name for name, one in among.items() if one.term is type(term)), None)
