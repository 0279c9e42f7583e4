"""What can be chosen on the Words page, and what its links say."""

from __future__ import annotations

import pytest

from kdviz.panels.writing.choices import LINK, OWN, WordsChoices, fields

from .conftest import small_setting


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"student": "decoder-1"}, "student must be one of"),
        ({"method": "guess"}, "method must be one of"),
        ({"temperature": 0.1}, "temperature must be a number from 0.5 to 20, got 0.1"),
        ({"alpha": True}, "alpha must be a number from 0 to 1, got True"),
        ({"epochs": 201}, r"epochs must lie in \[1, 200\], got 201"),
        ({"seed": -1}, "seed must lie in"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(given, says):
    with pytest.raises(ValueError, match=says):
        WordsChoices(**{"data": OWN, **given})


def test_fields_hold_a_value_of_a_link_that_is_not_among_the_usual():
    setting = small_setting(epochs=7)
    shown = {field["name"]: field for field in fields(WordsChoices(data=OWN, alpha=0.33), setting)}
    assert shown["alpha"]["value"] == "0.33" and shown["epochs"]["value"] == "7"
    for name in ("student", "method", "alpha", "epochs"):
        assert shown[name]["value"] in [option["value"] for option in shown[name]["options"]], name


def test_a_link_says_what_is_not_as_usual_and_is_followed():
    query = LINK.written({"method": "reverse", "temperature": 2.0, "alpha": 0.5, "hidden": ["humps"]})
    assert query == "?method=reverse&T=2&alpha=0.5&hide=humps"
    found = LINK.follow(query)
    assert found.state["method"] == "reverse" and found.state["temperature"] == 2.0 and found.left_out == {}
    assert LINK.follow("?T=0.1&student=gru-32").left_out.keys() == {"T"}
