"""Lesson 18: what training takes, against what a cheaper answer saves, and the case in which it never pays."""

from __future__ import annotations

import math

from ...measure.pays import Use, Work
from ...measure.pays import pays as sums
from ...panels.pays import TITLES, recorded, work_of
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Curve
from ..questions import Choice, Number, Several

CASE = "perceptron"
ANSWERS = 10_000  # a day
A_DAY = (100, 1_000, 10_000, 100_000, 1_000_000)
USE = Use(watts=65, answers=ANSWERS, days=365)


class Pays(Lesson):
    """Seconds of training against seconds saved; the day, the case that never pays, students that share a teacher."""

    name = "pays"

    @part
    def first(self) -> Number:
        row = row_of(CASE)
        work = work_of(CASE)
        times = row["weights"]["teacher"] / row["weights"]["student"]
        return Number(
            f"{TITLES[CASE]}: {times:.0f} times fewer weights. With one picture at a time, how many times faster did "
            "it answer when it was recorded?",
            work.teacher_answer / work.student_answer,
            tolerance=0.25 * work.teacher_answer / work.student_answer,
            low=1,
            high=100,
            said="Weights and time are two prices: a small model spends much of an answer on being called at all.",
        )

    @part
    def days(self) -> Curve:
        return Curve(
            "From which day on has it paid? Draw the day over the answers that are given each day.",
            list(A_DAY),
            Axis("answers a day", A_DAY[0], A_DAY[-1], log=True),
            Axis("day", 0.01, 100_000, log=True),
            close=3.0,
        )

    @part
    def never(self) -> Choice:
        rows = {name: row_of(name)["weights"] for name in TITLES}
        fewer = {name: each["teacher"] / each["student"] for name, each in rows.items()}
        return Choice(
            "One of three recorded pairs never pays, however often its student is asked, one picture at a time. Which?",
            {
                f"{TITLES[name]} ({fewer[name]:.0f} times fewer weights)": _why(name)
                for name in sorted(TITLES, key=lambda name: fewer[name])
            },
            right=f"{TITLES['fewer-weights']} ({fewer['fewer-weights']:.0f} times fewer weights)",
        )

    @part
    def day(self) -> Exercise:
        work = Work(teacher=1800, asking=60, student=240, teacher_answer=0.004, student_answer=0.001)
        right = sums(work, USE).day

        def hand(break_even: hold.Function) -> str:
            given = float(hold.tensor_of(break_even(1800, 60, 240, 0.004, 0.001, ANSWERS), ()))
            if math.isclose(given, right, rel_tol=1e-6):
                return ""
            if math.isclose(given, (1800 + 240) / (ANSWERS * 0.003), rel_tol=1e-6):
                return "Asking the teacher is missing: it answers about every example that the student learns from."
            if math.isclose(given, 2100 / (ANSWERS * 0.004), rel_tol=1e-6):
                return "An answer of the student takes time too: what is saved is the difference."
            if math.isclose(given, 1 / right, rel_tol=1e-6):
                return "Upside down: what is spent, divided by what is saved each day."
            return f"2,100 s are spent and {ANSWERS * 0.003:g} s saved each day: that is day {right:g}, not {given:g}."

        def slower(break_even: hold.Function) -> str:
            given = float(hold.tensor_of(break_even(1800, 60, 240, 0.001, 0.004, ANSWERS), ()))
            if given == math.inf:
                return ""
            if given < 0:
                return "A day below 0 is no day: a student that answers slower never pays. Return math.inf."
            return "This student answers slower than its teacher: it never pays. Return math.inf."

        text = (
            "Write break_even(teacher, asking, student, teacher_answer, student_answer, answers): the day from which "
            "on it has paid, math.inf where it never does. All but the answers a day are seconds."
        )
        return Exercise(text, (hand, slower))

    @part
    def shared(self) -> Exercise:
        work = Work(teacher=1800, asking=60, student=240, teacher_answer=0.004, student_answer=0.001)

        def many(spent: hold.Function) -> str:
            given = float(hold.tensor_of(spent(5, 1800, 60, 240), ()))
            right = work.teacher + work.asking + 5 * work.student
            if given == right:
                return ""
            if given == 5 * (work.teacher + work.asking + work.student):
                return "The teacher is trained once and asked once; its answers are kept for all students."
            if given == work.teacher + 5 * (work.asking + work.student):
                return "Its answers are kept: it is asked once, not by each student."
            return f"1,800 s once, 60 s once, 240 s five times: {right:,.0f} s, got {given:,.0f}."

        def one(spent: hold.Function) -> str:
            given = float(hold.tensor_of(spent(1, 1800, 60, 240), ()))
            return "" if given == 2100 else f"For a single student it is 2,100 s, got {given:,.0f}."

        return Exercise(
            "Write spent(students, teacher, asking, student): the seconds before the first answer, where all students "
            "share one teacher.",
            (many, one),
        )

    @part(quiz=True)
    def watts(self) -> Choice:
        return Choice(
            "The machine draws twice the watts that you assumed, training and answering. When does it pay?",
            {
                "On the same day": "Both sides double; what changes is how much is saved from then on.",
                "In half the time": "What is saved each day doubles, and so does what was spent before.",
                "In twice the time": "What was spent doubles, and so does what is saved each day.",
            },
            right="On the same day",
        )

    @part(quiz=True)
    def twin(self) -> Choice:
        return Choice(
            "Beside its twin, which learns from labels alone and answers as fast: when does distilling pay in energy?",
            {
                "Never": "The answers take the same; training and asking a teacher come on top. It buys accuracy.",
                "At once": "The twin needs no teacher at all.",
                "As soon as beside the teacher": "Nothing is saved by an answer here.",
            },
            right="Never",
        )

    @part(quiz=True)
    def moves(self) -> Several:
        return Several(
            "What brings the day nearer, other things equal?",
            {
                "More answers a day": "What is saved each day grows with them.",
                "More students that share the teacher": "It is trained and asked once; each student's share falls.",
                "A teacher that is there anyway": "Then its training is no price of the student's.",
                "A cheaper kWh": "Price moves what it is worth, not when it pays.",
            },
            ["More answers a day", "More students that share the teacher", "A teacher that is there anyway"],
        )


def row_of(name: str) -> dict:
    return next(row for row in recorded()["cases"] if row["name"] == name)


def _why(name: str) -> str:
    r = row_of(name)["answers"]["1"]
    ends = f"95 % CI {r['low']:.2g} to {r['high']:.2g}"
    return f"Its answers take {r['ratio']:.2g} times the teacher's time ({ends})."
