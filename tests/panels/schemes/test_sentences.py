"""What is said of a course: no more than it shows."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from kdviz.panels.schemes import sentences
from kdviz.panels.schemes.catalogue import schemes
from kdviz.panels.schemes.counts import Rows


def test_at_the_end_each_difference_has_its_interval(course_of):
    course = course_of("label_free")
    said = sentences.errors_sentence(course, schemes()["label_free"])
    errors = {role: course.lanes[role].evaluated("test")[-1].errors for role in ("student", "hinton", "twin")}
    start = (
        f"On 64 test examples Without labels makes {errors['student']} errors, offline distillation {errors['hinton']}"
    )
    assert said.startswith(start) and said.count("CI") == 2 and said.endswith("others would change these numbers.")


def test_a_difference_inside_the_noise_is_called_chance(course_of):
    course = course_of("label_free")
    found = sentences.differences(course)["twin"]
    own, twin = course.own.wrong_on_test, course.lanes["twin"].wrong_on_test
    assert (found.only_a, found.only_b) == (int((own & ~twin).sum()), int((twin & ~own).sum()))
    same = SimpleNamespace(on_test=Rows(np.array([1.0, 0.0, 1.0]), np.ones(3)))
    pair = SimpleNamespace(own=same, lanes={"hinton": same, "twin": same}, setting=course.setting)
    assert sentences.differences(pair)["twin"].verdict == "within the noise"


def test_along_the_way_no_verdict_is_given(course_of):
    course = course_of("label_free")
    under_way = replace(course, finished=False)
    said = sentences.errors_sentence(under_way, schemes()["label_free"])
    assert said.startswith("After step 72, on 64 validation examples") and "CI" not in said


def test_the_estimate_adds_up_lanes_and_what_comes_on_top(small, monkeypatch):
    scheme = schemes()["data_free"]
    course = scheme.begin(small, scheme.chosen({}))
    monkeypatch.setattr(type(small), "seconds_a_step", lambda self: 0.01)
    steps = course.own.total_steps
    step = sentences.WATCHED * 0.01
    whole = steps * step * (1.2 + 1.3 + 1.0 + 1.2) + course.own.fixed_s(step)
    assert abs(sentences.estimated(course) - whole) < 1e-9
    assert [sentences.ready(s) for s in (0.2, 7.4, 23.0)] == [
        f"Ready to train: about {n} s on this computer." for n in (1, 7, 25)
    ]
