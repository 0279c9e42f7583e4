"""Questions as plain values: what is asked, what can be answered, and what is said to it.

Each has the same four faces, which is all that a lesson, a page or a grader needs:

* ``question.checked(answer)`` takes an answer as a plain value (text, number, list) or raises one sentence;
* ``question.reply(answer)`` is what is said to it, and whether it is right;
* ``question.asked()`` is what a page needs to ask it, and gives nothing away;
* ``question.solution()`` is what a page needs to reply by itself.

A page draws what a text has between backticks as code and between asterisks as emphasis. All else is plain text, with
Unicode for symbols.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from numbers import Real
from typing import Any, ClassVar

from ..words import number, t, tn
from .reply import Reply

LONGEST = 4000  # characters of a free answer
LEAST_WHOLE = 1000  # from here on a number is written whole
SMALLEST_PLAIN = 1e-4  # below it a number is written with a power of ten

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Asked:
    """What a lesson asks of its learner: a question, or a prediction.

    Attributes
    ----------
    kind : str
        What is answered with; also what the page draws.
    text : str
        The question.
    """

    kind: ClassVar[str]
    text: str

    def checked(self, answer: Any) -> Any:
        """Return an answer as a plain value.

        Raises
        ------
        ValueError
            If it cannot be an answer; in one sentence.
        """
        raise NotImplementedError

    def reply(self, answer: Any) -> Reply:
        """Return what is said to an answer, which is checked first."""
        raise NotImplementedError

    def asked(self) -> dict[str, Any]:
        """Return what a page needs to ask it, JSON-able; nothing in it tells the answer."""
        raise NotImplementedError

    def solution(self) -> dict[str, Any]:
        """Return what a page needs to reply without Python, JSON-able."""
        raise NotImplementedError

    @property
    def offered(self) -> list[str]:
        """What can be chosen from or put in order, as it is shown; empty where there is nothing of the kind."""
        return []

    @property
    def known(self) -> bool:
        """Whether there is something to reply already; a prediction may wait for a run."""
        return True


@dataclass(frozen=True)
class Choice(Asked):
    """One of several answers.

    Parameters
    ----------
    text : str
    answers : dict of str to str
        What can be answered, and what is said to each.
    right : str, optional
        Without it no answer is right or wrong.
    ordered : bool
        Whether the answers are shown as they stand here. By default only those that count up are; others are mixed,
        the same for everybody, so that no place gives the right one away.

    Examples
    --------
    >>> ask = Choice("2 + 2?", {"4": "So it is.", "5": "Count again."}, right="4")
    >>> ask.reply("5").text
    'Not this time. Count again.'
    """

    kind: ClassVar[str] = "choice"
    text: str
    answers: Mapping[str, str]
    right: str | None = None
    ordered: bool = False

    def __post_init__(self) -> None:
        if len(self.answers) < 2:
            raise ValueError(f"a choice needs at least two answers, got {len(self.answers)}")
        if self.right is not None:
            _among("right", self.right, self.answers)

    def checked(self, answer: Any) -> str:
        return _among(t("an answer"), answer, self.answers)

    def reply(self, answer: Any) -> Reply:
        chosen = self.checked(answer)
        return Reply(self.answers[chosen], None if self.right is None else chosen == self.right)

    @property
    def offered(self) -> list[str]:
        return list(self.answers) if self.ordered else _mixed(self.text, list(self.answers))

    def asked(self) -> dict[str, Any]:
        return {"choices": self.offered}

    def solution(self) -> dict[str, Any]:
        return {"said": [self.answers[one] for one in self.offered], "right": self.right}


@dataclass(frozen=True)
class Several(Asked):
    """Any number of several answers.

    Parameters
    ----------
    text : str
    answers : dict of str to str
        What can be chosen, and why it belongs or does not: said of each that was judged wrongly.
    right : sequence of str
        All that belong; there may be none.
    ordered : bool
        As in :class:`Choice`.

    Examples
    --------
    >>> ask = Several("Which are even?", {"1": "1 leaves a rest.", "2": "2 = 2 × 1.", "4": "4 = 2 × 2."}, ["2", "4"])
    >>> ask.reply(["1", "2"]).text
    'Not this time. 1 of 3 is judged rightly. “1”: 1 leaves a rest. “4”: 4 = 2 × 2.'
    """

    kind: ClassVar[str] = "several"
    text: str
    answers: Mapping[str, str]
    right: Sequence[str]
    ordered: bool = False

    def __post_init__(self) -> None:
        if len(self.answers) < 2:
            raise ValueError(f"a question with several answers needs at least two, got {len(self.answers)}")
        for one in self.right:
            _among("right", one, self.answers)

    def checked(self, answer: Any) -> list[str]:
        if not isinstance(answer, list | tuple | set | frozenset):
            raise ValueError(t("expected a list of answers, got {value}", value=short(answer)))
        chosen = {_among(t("an answer"), one, self.answers) for one in answer}
        return [one for one in self.answers if one in chosen]

    def reply(self, answer: Any) -> Reply:
        chosen = self.checked(answer)
        wrong = [one for one in self.answers if (one in chosen) != (one in self.right)]
        n = len(self.answers) - len(wrong)
        counted = tn("{n} of {all} is judged rightly.", "{n} of {all} are judged rightly.", n, all=len(self.answers))
        reasons = (t("“{answer}”: {why}", answer=one, why=self.answers[one]) for one in wrong)
        return Reply(" ".join([counted, *reasons]), not wrong)

    @property
    def offered(self) -> list[str]:
        return list(self.answers) if self.ordered else _mixed(self.text, list(self.answers))

    def asked(self) -> dict[str, Any]:
        return {"choices": self.offered}

    def solution(self) -> dict[str, Any]:
        return {"said": [self.answers[one] for one in self.offered], "right": list(self.right)}


@dataclass(frozen=True)
class Number(Asked):
    """A number, right within a tolerance.

    Parameters
    ----------
    text : str
    right : float or None
        None where it comes later, from a run; see :meth:`kdviz.lessons.Lesson.see`.
    tolerance : float
        How far from it an answer may lie and still be right.
    low, high : float, optional
        Between which an answer must lie.
    unit : str
        Written after the number.
    said : str
        Said to every answer.

    Examples
    --------
    >>> Number("How many errors?", 660, tolerance=40, unit=" errors").reply(500).text
    'Not this time. It is 660 errors; you said 500, 160 too low.'
    """

    kind: ClassVar[str] = "number"
    text: str
    right: float | None
    tolerance: float = 0.0
    low: float | None = None
    high: float | None = None
    unit: str = ""
    said: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.tolerance) and self.tolerance >= 0):
            raise ValueError(f"tolerance must be 0 or above, got {self.tolerance}")
        if self.right is not None and not math.isfinite(self.right):
            raise ValueError(f"right must be a finite number, got {self.right}")

    @property
    def known(self) -> bool:
        return self.right is not None

    def checked(self, answer: Any) -> float:
        value = finite(answer)
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            raise between(self.low, self.high, value)
        return value

    def reply(self, answer: Any) -> Reply:
        value = self.checked(answer)
        if self.right is None:
            return Reply("")
        apart = value - self.right
        figures = {"right": plain(self.right), "unit": self.unit, "answer": plain(value), "apart": plain(abs(apart))}
        if abs(apart) <= 1e-12 * max(1.0, abs(self.right)):
            sentence = t("It is {right}{unit}.", **figures)
        elif apart > 0:
            sentence = t("It is {right}{unit}; you said {answer}, {apart} too high.", **figures)
        else:
            sentence = t("It is {right}{unit}; you said {answer}, {apart} too low.", **figures)
        return Reply(f"{sentence} {self.said}".strip(), abs(apart) <= self.tolerance * (1 + 1e-12), abs(apart))

    def asked(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high, "unit": self.unit}

    def solution(self) -> dict[str, Any]:
        return {"right": self.right, "tolerance": self.tolerance, "said": self.said}


@dataclass(frozen=True)
class Order(Asked):
    """Things to put in order.

    Parameters
    ----------
    text : str
    items : sequence of str
        In the right order; shown in another, the same for everybody.
    said : str
        Said to every answer.

    Examples
    --------
    >>> Order("From small to large:", ["1", "2", "3"]).reply(["1", "3", "2"]).text
    'Not this time. 1 of 3 pairs stands the other way round.'
    """

    kind: ClassVar[str] = "order"
    text: str
    items: Sequence[str]
    said: str = ""

    def __post_init__(self) -> None:
        if len(self.items) < 2 or len(set(self.items)) < len(self.items) or isinstance(self.items, str):
            raise ValueError(f"items must be two or more, each once, got {short(list(self.items))}")

    @property
    def offered(self) -> list[str]:
        mixed = sorted(self.items, key=_digest)
        return mixed if mixed != list(self.items) else mixed[1:] + mixed[:1]

    def checked(self, answer: Any) -> list[str]:
        given = list(answer) if isinstance(answer, list | tuple) and all(isinstance(one, str) for one in answer) else []
        if sorted(given) != sorted(self.items):
            raise ValueError(
                t("expected all {n} items in some order, got {value}", n=len(self.items), value=short(answer))
            )
        return given

    def reply(self, answer: Any) -> Reply:
        place = {item: i for i, item in enumerate(self.items)}
        pairs = list(combinations([place[one] for one in self.checked(answer)], 2))
        n = sum(a > b for a, b in pairs)
        wrong = tn(
            "{n} of {all} pairs stands the other way round.",
            "{n} of {all} pairs stand the other way round.",
            n,
            all=len(pairs),
        )
        return Reply(" ".join(filter(None, [wrong if n else "", self.said])), not n, n / len(pairs))

    def asked(self) -> dict[str, Any]:
        return {"items": self.offered}

    def solution(self) -> dict[str, Any]:
        return {"items": list(self.items), "said": self.said}


@dataclass(frozen=True)
class Text(Asked):
    """An answer in the learner's own words. Nobody marks it: a model answer comes after it, to compare.

    Parameters
    ----------
    text : str
    model : str
        A good answer.
    points : sequence of str
        What a good answer mentions, for who marks.

    Examples
    --------
    >>> Text("Why T²?", "The gradient fades like 1/T².").reply("so that both count").text
    'A good answer: The gradient fades like 1/T².'
    """

    kind: ClassVar[str] = "text"
    text: str
    model: str
    points: Sequence[str] = ()

    def checked(self, answer: Any) -> str:
        if not isinstance(answer, str) or not answer.strip():
            raise ValueError(t("expected an answer in words, got {value}", value=short(answer)))
        if len(answer) > LONGEST:
            raise ValueError(
                t("an answer may have {most} characters, got {n}", most=number(LONGEST), n=number(len(answer)))
            )
        return answer.encode("utf-8", "replace").decode().strip()

    def reply(self, answer: Any) -> Reply:
        self.checked(answer)
        return Reply(t("A good answer: {model}", model=self.model))

    def asked(self) -> dict[str, Any]:
        return {"longest": LONGEST}

    def solution(self) -> dict[str, Any]:
        return {"model": self.model, "points": list(self.points)}


def finite(value: Any) -> float:
    """Return a number as a float; raise one sentence for what is none."""
    single = value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value
    try:
        found = math.nan if isinstance(single, bool) or not isinstance(single, Real) else float(single)
    except OverflowError:
        found = math.nan
    if not math.isfinite(found):
        raise ValueError(t("expected a number, got {value}", value=short(value)))
    return found


def between(low: float | None, high: float | None, value: float) -> ValueError:
    """Return what is raised for a number outside its ends."""
    ends = {"low": plain(low), "high": plain(high), "value": number(value, ",.10g")}
    return ValueError(t("expected a number from {low} to {high}, got {value}", **ends))


def plain(value: float | None) -> str:
    """Return a number as a reader wants it: whole ones and those from 1,000 on whole, others with three digits.

    >>> plain(1234.0), plain(1234.56), plain(0.12345), plain(-2.5), plain(1.5e-7), plain(None)
    ('1,234', '1,235', '0.123', '−2.5', '1.5×10⁻⁷', '…')
    """
    if value is None:
        return "…"
    if float(value).is_integer() or abs(value) >= LEAST_WHOLE:
        return number(round(value))
    near = float(f"{value:.3g}")
    if abs(near) >= SMALLEST_PLAIN:
        return number(near, ",.10g")
    digits, exponent = f"{near:.2e}".split("e")
    return f"{number(float(digits), 'g')}×10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def _among(name: str, value: Any, answers: Mapping[str, str]) -> str:
    if not isinstance(value, str) or value not in answers:
        listed = ", ".join(f"“{one}”" for one in answers)
        raise ValueError(t("{name} must be one of {names}, got {value}", name=name, names=listed, value=short(value)))
    return value


def _mixed(text: str, answers: list[str]) -> list[str]:
    """Return answers in an order that depends on the question alone; answers that count up stay as they are.

    >>> _mixed("T?", ["T = 1", "T = 4", "T = 20"])
    ['T = 1', 'T = 4', 'T = 20']
    """
    counts = [[float(n) for n in re.findall(r"\d+(?:\.\d+)?", one.replace(",", ""))] for one in answers]
    if all(counts) and counts == sorted(counts):
        return answers
    return sorted(answers, key=lambda one: _digest(f"{text}{one}"))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def short(value: Any) -> str:
    """Return what was given as it stands in a sentence, a line at most."""
    try:
        text = repr(value)
    except Exception:  # whatever an object may do
        text = type(value).__name__
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}…"
