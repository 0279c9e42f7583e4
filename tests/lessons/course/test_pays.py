"""Lesson 18: its exercises tell right from wrong, and its truths are those that were recorded."""

from __future__ import annotations

import math

import pytest

from kdviz.lessons.course.pays import Pays
from kdviz.panels.pays import TITLES, work_of


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return Pays(folder=tmp_path_factory.mktemp("answers"))


def test_truths_are_those_recorded(lesson):
    work = work_of("perceptron")
    assert lesson.part("first").right == pytest.approx(work.teacher_answer / work.student_answer)
    never = lesson.part("never")
    assert [title for title in TITLES.values() if title in never.right] == [TITLES["fewer-weights"]]
    assert work_of("fewer-weights").student_answer > work_of("fewer-weights").teacher_answer


def break_even(teacher, asking, student, teacher_answer, student_answer, answers, *, wrong=""):
    spent = teacher + student + (0 if wrong == "asking" else asking)
    saved = answers * (teacher_answer - (0 if wrong == "answer" else student_answer))
    if wrong == "upside":
        return saved / spent
    return spent / saved if saved > 0 or wrong == "sign" else 0.0 if wrong == "zero" else math.inf


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("", ""),
        ("asking", "Asking the teacher is missing"),
        ("answer", "takes time too"),
        ("upside", "Upside down"),
        ("sign", "below 0 is no day"),
        ("zero", "it never pays. Return math.inf"),
    ],
)
def test_the_day(lesson, wrong, named):
    found = lesson.check("day", lambda *given: break_even(*given, wrong=wrong))
    assert bool(found) == (not named) and named in " ".join(found.sentences)


@pytest.mark.parametrize(
    ("spent", "named"),
    [
        (lambda k, t, a, s: t + a + k * s, ""),
        (lambda k, t, a, s: k * (t + a + s), "kept for all students"),
        (lambda k, t, a, s: t + k * (a + s), "asked once, not by each"),
        (lambda k, t, a, s: k * s, "1,800 s once"),
        (lambda k, t, a, s: t + a + 5 * s, "single student"),
    ],
)
def test_students_that_share_a_teacher(lesson, spent, named):
    found = lesson.check("shared", spent)
    assert bool(found) == (not named) and named in " ".join(found.sentences)
