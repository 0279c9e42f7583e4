"""A link says what is chosen, and is read again as the same."""

import pytest

from kdviz.panels.compress.choices import CompressChoices, four_ways
from kdviz.panels.compress.link import LINK, said_in_link


@pytest.mark.parametrize(
    "choices",
    [
        CompressChoices(),
        *four_ways("mnist-mlp-1200"),
        *four_ways("fashion-resnet"),
        CompressChoices(units=0.5, weights=0.8),
    ],
)
def test_a_link_opens_what_it_was_written_for(choices):
    found = LINK.follow(LINK.written(said_in_link(choices)))
    assert found.left_out == {} and {**found.state, "hidden": None} == {**choices.to_dict(), "hidden": None}


def test_what_is_wrong_in_a_link_is_left_out_and_named():
    found = LINK.follow("?units=2&rank=16&bits=12")
    assert set(found.left_out) == {"units", "bits"} and found.state["rank"] == 16
