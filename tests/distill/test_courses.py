"""Courses of T and of the learning rate."""

from __future__ import annotations

import math

import pytest

from kdviz.distill.courses import CONSTANT, RATE_COURSES, TEMPERATURE_COURSES, course_of
from kdviz.distill.schedules import Complement, Cosine, Linear, value_at

ALL = [(among, name) for among in (TEMPERATURE_COURSES, RATE_COURSES) for name in among]


@pytest.mark.parametrize(("among", "name"), ALL)
def test_a_course_is_known_by_what_it_makes(among, name):
    assert course_of(among[name].made(0.5, 30), among, 30) == (0.5, name)


ENDS = {CONSTANT: 8.0, "falling": 1.0, "inverse_root": 8 / math.sqrt(1 + 299 / 30)}


@pytest.mark.parametrize(("name", "at_end"), ENDS.items())
def test_t_begins_where_it_was_chosen(name, at_end):
    made = TEMPERATURE_COURSES[name].made(8.0, 30)
    assert value_at(made, 0, 300) == 8.0 and value_at(made, 299, 300) == pytest.approx(at_end)


def test_t_divided_by_the_root_of_the_epoch():
    made = TEMPERATURE_COURSES["inverse_root"].made(6.0, 30)
    assert value_at(made, 3 * 30, 300) == pytest.approx(3.0)  # 6 / √4 after three epochs


def test_t_below_1_does_not_rise_to_it():
    assert TEMPERATURE_COURSES["falling"].made(0.5, 30) == Linear(0.5, 0.5)


def test_other_schedules_are_no_course():
    assert course_of(Linear(8.0, 2.0), TEMPERATURE_COURSES, 30) is None
    assert course_of(Complement(Cosine(1.0)), RATE_COURSES, 30) is None
