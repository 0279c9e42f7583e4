"""What can be chosen on the Words page, and what its links say."""

from __future__ import annotations

import pytest

from kdviz.panels.writing.choices import LINK, WordsChoices, fields
from kdviz.panels.writing.settings import OFFERS, OWN, usual_of

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
    shown = {field["name"]: field for field in fields(WordsChoices(data=OWN, student="gru-64", alpha=0.33), setting)}
    assert shown["alpha"]["value"] == "0.33" and shown["epochs"]["value"] == "7"
    for name in ("student", "method", "alpha", "epochs"):
        assert shown[name]["value"] in [option["value"] for option in shown[name]["options"]], name


def test_a_link_says_what_is_not_as_usual_and_is_followed():
    query = LINK.written({"method": "reverse", "temperature": 2.0, "alpha": 0.5, "hidden": ["humps"]})
    assert query == "?method=reverse&T=2&alpha=0.5&hide=humps"
    found = LINK.follow(query)
    assert found.state["method"] == "reverse" and found.state["temperature"] == 2.0 and found.left_out == {}
    assert LINK.follow("?T=0.1&student=gru-32").left_out.keys() == {"T"}


def test_other_data_and_another_method_bring_what_suits_them_along():
    for method in ("forward", "on_policy"):
        made = WordsChoices(data="spelling", method=method)
        usual = usual_of("spelling", method)
        assert (made.student, made.alpha, made.temperature) == (usual["student"], usual["alpha"], usual["temperature"])
    chosen = WordsChoices(data="additions", student="gru-32", alpha=0.3, temperature=7.0, epochs=3, seed=5)
    other = chosen.changed(method="reverse")
    assert (other.student, other.seed) == ("gru-32", 5)
    assert (other.alpha, other.temperature, other.epochs) == (*_of(OFFERS["additions"], "reverse"), 3)
    assert WordsChoices(data="additions").changed(method="reverse").epochs is None
    assert chosen.changed(data="spelling") == WordsChoices(data="spelling", seed=5)
    assert chosen.changed(method="reverse", alpha=0.4).alpha == 0.4 and chosen.changed(seed=1).alpha == 0.3
    assert WordsChoices(data="spelling", method="reverse", seed=4).usual() == WordsChoices(
        data="spelling", method="reverse"
    )


def _of(offer, method):
    own = offer.methods.get(method, {})
    return own.get("alpha", offer.alpha), own.get("temperature", offer.temperature)
