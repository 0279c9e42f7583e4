"""How the student of the Words page is taught: by an objective, or on text that the teacher wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...distill import HardLabels, JensenShannon, MiniLLM, Objective, OnPolicy, ReverseKL, SoftTargets, Term
from ...words import mark
from ..schemes.on_own_text import EVERY
from ..schemes.text_setting import least_prompt


@dataclass(frozen=True)
class Method:
    """One way of teaching; texts with :func:`kdviz.words.mark`.

    Attributes
    ----------
    title, says, source : str
        What it is called, what it does in a sentence, where it is from.
    term : callable, optional
        Returns the term, of T and the token that ends an answer (None in running text); None for labels alone.
    of_teacher : bool
        Whether the text is learned from that the teacher wrote, in place of the given one.
    cost : float
        How many times as long as a plain step one takes, for the estimate.
    """

    title: str
    says: str
    source: str
    term: Callable[[float, int | None], Term] | None
    of_teacher: bool = False
    cost: float = 1.2

    @property
    def heated(self) -> bool:
        """Whether T matters."""
        return self.term is not None


METHODS = {
    "forward": Method(
        mark("Forward KL, token by token"),
        mark("At each place the student is to give probability wherever the teacher does."),
        "Hinton, Vinyals, Dean (2015), arXiv:1503.02531",
        lambda temperature, end: SoftTargets(temperature),
    ),
    "reverse": Method(
        mark("Reverse KL, token by token"),
        mark("At each place the student is to give probability only where the teacher does."),
        "Gu, Dong, Wei, Huang (2024), arXiv:2306.08543",
        lambda temperature, end: ReverseKL(temperature),
    ),
    "jensen_shannon": Method(
        mark("Jensen–Shannon, token by token"),
        mark("Teacher and student are both compared with their mixture."),
        "Agarwal et al. (2024), arXiv:2306.13649",
        lambda temperature, end: JensenShannon(temperature),
    ),
    "on_policy": Method(
        mark("On-policy: half of it the student’s own text"),
        mark(
            "In half of the steps the student writes the text itself, and the teacher says what could come next there."
        ),
        "Agarwal et al. (2024), arXiv:2306.13649",
        lambda temperature, end: OnPolicy(temperature, own=0.5, prompt=least_prompt(end), end=end, every=EVERY),
        cost=6.0,
    ),
    "minillm": Method(
        mark("MiniLLM: written by both"),
        mark(
            "Student and teacher write together; the student leaves what the teacher finds unlikely, now and later. "
            "The paper begins with a student that has learned the labels; this one has learned nothing yet."
        ),
        "Gu, Dong, Wei, Huang (2024), arXiv:2306.08543",
        lambda temperature, end: MiniLLM(temperature, prompt=least_prompt(end), end=end, every=EVERY),
        cost=7.5,
    ),
    "sequence": Method(
        mark("Sequence level: the teacher’s own text"),
        mark(
            "The teacher writes on from each beginning, and the student learns that text as if it were the given one."
        ),
        "Kim, Rush (2016), arXiv:1606.07947",
        None,
        of_teacher=True,
    ),
}


def objective(name: str, alpha: float, temperature: float, end: int | None = None) -> Objective | Term:
    """Return alpha times what the teacher teaches plus 1 − alpha times the labels.

    >>> objective("forward", 0.5, 2.0)
    0.5 * SoftTargets(temperature=2.0) + 0.5 * HardLabels()
    """
    term = METHODS[name].term
    if term is None:
        return HardLabels()
    return alpha * term(temperature, end) + (1 - alpha) * HardLabels()
