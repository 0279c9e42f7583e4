"""Does it pay? What training takes, against what a cheaper answer saves, from the first day to the last.

Seconds are measured; watts, answers a day, days, price and grid are assumptions, each of them named. On one machine the
watts, the price and the grid say what it is worth, and not when it pays: that is decided by seconds and answers alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal

from ..words import mark, number, t

Verdict = Literal["pays", "too late", "never"]
Instead = Literal["teacher", "twin"]
JOULES = 3.6e6  # in a kWh
SENTENCES = {
    "pays": mark("It pays from day {day} on: {spent} are spent before the first answer, and {saved} saved each day."),
    "too late": mark(
        "It does not pay: {spent} are spent before the first answer and {saved} saved each day, so it would take "
        "{day} days, and the model is used for {days}."
    ),
    "never": mark(
        "It never pays: {spent} are spent before the first answer, and an answer of the student takes no less than one "
        "of what it replaces."
    ),
}


@dataclass(frozen=True)
class Work:
    """Measured seconds of computing.

    Attributes
    ----------
    teacher : float
        Training the teacher.
    asking : float
        Asking the teacher about the transfer set, once: its answers are kept for all students.
    student : float
        Training one student, without asking.
    teacher_answer, student_answer : float
        For one example.
    """

    teacher: float
    asking: float
    student: float
    teacher_answer: float
    student_answer: float

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if not 0 <= value < math.inf:
                raise ValueError(f"{one.name} must be seconds, a finite number >= 0, got {value!r}")


@dataclass(frozen=True)
class Use:
    """What is assumed of the machine and of the use.

    Attributes
    ----------
    watts : float
        What the machine draws while it computes.
    answers : float
        A day, of each student.
    days : float
        That a student is used before it is replaced.
    students : int
        That share the teacher and its answers.
    trained_for_it : bool
        Whether the teacher is trained for this alone; False where it is there anyway.
    instead : {"teacher", "twin"}
        What would answer otherwise: the teacher, or the same student without a teacher.
    price : float
        Of a kWh.
    grid : float
        Grams of CO₂ equivalents for a kWh.
    """

    watts: float
    answers: float
    days: float
    students: int = 1
    trained_for_it: bool = True
    instead: Instead = "teacher"
    price: float = 0.0
    grid: float = 0.0

    def __post_init__(self) -> None:
        for name in ("watts", "answers", "days", "price", "grid"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} must be a finite number >= 0, got {value!r}")
        if isinstance(self.students, bool) or self.students != int(self.students) or self.students < 1:
            raise ValueError(f"students must be a whole number from 1 on, got {self.students!r}")
        if self.instead not in ("teacher", "twin"):
            raise ValueError(f"instead must be teacher or twin, got {self.instead!r}")


@dataclass(frozen=True)
class Pays:
    """What came of it, in kWh for all students together.

    Attributes
    ----------
    spent : float
        Before the first answer, beyond what the other way spends by then.
    saved : float
        Each day; below 0 where the student's answers take more.
    day : float
        From which on it has paid; ∞ where it never does.
    left : float
        Saved − spent at the end; below 0: lost.
    verdict : {"pays", "too late", "never"}
    """

    spent: float
    saved: float
    day: float
    left: float
    verdict: Verdict
    use: Use

    @property
    def money(self) -> float:
        """What is left, at the price of a kWh."""
        return self.left * self.use.price

    @property
    def grams(self) -> float:
        """What is left, in grams of CO₂ equivalents."""
        return self.left * self.use.grid

    def sentence(self) -> str:
        """Return it in words."""
        shown = {"day": figures(self.day), "days": figures(self.use.days)}
        return t(SENTENCES[self.verdict], spent=energy(self.spent), saved=energy(self.saved), **shown)


def pays(work: Work, use: Use) -> Pays:
    """Return whether distilling pays in energy, and from which day on.

    Parameters
    ----------
    work : Work
        What was measured.
    use : Use
        What is assumed.

    Notes
    -----
    With k students, n answers of each a day, W watts and seconds T (training the teacher), A (asking it), S (training a
    student), t and s (an answer of teacher and student)::

        spent = W (T + A + k S),   saved = W k n (t − s) a day,   day = spent / saved

    T is 0 where the teacher is there anyway. Beside the twin, which is trained too and answers as fast as the student,
    spent = W (T + A) and saved = 0: in energy that never pays; what it buys is accuracy.

    Examples
    --------
    >>> found = pays(Work(3600, 60, 540, 0.010, 0.001), Use(watts=100, answers=10_000, days=365))
    >>> round(found.day, 1), found.verdict, round(found.spent, 3)
    (46.7, 'pays', 0.117)
    >>> pays(Work(3600, 60, 540, 0.001, 0.002), Use(watts=100, answers=10_000, days=365)).verdict
    'never'
    """
    k = use.students
    begun = (work.teacher if use.trained_for_it else 0.0) + work.asking
    if use.instead == "twin":
        seconds, each = begun, 0.0
    else:
        seconds, each = begun + k * work.student, k * use.answers * (work.teacher_answer - work.student_answer)
    spent, saved = use.watts * seconds / JOULES, use.watts * each / JOULES
    day = seconds / each if each > 0 else (0.0 if seconds == 0 == each else math.inf)
    verdict: Verdict = "never" if math.isinf(day) else "pays" if day <= use.days else "too late"
    return Pays(spent, saved, day, saved * use.days - spent, verdict, use)


def figures(value: float) -> str:
    """Return a number in two figures, whole ones from 10 on.

    >>> figures(0.0123), figures(4.6), figures(46.66), figures(12345)
    ('0.012', '4.6', '47', '12,345')
    """
    if not math.isfinite(value):
        return "∞"
    return number(value, ",.0f") if abs(value) >= 9.95 or value == 0 else number(float(f"{value:.2g}"), "g")


def energy(kwh: float) -> str:
    """Return an energy in kWh, Wh or mWh.

    >>> energy(1.5), energy(0.0467), energy(-0.000002)
    ('1.5 kWh', '47 Wh', '−2 mWh')
    """
    size = abs(kwh)
    factor, unit = (1, "kWh") if size >= 1 else (1e3, "Wh") if size >= 1e-3 else (1e6, "mWh")
    return f"{figures(kwh * factor)} {unit}"
