"""DistilBERT: inherited blocks beside fresh ones."""

from __future__ import annotations

import torch

from kdviz.panels.schemes.catalogue.distilbert import NAMES, SCHEME


def test_one_student_begins_as_its_teacher_and_the_others_do_not(course_of):
    course = course_of("distilbert")
    theirs = course.setting.teacher.module.block3.expand.weight
    begun = {role: course.lanes[role].stages[0].at(0).block2.expand.weight for role in ("student", "fresh", "hinton")}
    assert [torch.equal(weight, theirs) for weight in begun.values()] == [True, False, False]
    assert torch.equal(begun["fresh"], begun["hinton"])
    assert course.own.stages[0].objective.names == ("soft", "hard", "cosine")
    curves, bars = SCHEME.draw(course)
    assert [line["name"] for line in curves["lines"]] == list(NAMES.values())
    last = course.own.evaluated("test")[-1]
    assert bars["rows"][0]["text"] == str(last.examples - last.errors)
    first = course.own.evaluated("validation")[0]
    assert (
        f"the inherited blocks find {first.examples - first.errors} of {first.examples} hidden words"
        in bars["sentence"]
    )


def test_a_part_can_be_left_out(setting_of):
    course = SCHEME.begin(setting_of("distilbert"), {"without": "cosine"})
    course.own.prepare()
    assert course.own.stages[0].objective.names == ("soft", "hard")
