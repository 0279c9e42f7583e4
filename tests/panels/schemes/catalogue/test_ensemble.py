"""An ensemble into one: the teacher is the mean of the members, and what is kept of its gain is said."""

from __future__ import annotations

from kdviz.models import inference
from kdviz.panels.schemes.catalogue.ensemble import SCHEME


def test_members_their_mean_and_the_student(course_of):
    course = course_of("ensemble")
    *members, student = course.own.stages
    test = course.setting.data.test
    mean = sum(inference.logits(run.student, test).softmax(1) for run in members)
    (drawn,) = SCHEME.draw(course)
    wrong = [course.wrong(run.student) for run in members]
    expected = [*wrong, int((mean.argmax(1) != test.y).sum()), course.wrong(student.student)]
    assert [row["text"] for row in drawn["rows"]] == [str(count) for count in expected]
    assert "A member makes" in drawn["sentence"]


def test_a_gain_that_is_lost_is_not_called_kept(course_of):
    course = course_of("ensemble")
    step, found = course.seen[-1]
    worse = {**found, "wrong": [10, 12], "together": 8, "student": 13}
    half = {**worse, "student": 9.5}
    for told, expected in ((worse, "keeps nothing in this run"), (half, "That is 50")):
        course.seen[-1] = (step, told)
        assert expected in SCHEME.draw(course)[0]["sentence"]
    course.seen[-1] = (step, found)
