"""A chain: each link is taught by the one before, and what it keeps is counted."""

from __future__ import annotations

from itertools import pairwise

from kdviz.models import inference
from kdviz.panels.schemes.catalogue.assistant_chain import SCHEME


def test_each_link_learns_from_the_one_before_and_its_errors_are_drawn(course_of):
    course = course_of("assistant_chain")
    runs, test = course.own.stages, course.setting.data.test
    for before, after in pairwise(runs):
        theirs = inference.logits(before.student, test)
        assert bool((inference.logits(after.teacher.module, test) == theirs).all())
    assert [run.student.architecture["hidden"][0] for run in runs] == [48, 16, 8]
    (drawn,) = SCHEME.draw(course)
    wrong = [int((inference.logits(run.student, test).argmax(1) != test.y).sum()) for run in runs]
    teacher = course.setting.teacher_errors("test")
    direct = course.wrong(course.lanes["hinton"].answer)
    assert [row["text"] for row in drawn["rows"]] == [str(count) for count in (teacher, *wrong, direct)]
    kept = (len(test) - wrong[-1]) / (len(test) - teacher)
    assert f"{kept:.1%}".replace("%", "\u202f%") in drawn["sentence"]
