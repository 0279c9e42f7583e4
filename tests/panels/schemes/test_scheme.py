"""What holds for a scheme and its course."""

from __future__ import annotations

import pytest

from kdviz.panels.schemes.catalogue import schemes
from kdviz.panels.schemes.scheme import budget


def test_what_was_seen_later_stands_in_place_of_what_was_seen_at_the_same_step(small):
    scheme = schemes()["label_free"]
    course = scheme.begin(small, scheme.chosen({}))
    course.look({"a": 1})
    course.look({"a": 2})
    course.own.step()
    course.look({"a": 3})
    assert course.seen == [(0, {"a": 2}), (1, {"a": 3})]
    assert course.examples is small.data.validation
    course.finished = True
    assert course.examples is small.data.test


def test_phases_stay_within_the_diagram():
    scheme = schemes()["born_again"]
    assert [scheme.phase_at(stage) for stage in (-1, 0, 2, 9)] == [0, 0, 2, 2]


def test_options_that_cannot_be_are_named():
    scheme = schemes()["born_again"]
    assert scheme.chosen({"generations": "4"}) == {"generations": "4"} and scheme.chosen({}) == {"generations": "3"}
    with pytest.raises(ValueError, match="the scheme born_again has the options generations, got 'peers'"):
        scheme.chosen({"peers": "2"})
    with pytest.raises(ValueError, match="generations of born_again must be one of 2, 3, 4, got '9'"):
        scheme.chosen({"generations": "9"})


def test_the_budget_is_said_for_one_network_and_for_several():
    assert "take 1,536 steps each" in budget(1536) and "shares them out to 3 networks" in budget(1536, 3)
