"""Schemes whose student writes: where it begins, and what is measured of both kinds of text."""

from __future__ import annotations

import pytest

from kdviz.measure import exposure
from kdviz.panels.schemes import on_own_text


def test_what_is_drawn_at_the_end_is_what_the_measure_says(course_of):
    course = course_of("on_policy")
    found, setting = course.once["exposed"]["student"], course.setting
    few = setting.data.test.take(slice(0, on_own_text.TESTED))
    model = course.own.answer
    measured = exposure(model, setting.teacher, few, prompt=setting.prompt, seed=setting.seed)
    assert found["own"] == pytest.approx(measured.own.tolist(), abs=1e-4) and found["excess"] == measured.excess
    way, over, bars = on_own_text.draw(course, "It")
    assert [line["name"] for line in way["lines"]] == ["after its own text", "after given text"]
    assert len(over["lines"]) == 4 and over["sentence"].startswith("On test text, the error of It is ")
    own = sum(n * c for n, c in zip(found["own"], found["own_counts"], strict=True)) / sum(found["own_counts"])
    assert f"{own:.2f} nats a token after its own text" in over["sentence"]
    assert [row["look"] for row in bars["rows"]] == ["student", "hinton", "branch-1"], "nobody's text is the teacher's"


def test_the_student_first_learns_given_text_and_goes_on_from_there(course_of):
    begun, run = course_of("on_policy").own.stages
    assert begun.teacher is None and begun.objective.names == ("hard",)
    assert run.teacher is not None and run.student is not begun.student
    assert begun.steps_done + run.steps_done == course_of("on_policy").own.total_steps
