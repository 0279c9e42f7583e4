"""How a page opens: checked as it is made."""

from __future__ import annotations

import json

import pytest

from kdviz.panels.lab.options import PageOptions


def test_it_can_be_written_down_and_made_again():
    opening = PageOptions(
        view="many", hidden=["runs"], locked=["temperature"], temperature_range=[1, 20], edits=[[480, "temperature", 8]]
    )
    saved = json.loads(json.dumps(opening.to_dict()))
    assert PageOptions(**saved) == opening and saved["edits"] == [[480, "temperature", 8.0]]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"view": "all"}, "view must be one of one, many, draw, wall, fidelity, .*, bias, .*, got 'all'"),
        ({"hidden": ["everything"]}, "hidden must be one of .*, got 'everything'"),
        ({"locked": ["T"]}, "locked must be one of .*, got 'T'"),
        ({"temperature_range": (4, 4)}, "temperature_range must be two numbers, the smaller first"),
        ({"edits": [(1, "epochs", 2)]}, "an edit's name must be one of temperature, alpha, fairness, learning_rate"),
        ({"edits": [(-1, "alpha", 0.5)]}, "an edit's step must be >= 0"),
        ({"edits": [(1, "alpha")]}, "an edit must be"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(given, said):
    with pytest.raises(ValueError, match=said):
        PageOptions(**given)


def test_edits_wait_in_the_order_of_their_steps():
    waiting = PageOptions(edits=[(9, "alpha", 0.5), (2, "temperature", 8.0)]).waiting()
    assert [(e.step, e.name, e.value) for e in waiting] == [(2, "temperature", 8.0), (9, "alpha", 0.5)]
