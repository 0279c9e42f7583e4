"""Links of the Study page: short, read back as they were, and followed as far as they can be."""

from __future__ import annotations

import pytest

from kdviz.panels.study.choices import StudyChoices
from kdviz.panels.study.link import LINK, said_in_link


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({}, ""),
        ({"temperature": [1, 2, 4], "seeds": 5}, "?T=1,2,4&seeds=5"),
        ({"units": [8, 32], "labels": [100, 300]}, "?units=8,32&labels=100,300"),
        ({"x": "alpha", "y": "temperature"}, "?x=alpha&y=temperature"),
        ({"data": "adult", "x": "fairness", "y": "alpha"}, "?data=adult&x=fairness&y=alpha"),
        ({"outcome": "gap:sex:accuracy_difference", "shown": "difference", "data": "adult"},
         "?data=adult&outcome=gap:sex:accuracy_difference&shown=difference"),
        ({"method": ["soft_targets", "decoupled"]}, "?method=soft_targets,decoupled"),
        ({"x": "units", "y": "teacher", "units": [16]}, "?x=units&y=teacher&units=16"),
    ],
)  # fmt: skip
def test_a_link_says_what_is_not_usual_and_is_read_back(given, query):
    chosen = StudyChoices.of(given)
    assert LINK.written(said_in_link(chosen)) == query
    found = LINK.follow(query)
    assert not found.left_out and StudyChoices(**{n: v for n, v in found.state.items() if n != "hidden"}) == chosen


def test_of_a_wrong_link_the_rest_is_followed():
    found = LINK.follow("?T=1,hot&alpha=0.5&seeds=99&hide=run,walls&outcome=beauty!")
    assert found.state["alpha"] == [0.5] and found.state["seeds"] == 3 and found.state["hidden"] == ["run"]
    assert set(found.left_out) == {"T", "seeds", "hide", "outcome"}
    assert "T must be a number above 0" in found.note
    assert LINK.follow("?labels=5").left_out == {"labels": "labels must be a whole number from 10 to 55,000, got 5"}
    assert "1 to 8 values" in LINK.follow("?T=" + ",".join(map(str, range(1, 12)))).note
