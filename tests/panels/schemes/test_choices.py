"""What can be chosen, and links of it."""

from __future__ import annotations

import pytest

from kdviz.panels.live.link import said
from kdviz.panels.schemes.choices import LINK, SchemeChoices, scheme


def test_a_link_says_what_is_not_as_usual_and_reads_back():
    chosen = SchemeChoices(scheme="BAN", options={"generations": "4"}, seed=3)
    query = LINK.written(said(chosen, SchemeChoices(), ["curves"]))
    assert query == "?scheme=born_again&set=generations:4&seed=3&hide=curves"
    found = LINK.follow(query.replace(":", "%3A"))
    assert found.left_out == {} and found.state == {**chosen.to_dict(), "hidden": ["curves"]}
    assert said(SchemeChoices(options={"peers": "3"}), SchemeChoices(), []) == {}, "the usual value is not said"


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("?scheme=nothing", "scheme must be one of 25, such as "),
        ("?set=peers", "set must be as peers:4, got 'peers'"),
        ("?set=peers:9", "peers of mutual_learning must be one of 2, 3, 4, got '9'"),
        ("?set=os.system:1", "set must be as peers:4"),
        ("?epochs=0", "epochs must be a whole number from 1 to 1000, got 0"),
    ],
)
def test_what_of_a_link_cannot_be_is_said_and_the_rest_followed(query, why):
    found = LINK.follow(f"{query}&seed=2")
    assert why in found.note and "the rest was followed" in found.note and found.state["seed"] == 2


def test_options_of_another_scheme_do_not_fit():
    found = LINK.follow("?scheme=quantized&set=peers:2")
    assert found.state["scheme"] == "quantized" and found.state["options"] == {}
    assert "the scheme quantized has the options bits, got 'peers'" in found.note


@pytest.mark.parametrize(
    "given", [{"epochs": 0}, {"epochs": 10**6}, {"seed": -1}, {"options": "peers"}, {"scheme": "x"}]
)
def test_choices_that_cannot_be_are_refused(given):
    with pytest.raises(ValueError, match="must"):
        SchemeChoices(**given)


def test_a_scheme_is_found_by_name_and_acronym_in_any_case():
    assert scheme("takd").name == scheme("assistant_chain").name == "assistant_chain"
    assert scheme("on-policy").name == scheme("gkd").name == "on_policy" and scheme("MiniPLM").name == "miniplm"
    assert scheme("DER++").name == "continual" and scheme("zskd").name == "data_free"
