"""What the Words page says of its runs. No sentence claims more than the run at hand shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...distill import Evaluation, Runner
from ...measure.sequence_interval import Interval
from ...words import mark, number, t
from ..live import status_text
from ..live.duration import rounded
from .drawings import bits

READY = mark("Ready to train: about {seconds} s on this computer.")
READY_MINUTES = mark("Ready to train: about {minutes} min on this computer.")
LONG = 90  # seconds
LEARNING = mark("Student and twin learn, one step each in turn.")
ON_VALIDATION = mark(
    "After step {step} the student needs {student} bits a token on validation text, its twin without a teacher {twin}, "
    "the teacher {teacher}."
)
ON_TEST = mark(
    "On test text the student needs {student} bits a token, its twin without a teacher {twin}, the teacher {teacher}."
)
VERDICTS = {
    "student": mark(
        "That is {n} bits fewer than the twin (95\u202f% CI {low} to {high}, over rows of text): a clear gain."
    ),
    "twin": mark(
        "That is {n} bits more than the twin (95\u202f% CI {low} to {high}, over rows of text): clearly worse."
    ),
    "chance": mark(
        "Beside the twin that is {n} bits (95\u202f% CI {low} to {high}, over rows of text), which could be chance."
    ),
}
QUESTION = mark("Which will predict new text better: the student, or its twin without a teacher?")
BETS = {"student": mark("the student"), "twin": mark("its twin"), "chance": mark("neither clearly")}
OUTCOMES = {
    "student": mark(
        "On test text the student needs {n} bits a token fewer than its twin (95\u202f% CI {low} to {high}): a "
        "clear gain."
    ),
    "twin": mark(
        "On test text the student needs {n} bits a token more than its twin (95\u202f% CI {low} to {high}): "
        "clearly worse."
    ),
    "chance": mark(
        "On test text the student differs from its twin by {n} bits a token (95\u202f% CI {low} to {high}), which "
        "could be chance."
    ),
}
INTERVAL = mark(
    "The difference is the mean over tokens of how many bits fewer or more the student needs. Its 95\u202f% CI "
    "(confidence interval) says what other test text of the same kind could have made of it; where 0 lies inside, the "
    "difference could be chance. Another seed, that is other first weights and another order of the rows, can move it "
    "further than that."
)
ONE_SEED = mark("One seed only: others would change these numbers.")


def ready(seconds: float) -> str:
    """Return the sentence of a page at rest: how long the run would take.

    >>> ready(31.0), ready(130.0)
    ('Ready to train: about 30 s on this computer.', 'Ready to train: about 2 min on this computer.')
    """
    if seconds >= LONG:
        return t(READY_MINUTES, minutes=number(round(seconds / 60)))
    return t(READY, seconds=number(rounded(seconds), ".0f"))


def status(runner: Runner, seconds: float | None, *, outdated: bool = False) -> str:
    """Return the status line for a runner's state."""
    if runner.state == "idle" and not runner.message and seconds is not None:
        return ready(seconds)
    if runner.state == "running" and not runner.message and not runner.before:
        return t(LEARNING)
    return status_text.status(runner, outdated=outdated)


def standing(found: Mapping[str, Sequence[Evaluation]], teacher: float, split: str) -> str:
    """Return how student, twin and teacher stand on a split; empty before anything was measured."""
    if not all(found.values()):
        return ""
    latest = {role: number(bits(points[-1]), ".2f") for role, points in found.items()}
    figures: dict[str, Any] = {**latest, "teacher": number(teacher, ".2f")}
    if split == "test":
        return t(ON_TEST, **figures)
    return t(ON_VALIDATION, step=number(found["student"][-1].step), **figures)


def verdict(difference: Interval) -> str:
    """Return what a difference in bits a token, student − twin, is worth."""
    return _worth(difference, VERDICTS)


def answer(bet: str, difference: Interval) -> str:
    """Return what became of a bet, one of ``BETS`` or none, and by how much."""
    settled = _settled(difference)
    result = _worth(difference, OUTCOMES)
    if not bet:
        return result
    said = t(BETS[bet])
    if bet == settled:
        return t("You said “{bet}”: right. {result}", bet=said, result=result)
    return t("You said “{bet}”; it is “{settled}”. {result}", bet=said, settled=t(BETS[settled]), result=result)


def _settled(difference: Interval) -> str:
    return "student" if difference.high < 0 else "twin" if difference.low > 0 else "chance"


def _worth(difference: Interval, texts: Mapping[str, str]) -> str:
    name = _settled(difference)
    value, low, high = difference.value, difference.low, difference.high
    ends = (-value, -high, -low) if name == "student" else (value, low, high)
    largest = max(map(abs, ends))
    digits = (
        min(6, 1 - math.floor(math.log10(largest))) if 0 < largest < 0.01 else 3
    )  # never "0.000 bits: a clear gain"
    form = f".{digits}f"
    n, least, most = (number(one + 0.0, form if name != "chance" else f"+{form}") for one in ends)
    return t(texts[name], n=n, low=least, high=most)
