"""How the student of the Words page is taught: an objective each, or the teacher's own text in place of the given one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...distill import HardLabels, JensenShannon, Objective, ReverseKL, SoftTargets, Term
from ...words import mark


@dataclass(frozen=True)
class Method:
    """One way of teaching; texts with :func:`kdviz.words.mark`.

    Attributes
    ----------
    title, says, source : str
        What it is called, what it does in a sentence, where it is from.
    term : callable, optional
        Returns the term, of T; None for the labels alone.
    heated : bool
        Whether T matters.
    text : str
        What is learned from: "given" text, the teacher's "own", or the student's.
    cost : float
        How many times as long as a plain step one takes, for the estimate.
    """

    title: str
    says: str
    source: str
    term: Callable[[float], Term] | None
    heated: bool = True
    text: str = "given"
    cost: float = 1.0


METHODS = {
    "forward": Method(
        mark("Forward KL, token by token"),
        mark("At each place the student is to give probability wherever the teacher does."),
        "Hinton, Vinyals, Dean (2015), arXiv:1503.02531",
        SoftTargets,
    ),
    "reverse": Method(
        mark("Reverse KL, token by token"),
        mark("At each place the student is to give probability only where the teacher does."),
        "Gu, Dong, Wei, Huang (2024), arXiv:2306.08543",
        ReverseKL,
    ),
    "jensen_shannon": Method(
        mark("Jensen–Shannon, token by token"),
        mark("Teacher and student are both compared with their mixture."),
        "Agarwal et al. (2024), arXiv:2306.13649",
        JensenShannon,
    ),
}


def objective(name: str, alpha: float, temperature: float) -> Objective | Term:
    """Return alpha times what the teacher teaches plus 1 − alpha times the labels.

    >>> objective("forward", 0.5, 2.0)
    0.5 * SoftTargets(temperature=2.0) + 0.5 * HardLabels()
    """
    term = METHODS[name].term
    if term is None:
        return HardLabels()
    return alpha * term(temperature) + (1 - alpha) * HardLabels()
