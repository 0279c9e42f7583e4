"""What the Words page says of its runs. No sentence claims more than the run at hand shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...distill import Evaluation, Runner
from ...measure.paired import PairedErrors, verdict_of
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
SETTLED = {"fewer": "student", "more": "twin"}  # who needs fewer bits, or errs less; else it could be chance
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
SAME = mark("Student and twin give each token the same probability: they have learned the same.")
RIGHT_ON_VALIDATION = mark(
    "After step {step} the student answers {student} of the validation tasks right (95\u202f% CI {student_low} to "
    "{student_high}), its twin without a teacher {twin} ({twin_low} to {twin_high}), the teacher {teacher}."
)
RIGHT_ON_TEST = mark(
    "The student answers {student} of {n} test tasks right (95\u202f% CI {student_low} to {student_high}), its twin "
    "without a teacher {twin} ({twin_low} to {twin_high}), the teacher {teacher}."
)
RIGHT_VERDICTS = {
    "student": mark("That is {n} tasks more than the twin (95\u202f% CI {low} to {high}): a clear gain."),
    "twin": mark("That is {n} tasks fewer than the twin (95\u202f% CI {low} to {high}): clearly worse."),
    "chance": mark("Beside the twin that is {n} tasks (95\u202f% CI {low} to {high}), which could be chance."),
}
SURE = 0.02  # bits a token
OF_A_SURE_TEACHER = mark(
    "The teacher is sure of nearly every token ({bits} bits a token): its soft targets say little that labels do not."
)
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
RIGHT_QUESTION = mark("Which will answer more new tasks right: the student, or its twin without a teacher?")
RIGHT_OUTCOMES = {
    "student": mark(
        "Of {tasks} test tasks the student answers {n} more right than its twin (95\u202f% CI {low} to {high}): a "
        "clear gain."
    ),
    "twin": mark(
        "Of {tasks} test tasks the student answers {n} fewer right than its twin (95\u202f% CI {low} to {high}): "
        "clearly worse."
    ),
    "chance": mark(
        "In right answers to {tasks} test tasks the student differs from its twin by {n} (95\u202f% CI {low} to "
        "{high}), which could be chance."
    ),
}
RIGHT_INTERVAL = mark(
    "The difference is how many test tasks more or fewer the student answers right. Its 95\u202f% CI (confidence "
    "interval) says what other test tasks of the same kind could have made of it; where 0 lies inside, the difference "
    "could be chance. Another seed, that is other first weights and another order of the rows, can move it further "
    "than that."
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
    last = {**{role: bits(points[-1]) for role, points in found.items()}, "teacher": teacher}
    form = ".2f" if min(last[role] for role in found) >= 1 else ".3f"  # little is told apart by its last places
    figures: dict[str, Any] = {role: number(figure, form) for role, figure in last.items()}
    if split == "test":
        return t(ON_TEST, **figures)
    return t(ON_VALIDATION, step=number(found["student"][-1].step), **figures)


def verdict(difference: Interval) -> str:
    """Return what a difference in bits a token, student − twin, is worth."""
    return _worth(difference, VERDICTS)


def answer(bet: str, difference: Interval | PairedErrors) -> str:
    """Return what became of a bet, one of ``BETS`` or none, by bits a token or by tasks answered wrongly."""
    settled = _settled(difference)
    if isinstance(difference, Interval):
        result = _worth(difference, OUTCOMES)
    else:
        result = _worth_in_tasks(difference, RIGHT_OUTCOMES)
    if not bet:
        return result
    said = t(BETS[bet])
    if bet == settled:
        return t("You said “{bet}”: right. {result}", bet=said, result=result)
    return t("You said “{bet}”; it is “{settled}”. {result}", bet=said, settled=t(BETS[settled]), result=result)


def _settled(difference: Interval | PairedErrors) -> str:
    return SETTLED.get(verdict_of(difference.low, difference.high), "chance")


def _worth(difference: Interval, texts: Mapping[str, str]) -> str:
    name = _settled(difference)
    value, low, high = difference.value, difference.low, difference.high
    if value == low == high == 0:  # the labels alone count, or the teacher has written just the given text
        return t(SAME)
    ends = (-value, -high, -low) if name == "student" else (value, low, high)
    shown = max(abs(low), abs(high)) / 2 if name == "chance" else min(abs(low), abs(high))
    form = f".{_places(shown)}f"
    n, least, most = (number(one + 0.0, form if name != "chance" else f"+{form}") for one in ends)
    return t(texts[name], n=n, low=least, high=most)


def _places(least: float) -> int:
    """Return how many places show that a number is not 0; three at least.

    >>> _places(0.02), _places(0.00004)
    (3, 5)
    """
    return 3 if least >= 5e-4 or math.isnan(least) else min(9, -math.floor(math.log10(max(least, 1e-9))))


def answering(shares: Mapping[str, Interval], teacher: float, *, step: int | None = None) -> str:
    """Return how many tasks student and twin answer right: of the validation tasks after a step, or of the test."""
    figures: dict[str, Any] = {"teacher": number(teacher, ".1%"), "n": number(shares["student"].n)}
    for role, one in shares.items():
        ends = {"": one.value, "_low": one.low, "_high": one.high}
        figures |= {role + end: number(value, ".1%") for end, value in ends.items()}
    if step is None:
        return t(RIGHT_ON_TEST, **figures)
    return t(RIGHT_ON_VALIDATION, step=number(step), **figures)


def right_verdict(difference: PairedErrors, bits_of_teacher: float) -> str:
    """Return what a difference in tasks answered wrongly, student − twin, is worth, and why it may be none."""
    worth = _worth_in_tasks(difference, RIGHT_VERDICTS)
    if _settled(difference) != "chance" or bits_of_teacher > SURE:
        return worth
    return f"{worth} {t(OF_A_SURE_TEACHER, bits=number(bits_of_teacher, '.3f'))}"


def _worth_in_tasks(difference: PairedErrors, texts: Mapping[str, str]) -> str:
    name, d = _settled(difference), difference
    more = 0 - d.mean, 0 - d.high, 0 - d.low  # tasks answered right, student − twin
    ends = (d.mean, d.low, d.high) if name == "twin" else more
    n, low, high = (number(one, "+.0f" if name == "chance" else ".0f") for one in ends)
    return t(texts[name], n=n, low=low, high=high, tasks=number(d.n))
